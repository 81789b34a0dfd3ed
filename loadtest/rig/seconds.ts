// Everything that was seen in a second, from all sides, as one row. Ticks come late and in any order, so a second is closed some seconds after
// its end. Pure: times come in by argument.

import type { AgentsSeen, FarEndSeen, Second } from '../run-record.ts';
import { Histogram } from '../shared/histogram.ts';
import type { Tick } from '../shared/tick.ts';

/** What the collector has read in one second. */
export type Sample = Pick<Second, 'nodes' | 'roles' | 'carriersKib' | 'kernel'>;

/** A busy k6 is late by some seconds, a stuck one for longer: then its sessions are not counted as standing. */
const OPEN_FOR_S = 10;

const LATENCIES = ['openUs', 'dialUs', 'connackUs', 'roundTripUs'] as const;
const COUNTS = ['tried', 'opened', 'closed', 'sent', 'back', 'unanswered'] as const;
const BY_REASON = ['failed', 'dropped'] as const;

/** One second that is still open. */
class OpenSecond {
  readonly counts: Record<(typeof COUNTS)[number], number> = { tried: 0, opened: 0, closed: 0, sent: 0, back: 0, unanswered: 0 };
  readonly byReason: Record<(typeof BY_REASON)[number], Record<string, number>> = { failed: {}, dropped: {} };
  readonly latencies = { openUs: new Histogram(), dialUs: new Histogram(), connackUs: new Histogram(), roundTripUs: new Histogram() };
  readonly gauges = new Map<number, { readonly established: number; readonly wanted: number }>();
  sample: Sample | null = null;
  farEnd: FarEndSeen | null = null;

  add(tick: Tick): void {
    for (const name of COUNTS) this.counts[name] += tick[name] ?? 0;
    for (const name of BY_REASON)
      for (const [reason, count] of Object.entries(tick[name] ?? {}))
        this.byReason[name][reason] = (this.byReason[name][reason] ?? 0) + count;
    for (const name of LATENCIES) this.latencies[name].merge(tick[name] ?? []);
    this.gauges.set(tick.vu, { established: tick.established, wanted: tick.wanted });
  }
}

export class SecondsBook {
  readonly rows: Second[] = [];
  readonly #beganS: number;
  readonly #open = new Map<number, OpenSecond>();
  readonly #lastOf = new Map<number, { at: number; established: number; wanted: number }>();
  /** Of each VU, its newest second. */
  readonly #newestOf = new Map<number, number>();
  #next = 0;
  #lost = 0;

  /** `beganS`: Unix time of the run's second 0. */
  constructor(beganS: number) {
    this.#beganS = beganS;
  }

  /** Ticks that were torn, or came after their second was closed: what they counted is in no row. */
  get lost(): number {
    return this.#lost;
  }

  heard(tick: Tick): void {
    this.#newestOf.set(tick.vu, Math.max(tick.at, this.#newestOf.get(tick.vu) ?? -Infinity));
    const second = this.#at(tick.at);
    if (second === null) this.#lost += 1;
    else second.add(tick);
  }

  torn(): void {
    this.#lost += 1;
  }

  sampled(atS: number, sample: Sample): void {
    const second = this.#at(atS);
    if (second !== null) second.sample = sample;
  }

  farEnd(atS: number, seen: FarEndSeen): void {
    const second = this.#at(atS);
    if (second !== null) second.farEnd = seen;
  }

  /** Closes what is old enough; gives back the rows that this made. */
  closeUntil(nowS: number): readonly Second[] {
    return this.#close(nowS - this.#beganS - OPEN_FOR_S);
  }

  /** The run is over: everything up to this second is closed. */
  finish(nowS: number): readonly Second[] {
    return this.#close(nowS - this.#beganS);
  }

  /** By the newest tick of each VU: what is up at this moment. */
  now(nowS: number): Pick<AgentsSeen, 'established' | 'wanted'> {
    const at = nowS - this.#beganS;
    return sumOf([...this.#newest(at).values()]);
  }

  /** Unix time until which every VU that ever spoke has told how it is: a tick is of its second's end. 0 where none has spoken. */
  get knownUntilS(): number {
    const [first, ...others] = this.#newestOf.values();
    return first === undefined ? 0 : others.reduce((least, at) => Math.min(least, at), first) + 1;
  }

  /** Null where that second is closed already, or was before the run. */
  #at(atS: number): OpenSecond | null {
    const at = atS - this.#beganS;
    if (at < this.#next) return null;
    let second = this.#open.get(at);
    if (second === undefined) this.#open.set(at, (second = new OpenSecond()));
    return second;
  }

  #newest(until: number): Map<number, { at: number; established: number; wanted: number }> {
    const newest = new Map(this.#lastOf);
    for (const [at, { gauges }] of [...this.#open].sort(([one], [other]) => one - other))
      if (at <= until) for (const [vu, gauge] of gauges) newest.set(vu, { at, ...gauge });
    for (const [vu, { at }] of newest) if (until - at > OPEN_FOR_S) newest.delete(vu);
    return newest;
  }

  #close(until: number): readonly Second[] {
    const made: Second[] = [];
    for (; this.#next <= until; this.#next += 1) made.push(this.#row(this.#next));
    this.rows.push(...made);
    return made;
  }

  #row(at: number): Second {
    const { counts, byReason, latencies, gauges, sample, farEnd } = this.#open.get(at) ?? new OpenSecond();
    this.#open.delete(at);
    for (const [vu, gauge] of gauges) this.#lastOf.set(vu, { at, ...gauge });
    for (const [vu, last] of this.#lastOf) if (at - last.at > OPEN_FOR_S) this.#lastOf.delete(vu);
    const agents: AgentsSeen = {
      ...sumOf([...this.#lastOf.values()]),
      ...counts,
      ...byReason,
      openUs: latencies.openUs.sparse(),
      dialUs: latencies.dialUs.sparse(),
      connackUs: latencies.connackUs.sparse(),
      roundTripUs: latencies.roundTripUs.sparse(),
    };
    const { nodes = {}, roles = {}, carriersKib = [], kernel = null } = sample ?? {};
    return { at, agents, nodes, roles, carriersKib, kernel, farEnd };
  }
}

function sumOf(gauges: readonly { established: number; wanted: number }[]): Pick<AgentsSeen, 'established' | 'wanted'> {
  return gauges.reduce((sum, { established, wanted }) => ({ established: sum.established + established, wanted: sum.wanted + wanted }), {
    established: 0,
    wanted: 0,
  });
}
