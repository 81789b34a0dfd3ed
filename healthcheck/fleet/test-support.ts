// For the tests of this folder: a fleet of three and a spare, and a zone that is just as that file says.

import { desiredChecks, desiredRecords, checkTags, referenceOf } from './desired.ts';
import { type Fleet, type Slot, companionOf } from './fleet.ts';
import { loadFleet } from './load.ts';
import type { Observed, ObservedCheck, ObservedRecord, Verdict } from './observed.ts';
import { renderProblem } from '../../proxy/config/problem.ts';

export const FLEET_FILE = '/etc/pinhole/FLEET.yaml';

export const FLEET_TEXT = `name: proxy.example.com
zone: example.com
owner: pinhole-eu
slots:
  - { id: a, address: 203.0.113.1 }
  - { id: b, address: 203.0.113.2 }
  - { id: c, address: 203.0.113.3 }
  - { id: s, address: 203.0.113.4, role: spare }
`;

export function slot(id: string, last: number, more: Partial<Slot> = {}): Slot {
  return { id, address: `203.0.113.${last}`, weight: 100, role: 'active', admin: null, token: null, drainedSince: null, ...more };
}

export function fleet(more: Partial<Fleet> = {}): Fleet {
  const name = more.name ?? 'proxy.example.com';
  return {
    name,
    companion: companionOf(name),
    zone: 'example.com',
    ttlS: 60,
    owner: 'pinhole-eu',
    quota: { connectsPerSecond: 500, closeShare: 0.25 },
    guard: { minWeight: 100, withdrawnShare: 0.34 },
    check: { protocol: 'http', port: 443, path: '/ready', search: 'ready', intervalS: 10, threshold: 3 },
    slots: [slot('a', 1), slot('b', 2), slot('c', 3), slot('s', 4, { role: 'spare', weight: 0 })],
    ...more,
  };
}

const HEALTHY: Verdict = { healthyCheckers: 16, checkers: 16 };
const SICK: Verdict = { healthyCheckers: 2, checkers: 16 };

/** The zone after `fleet apply`, with these slots failing their checks. */
export function zoneOf(wanted: Fleet, sick: readonly string[] = []): Observed {
  const checks = desiredChecks(wanted).map((desired): ObservedCheck => {
    const { slot: id, config } = desired;
    const verdict = sick.includes(id) ? SICK : HEALTHY;
    return {
      id: `check-${id}`,
      version: 1,
      callerReference: `${referenceOf(wanted, desired)}1`,
      config,
      tags: checkTags(wanted, id),
      verdict,
    };
  });
  const records = desiredRecords(wanted).map(({ slot: id, kind, name, setIdentifier, weight, ttlS, address }) =>
    record({ name, setIdentifier, weight, isMultivalue: kind === 'multivalue', ttlS, values: [address], checkId: `check-${id}` }),
  );
  return { zone: { id: 'Z1', name: 'example.com' }, records, checks };
}

export function record(more: Partial<ObservedRecord> & { readonly name: string }): ObservedRecord {
  const { name } = more;
  const common = { type: 'A', setIdentifier: null, weight: null, isMultivalue: false, ttlS: 60, values: [], checkId: null };
  return { ...common, original: { Name: name, Type: 'A' }, ...more };
}

export interface FileWorld {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

export function load(text: string, { env = {}, files = {} }: FileWorld = {}) {
  return loadFleet(text, FLEET_FILE, env, (path) => {
    const found = files[path];
    if (found === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return found;
  });
}

/** `LINE:COL: path: message`, in the file's order: what is wrong, or where nothing is, what is warned of. */
export function saidOf(text: string, world: FileWorld = {}): string[] {
  const loaded = load(text, world);
  return ('problems' in loaded ? loaded.problems : loaded.warnings).map((problem) => renderProblem('', problem).slice(1));
}
