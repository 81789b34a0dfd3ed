// Entries under `listen`, and the addresses of health and admin beside them.

import { DOORS, type Door, type ListenerSettings } from '../core/settings.ts';
import { classifyAddress } from '../policy/address-class.ts';
import type { Draft } from './draft.ts';
import type { ConfigPath, Report } from './problem.ts';

export function readListeners(draft: Draft, report: Report): ListenerSettings[] {
  const listeners = draft.listen.flatMap(({ entry: { address, doors, backlog, proxyProtocol } }, index) => {
    for (const [place, door] of (doors ?? []).entries()) {
      const missing = whatIsMissing(door, draft);
      if (missing !== null) report.problem(['listen', index, 'doors', place], `${door} needs ${missing}`);
    }
    if (address === undefined || backlog === undefined) return [];
    const settings: ListenerSettings = {
      name: address.text,
      host: address.host,
      port: address.port,
      doors: doors ?? DOORS.filter((door) => isPossible(door, draft)),
      backlog,
      proxyProtocolTrust: proxyProtocol?.trust ?? null,
    };
    return [settings];
  });
  refuseSameAddress(draft, report);
  return listeners;
}

function whatIsMissing(door: Door, draft: Draft): string | null {
  if ((door === 'connect-tls' || door === 'gateway') && draft.tls === null) return 'tls';
  return door === 'gateway' && draft.gateway.length === 0 ? 'an entry under gateway' : null;
}

function isPossible(door: Door, draft: Draft): boolean {
  return door === 'sni' ? draft.endpoints.length > 0 : whatIsMissing(door, draft) === null;
}

interface Bound {
  readonly host: string;
  readonly port: number;
  readonly what: 'a listener' | 'health' | 'admin';
  readonly at: ConfigPath;
}

function refuseSameAddress(draft: Draft, report: Report): void {
  const { health, admin } = draft;
  const all: Bound[] = [
    ...draft.listen.flatMap(({ entry }, index) => boundTo(entry.address, 'a listener', ['listen', index, 'address'])),
    ...boundTo(health.entry.address, 'health', ['health', 'address']),
    ...boundTo(admin.entry.address, 'admin', ['admin', 'address']),
  ];
  // What is written is to be mended, not a default that it meets.
  const defaultsFirst = all.toSorted((a, b) => Number(report.isWritten(a.at)) - Number(report.isWritten(b.at)));
  for (const [index, bound] of defaultsFirst.entries()) {
    const other = defaultsFirst.slice(0, index).find((candidate) => clash(candidate, bound));
    if (other !== undefined) report.problem(bound.at, `the address of ${other.what} already`);
  }
}

function boundTo(address: { readonly host: string; readonly port: number } | undefined, what: Bound['what'], at: ConfigPath): Bound[] {
  return address === undefined ? [] : [{ ...address, what, at }];
}

/** Two listeners may share a port, one on every address and one on a single one; health and admin share with nobody. */
function clash(a: Bound, b: Bound): boolean {
  // Port 0 is another port each time.
  if (a.port !== b.port || a.port === 0) return false;
  const areListeners = a.what === 'a listener' && b.what === 'a listener';
  return a.host === b.host || (!areListeners && [a, b].some(({ host }) => classifyAddress(host) === 'unspecified'));
}

/** Off loopback every request needs the token, so there has to be one. */
export function refuseOpenAdmin(draft: Draft, report: Report): void {
  const { entry, isWhole } = draft.admin;
  if (!isWhole || entry.address === undefined || entry.token !== undefined) return;
  if (classifyAddress(entry.address.host) !== 'loopback') report.problem(['admin', 'address'], 'off loopback: give admin.token');
}
