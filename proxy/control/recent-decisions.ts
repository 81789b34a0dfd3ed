// The last decisions of one carrier, whether they have a line in the log or not: what an operator looks at while they happen. A ring of
// references, so that a flood costs what the records cost anyway.

import type { Clock } from '../core/clock.ts';
import { REASONS, type ReasonCode } from '../core/fault.ts';
import type { SessionRecord } from '../core/record.ts';
import type { Door, EndpointKind } from '../core/settings.ts';

/**
 * Some 0.2 MiB, and a millisecond of the carrier's event loop where all are asked for. Control asks twice a second while somebody looks; of more
 * decisions than that it tells how many it has missed.
 */
export const DECISIONS_KEPT = 256;

export interface DecisionRow {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly id: string;
  readonly listener: string;
  readonly door: Door | null;
  readonly client: string;
  readonly clientPort: number;
  readonly tenant: string | null;
  readonly target: string | null;
  readonly endpoint: string | null;
  readonly kind: EndpointKind | null;
  readonly sni: string | null;
  readonly alpn: string | null;
  readonly allow: boolean;
  readonly wouldDeny: readonly ReasonCode[];
  readonly reason: ReasonCode;
  readonly status: number | null;
  readonly policyVersion: string;
}

export interface DecisionPage {
  /** How many there have been; what to ask for next time. */
  readonly next: number;
  /** Decisions behind `after` that are no longer here. */
  readonly missed: number;
  /** In the order in which they were made. */
  readonly rows: readonly DecisionRow[];
}

interface Kept {
  readonly record: SessionRecord;
  readonly policyVersion: string;
  readonly atMs: number;
}

export class RecentDecisions {
  readonly #clock: Clock;
  readonly #ring: Kept[] = [];
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(record: SessionRecord, policyVersion: string): void {
    this.#ring[this.#count % DECISIONS_KEPT] = { record, policyVersion, atMs: this.#clock.wallMs() };
    this.#count += 1;
  }

  /** Those behind the first `after`. An `after` that this carrier has not reached is of a carrier before it. */
  since(after: number): DecisionPage {
    const asked = after > this.#count ? 0 : after;
    const from = Math.max(asked, this.#count - DECISIONS_KEPT, 0);
    const rows: DecisionRow[] = [];
    for (let place = from; place < this.#count; place += 1) {
      const kept = this.#ring[place % DECISIONS_KEPT];
      if (kept) rows.push(rowOf(kept));
    }
    return { next: this.#count, missed: from - asked, rows };
  }
}

function rowOf({ record, policyVersion, atMs }: Kept): DecisionRow {
  return {
    atMs,
    id: record.id,
    listener: record.listener,
    door: record.door,
    client: record.client_ip,
    clientPort: record.client_port,
    tenant: record.tenant,
    target: record.target_host === null ? null : `${record.target_host}:${record.target_port}`,
    endpoint: record.endpoint,
    kind: record.kind,
    sni: record.sni,
    alpn: record.alpn,
    allow: REASONS[record.reason].blame === 'none',
    wouldDeny: record.would_deny,
    reason: record.reason,
    status: record.status,
    policyVersion,
  };
}
