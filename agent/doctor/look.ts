// How a probe's outcome becomes a sight. Text from the wire is cut short and made printable here.

import type { ProxyAddress } from '../addresses.ts';
import { type AgentFailure, asFailure, codeOf, type Leg, messageOf } from '../failure.ts';
import type { ShownCertificate } from '../tls.ts';
import type { Trouble } from './sight.ts';

const TEXT_MAX = 160;

export function clean(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > TEXT_MAX ? `${printable.slice(0, TEXT_MAX - 3)}...` : printable;
}

export function troubleOf(error: unknown, leg: Leg): Trouble {
  const failure: AgentFailure = asFailure(error, { leg, code: codeOf(error), fixer: 'site', detail: messageOf(error) });
  const { leg: failedLeg, code, detail, request, retryAfterMs } = failure.facts;
  return { leg: failedLeg, code: clean(code), detail: clean(detail), request: request && clean(request), retryAfterMs };
}

export function wordsOf({ code, detail, retryAfterMs }: Trouble): string {
  const later = retryAfterMs === undefined ? '' : `, to come back in ${Math.round(retryAfterMs / 1_000)} s`;
  return detail.includes(code) ? `${detail}${later}` : `${code}: ${detail}${later}`;
}

export function showCertificate({ issuers, validToMs }: ShownCertificate): string {
  return clean(`signed by ${issuers[0] ?? 'nobody'}; until ${new Date(validToMs).toISOString().slice(0, 10)}`);
}

/** Names of one certificate that are shown and judged: those of a fleet's are a dozen. */
const NAMES_MAX = 100;

/** As it goes into a verdict: a stranger's certificate may hold anything, and as much of it as there is room for. */
export function cleanCertificate({ names, issuers, ...dates }: ShownCertificate): ShownCertificate {
  return { ...dates, names: names.slice(0, NAMES_MAX).map(clean), issuers: issuers.map(clean) };
}

export function showAddress({ address, port }: Pick<ProxyAddress, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
