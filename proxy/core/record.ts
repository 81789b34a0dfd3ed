// What one session did, as a flat object whose keys are the record's field names. Two lines come of it: `decision` and `close`.
// Nothing secret may enter: no field value of a head, no query string, no bytes of the tunnel.

import type { EndpointKind, Door } from './settings.ts';
import type { ReasonCode } from './fault.ts';

/** Every field of a record, in the order in which a line shows them; docs/records.md lists the same. */
export const RECORD_FIELDS = [
  'time',
  'event',
  'id',
  'node',
  'version',
  'generation',
  'carrier',
  'listener',
  'door',
  'client_ip',
  'client_port',
  'tenant',
  'target_host',
  'target_port',
  'endpoint',
  'kind',
  'sni',
  'alpn',
  'tls_version',
  'allow',
  'would_deny',
  'reason',
  'status',
  'policy_version',
  'resolve_ms',
  'dial_ms',
  'upstream_ip',
  'upstream_port',
  'local_ip',
  'local_port',
] as const;

/** The fields that only a `close` line has. */
export const CLOSE_FIELDS = ['bytes_up', 'bytes_down', 'duration_ms', 'idle_ms', 'ended_by', 'phase_at_end', 'upstream_status'] as const;

/** The field that only a summary line of suppressed refusals has. */
export const SUMMARY_FIELDS = ['count'] as const;

export const PHASES = [
  'sniffing',
  'handshaking',
  'reading-head',
  'deciding',
  'resolving',
  'dialing',
  'answering',
  'peeking',
  'relaying',
  'closed',
] as const;
export type Phase = (typeof PHASES)[number];

export const ENDINGS = ['client', 'upstream', 'idle', 'age', 'drain', 'operator', 'policy', 'fault'] as const;
/** Who or what ended an allowed session. */
export type EndedBy = (typeof ENDINGS)[number];

/** Filled in as the session walks its line; a field that is not known yet is null. */
export interface SessionRecord {
  readonly id: string;
  readonly listener: string;
  door: Door | null;
  client_ip: string;
  client_port: number;
  tenant: string | null;
  target_host: string | null;
  target_port: number | null;
  endpoint: string | null;
  kind: EndpointKind | null;
  sni: string | null;
  /** The offered protocols without GREASE, joined by commas. */
  alpn: string | null;
  tls_version: string | null;
  would_deny: ReasonCode[];
  reason: ReasonCode;
  status: number | null;
  resolve_ms: number | null;
  dial_ms: number | null;
  upstream_ip: string | null;
  upstream_port: number | null;
  local_ip: string | null;
  local_port: number | null;
}

/** Of a connection that has said nothing yet. */
export function emptyRecord(id: string, listener: string, client: { address: string; port: number }): SessionRecord {
  return {
    id,
    listener,
    door: null,
    client_ip: client.address,
    client_port: client.port,
    tenant: null,
    target_host: null,
    target_port: null,
    endpoint: null,
    kind: null,
    sni: null,
    alpn: null,
    tls_version: null,
    would_deny: [],
    reason: 'OK',
    status: null,
    resolve_ms: null,
    dial_ms: null,
    upstream_ip: null,
    upstream_port: null,
    local_ip: null,
    local_port: null,
  };
}

/** What is known only at the end of an allowed session. */
export interface SessionEnd {
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly durationMs: number;
  readonly idleMs: number;
  readonly endedBy: EndedBy;
  readonly phaseAtEnd: Phase;
  /** Status that AWS gave to a gateway upgrade. */
  readonly upstreamStatus: number | null;
  /** The policy under which another carrier allowed it; null where this one did. */
  readonly policyVersion: string | null;
}
