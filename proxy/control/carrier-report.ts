// What of a carrier moves without an event of its own: bytes, gauges, due summary lines, and the snapshot that outlives its process.

import type { Cancel } from '../core/clock.ts';
import type { RestingClock } from '../core/resting-clock.ts';
import type { CarrierMetrics } from './carrier-metrics.ts';
import type { Log } from './log.ts';
import type { LoopDelay } from './loop-delay.ts';

const PERIOD_MS = 1_000;
/** Bytes alone are written down so seldom, and no more seldom. */
const BYTES_MS = 5_000;
/** A turn may come a little early. */
const EARLY_MS = 100;

export interface CarrierReportDeps {
  readonly clock: Pick<RestingClock, 'nowMs' | 'every' | 'restMs'>;
  readonly loop: Pick<LoopDelay, 'worst'>;
  /** As it is now. */
  readonly plane: () => {
    readonly sessions: { pending(): number; tunnels(): number };
    readonly engine: { readonly totals: { readonly bytesUp: number; readonly bytesDown: number } };
    readonly resolver: { look(): void };
  };
  readonly metrics: CarrierMetrics;
  readonly log: Pick<Log, 'dropped' | 'warn'>;
  readonly ledger: { ioFaults(): number };
  readonly recorder: { summarize(all: boolean): void };
  readonly listeners: { look(): void; readonly held: number };
  readonly collector: { look(tunnels: number, heapBytes: number, seconds: number): void };
  readonly heapBytes: () => number;
  readonly carrier: { readonly runtime: string; readonly slot: number; readonly generation: number; readonly descriptors: number };
}

export class CarrierReport {
  readonly #deps: CarrierReportDeps;
  readonly #cancel: Cancel;
  #up = 0;
  #down = 0;
  #faults = 0;
  #lookedMs: number;
  #writtenMs: number;

  constructor(deps: CarrierReportDeps) {
    const { clock } = deps;
    this.#deps = deps;
    this.#lookedMs = this.#writtenMs = clock.nowMs();
    this.#cancel = clock.every(PERIOD_MS, () => this.#turn());
  }

  /** As of now: for somebody who asks. */
  count(): void {
    const { plane, metrics, listeners, carrier, log, loop } = this.#deps;
    const { sessions, engine } = plane();
    const { bytesUp, bytesDown } = engine.totals;
    metrics.bytes(bytesUp - this.#up, bytesDown - this.#down);
    this.#up = bytesUp;
    this.#down = bytesDown;
    metrics.gauges({
      pending: sessions.pending(),
      tunnels: sessions.tunnels(),
      descriptorsUsed: listeners.held,
      descriptors: carrier.descriptors,
      logDropped: log.dropped(),
      loopDelayS: loop.worst(),
    });
  }

  /** For the last time. */
  stop(): void {
    this.#cancel();
    this.count();
    this.#lookAtLedger();
  }

  #turn(): void {
    const { clock, plane, listeners, recorder, collector, heapBytes } = this.#deps;
    const { sessions, resolver } = plane();
    const nowMs = clock.nowMs();
    const seconds = (nowMs - this.#lookedMs) / 1_000;
    this.#lookedMs = nowMs;
    listeners.look();
    resolver.look();
    collector.look(sessions.tunnels(), heapBytes(), seconds);
    this.count();
    this.#lookAtLedger();
    recorder.summarize(false);
    this.#write(nowMs);
  }

  /** The carrier goes on with its own counts where the file fails, so the node's limits may be passed. */
  #lookAtLedger(): void {
    const { ledger, log } = this.#deps;
    const faults = ledger.ioFaults();
    if (faults > this.#faults) log.warn({ event: 'limits-not-shared', faults: faults - this.#faults });
    this.#faults = faults;
  }

  #write(nowMs: number): void {
    const { clock, metrics, carrier } = this.#deps;
    const nextMs = nowMs + (clock.restMs ?? PERIOD_MS);
    const isHasty = nextMs - this.#writtenMs < BYTES_MS + EARLY_MS;
    if (!isHasty) this.#writtenMs = nowMs;
    void metrics.persist(carrier.runtime, carrier, isHasty);
  }
}
