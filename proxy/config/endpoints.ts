// Entries under `endpoints` to the list of exact names.

import { ENDPOINT_KINDS, type EndpointKind, type ListedHost } from '../core/settings.ts';
import { classifyAddress } from '../policy/address-class.ts';
import { isSharedByAllAccounts, parseEndpointName } from '../policy/endpoint-name.ts';
import { parseRange } from '../policy/ranges.ts';
import { parseCertificates } from './pem.ts';
import type { Draft } from './draft.ts';
import type { Part } from './part.ts';
import type { Files } from './files.ts';
import type { ConfigPath, Report } from './problem.ts';
import type { EndpointEntry } from './schema.ts';

/** A listed name and where it stands in the file. */
export interface PlacedHost {
  readonly listed: ListedHost;
  readonly at: ConfigPath;
}

export interface Endpoints {
  readonly hosts: readonly PlacedHost[];
  /** Roots (PEM) by the name of the entry. */
  readonly roots: ReadonlyMap<string, string>;
  /** Names of entries, as far as they can be read. */
  readonly names: ReadonlySet<string>;
  /** False where some entry is not whole: what seems not to be listed may be. */
  readonly isWhole: boolean;
}

const KEY_OF: Readonly<Record<EndpointKind, 'data' | 'credentials' | 'jobs' | 'customDomain'>> = {
  data: 'data',
  credentials: 'credentials',
  jobs: 'jobs',
  custom: 'customDomain',
};
const ORDINARY_PORTS: ReadonlySet<number> = new Set([443, 8443, 8883]);

export function readEndpoints(draft: Draft, files: Files, report: Report): Endpoints {
  const hosts: PlacedHost[] = [];
  const roots = new Map<string, string>();
  const names = new Set<string>();
  for (const [index, { entry, isWhole }] of draft.endpoints.entries()) {
    const at: ConfigPath = ['endpoints', index];
    const { name = '' } = entry;
    if (names.has(name)) report.problem([...at, 'name'], `another entry is called ${name} already`);
    if (name !== '') names.add(name);

    const listed = hostsOf(entry, at);
    if (listed.length === 0 && isWhole) report.problem(at, 'no name at all: give data, credentials, jobs or customDomain');
    hosts.push(...listed);
    warnAbout(entry, at, report);
    const pem = entry.ca === undefined ? null : files.read(entry.ca, [...at, 'ca']);
    if (pem === null) continue;
    if (parseCertificates(pem) === null) report.problem([...at, 'ca'], 'not certificates in PEM');
    else roots.set(name, pem);
  }
  refuseDoubles(hosts, report);
  return { hosts, roots, names, isWhole: draft.endpoints.every(({ isWhole }) => isWhole) };
}

function hostsOf(entry: Part<EndpointEntry>['entry'], at: ConfigPath): PlacedHost[] {
  return ENDPOINT_KINDS.flatMap((kind) => {
    const host = entry[KEY_OF[kind]];
    if (host === undefined) return [];
    const hasOtherPorts = kind === 'data' || kind === 'custom';
    const listed: ListedHost = {
      host,
      kind,
      endpoint: entry.name ?? '',
      ports: hasOtherPorts ? (entry.ports ?? []) : [443],
      accept: entry.accept ?? [],
      anyAccount: entry.anyAccount === true && kind !== 'custom',
    };
    return [{ listed, at: [...at, KEY_OF[kind]] }];
  });
}

function refuseDoubles(hosts: readonly PlacedHost[], report: Report): void {
  const byHost = new Map<string, string>();
  const byForm = new Map<string, string>();
  for (const { listed, at } of hosts) {
    const other = byHost.get(listed.host);
    if (other !== undefined) report.problem(at, `${listed.host} is listed already, under ${other}`);
    byHost.set(listed.host, listed.endpoint);

    const parsed = listed.anyAccount ? parseEndpointName(listed.host) : null;
    if (!parsed?.ok) continue;
    const opener = byForm.get(parsed.value.form);
    if (opener !== undefined && other === undefined) report.problem(at, `${opener} opens the same form of names to any account already`);
    byForm.set(parsed.value.form, listed.endpoint);
  }
}

function warnAbout(entry: Part<EndpointEntry>['entry'], at: ConfigPath, report: Report): void {
  if (entry.anyAccount) {
    report.warning([...at, 'anyAccount'], 'agents may reach every AWS account’s endpoint of these forms, not only yours');
  }
  for (const key of ['data', 'credentials', 'jobs'] as const) {
    const parsed = entry[key] === undefined ? null : parseEndpointName(entry[key]);
    if (!parsed?.ok) continue;
    if (parsed.value.legacy) report.warning([...at, key], 'the old VeriSign endpoint, for old devices only; the name of today has -ats');
    if (isSharedByAllAccounts(parsed.value))
      report.warning([...at, key], 'every AWS account shares this name: agents are not held to yours');
  }
  for (const [index, port] of (entry.ports ?? []).entries()) {
    if (!ORDINARY_PORTS.has(port)) report.warning([...at, 'ports', index], `AWS IoT serves 443, 8443 and 8883, not ${port}`);
  }
  for (const [index, text] of (entry.accept ?? []).entries()) {
    const of = classifyAddress(parseRange(text)?.address ?? '');
    const isFloor = of === 'loopback' || of === 'link-local' || of === 'metadata' || of === 'multicast';
    if (isFloor) report.warning([...at, 'accept', index], `without effect: ${of} addresses are refused whatever is accepted`);
  }
}
