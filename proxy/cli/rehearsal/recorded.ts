// A line of a log as a decision that was recorded, as far as a rehearsal needs it. Lines of any version: what is missing is null.

import { type ReasonCode, REASONS } from '../../core/fault.ts';
import { type Door, DOORS } from '../../core/settings.ts';
import { canonicalAddress } from '../../policy/canonical-address.ts';

export interface Recorded {
  readonly reason: ReasonCode;
  readonly door: Door | null;
  readonly clientIp: string;
  readonly tenant: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly sni: string | null;
  readonly alpn: readonly string[] | null;
  readonly wouldDeny: readonly string[];
  readonly upstreamIp: string | null;
  /** Of a summary line: so many refusals that had no line of their own. Null of every other. */
  readonly count: number | null;
}

/** `other` is a line of something else: the end of a tunnel, an event of the node. */
export type ReadLine = Recorded | 'other' | 'unreadable';

const TEXTS = ['tenant', 'target_host', 'sni', 'alpn', 'upstream_ip'] as const;
/** A name has 253 octets, each escaped at most (core/wire-text.ts): a line with a longer text is no record, and its texts would be kept. */
const TEXT_MAX = 1_100;

/** Most lines of a busy node's log are ends of tunnels: to look for the word costs a tenth of reading the line. */
const MARK = '"event":"decision"';

export function readLine(line: string): ReadLine {
  if (line === '' || (line.startsWith('{"') && line.endsWith('}') && !line.includes(MARK))) return 'other';
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = Object(JSON.parse(line)) as Record<string, unknown>;
  } catch {
    return 'unreadable';
  }
  if (fields['event'] !== 'decision') return 'event' in fields ? 'other' : 'unreadable';
  const { reason, client_ip: clientIp, would_deny: wouldDeny, count } = fields;
  if (typeof reason !== 'string' || !Object.hasOwn(REASONS, reason)) return 'unreadable';
  if (typeof clientIp !== 'string' || canonicalAddress(clientIp) === null || !isCount(count)) return 'unreadable';
  if (TEXTS.some((name) => String(fields[name] ?? '').length > TEXT_MAX)) return 'unreadable';
  const alpn = text(fields['alpn']);
  return {
    reason: reason as ReasonCode,
    door: DOORS.find((door) => door === fields['door']) ?? null,
    clientIp,
    tenant: text(fields['tenant']),
    host: text(fields['target_host']),
    port: number(fields['target_port']),
    sni: text(fields['sni']),
    alpn: alpn === null ? null : alpn.split(','),
    wouldDeny: Array.isArray(wouldDeny) ? (wouldDeny as string[]) : [],
    upstreamIp: text(fields['upstream_ip']),
    count: number(count),
  };
}

/** What a summary line counts; a sum of what is no number of refusals would say nothing. */
function isCount(value: unknown): boolean {
  return value === undefined || value === null || (Number.isSafeInteger(value) && (value as number) > 0);
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
