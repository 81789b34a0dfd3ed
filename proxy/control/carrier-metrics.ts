// One carrier's counters and gauges, under the names of core/metrics.ts. The values live in the Prometheus client's registry; control merges
// those of all carriers.

import { Counter, Gauge, Registry } from '@prometheus-io/client';
import type { Aggregator } from '@prometheus-io/client';
import type { Clock } from '../core/clock.ts';
import type { MetricName, Stage } from '../core/metrics.ts';
import { METRICS, STAGES } from '../core/metrics.ts';
import type { Settings } from '../core/settings.ts';
import { VERSION } from '../core/version.ts';
import { freeDescriptors } from './carrier-load.ts';
import { toJson } from './metrics-json.ts';
import type { CarrierSnapshot } from './metrics-files.ts';
import { writeSnapshot } from './metrics-files.ts';
import { StageHistogram, Tally } from './tally.ts';

/** From a cached resolution to the deadline of an answer. */
const STAGE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a carrier knows about itself at the moment. */
export interface CarrierGauges {
  readonly pending: number;
  readonly tunnels: number;
  readonly descriptorsUsed: number;
  /** Descriptors this process may hold. */
  readonly descriptors: number;
  /** Lines lost since the start. */
  readonly logDropped: number;
  /** Seconds: the 99th percentile of the last seconds. */
  readonly loopDelayS: number;
}

export interface CarrierMetrics {
  decision(door: string, tenant: string, reason: string): void;
  close(door: string, endedBy: string): void;
  stage(stage: Stage, seconds: number): void;
  bytes(up: number, down: number): void;
  /** `upstream` is the address it goes to; where it is left out, all count as going to one. */
  tunnelOpened(door: string, tenant: string, kind: string, upstream?: string): void;
  tunnelClosed(door: string, tenant: string, kind: string, upstream?: string): void;
  gauges(now: CarrierGauges): void;
  /** Open upstream sockets by the address they go to. */
  upstreams(): Readonly<Record<string, number>>;
  snapshot(): Promise<CarrierSnapshot>;
  /**
   * Writes the snapshot into the runtime folder where something has changed; `isHasty`: only where a tunnel was decided on, opened or closed, since bytes
   * move all the time and 12 KB are a lot to write each second. Never rejects: a full disk must not stop a tunnel.
   */
  persist(runtime: string, carrier: { readonly generation: number; readonly slot: number }, isHasty?: boolean): Promise<void>;
}

export function createCarrierMetrics(deps: { settings: Pick<Settings, 'relay'>; clock: Clock }): CarrierMetrics {
  return new RegistryMetrics(deps.settings.relay, deps.clock);
}

class RegistryMetrics implements CarrierMetrics {
  readonly #registry = new Registry();
  readonly #startedMs: number;
  readonly #opens = this.#counter('pinhole_opens_total');
  readonly #closes = this.#counter('pinhole_closes_total');
  readonly #bytes = this.#counter('pinhole_bytes_total');
  readonly #logDropped = this.#counter('pinhole_log_dropped_total');
  readonly #stages = new StageHistogram({
    name: 'pinhole_open_seconds',
    help: METRICS.pinhole_open_seconds.help,
    label: METRICS.pinhole_open_seconds.labels[0],
    values: STAGES,
    bounds: STAGE_BUCKETS,
  });
  readonly #openTally = new Tally();
  readonly #closeTally = new Tally();
  readonly #tunnelTally = new Tally();
  readonly #tunnels = this.#gauge('pinhole_tunnels', 'sum');
  readonly #pending = this.#gauge('pinhole_pending_connections', 'sum');
  readonly #ports = this.#gauge('pinhole_ports_in_use', 'sum');
  readonly #headroom = this.#gauge('pinhole_headroom_ratio', 'min');
  readonly #loopDelay = this.#gauge('pinhole_event_loop_delay_seconds', 'max');
  readonly #upstreams = new Map<string, number>();
  #linesDropped = 0;
  /** Since it was written: a count that a decision changed, and anything at all. */
  #hasCounted = true;
  #hasChanged = true;

  constructor(relay: string, clock: Clock) {
    this.#startedMs = Math.floor(clock.wallMs());
    this.#gauge('pinhole_build_info', 'max').labels(VERSION, process.version, relay).set(1);
    this.#bytes.labels('up').inc(0);
    this.#bytes.labels('down').inc(0);
  }

  decision(door: string, tenant: string, reason: string): void {
    this.#openTally.add(1, door, tenant, reason);
    this.#hasCounted = true;
  }

  close(door: string, endedBy: string): void {
    this.#closeTally.add(1, door, endedBy, '');
    this.#hasCounted = true;
  }

  stage(stage: Stage, seconds: number): void {
    this.#stages.observe(stage, seconds);
    this.#hasChanged = true;
  }

  bytes(up: number, down: number): void {
    if (up <= 0 && down <= 0) return;
    this.#bytes.labels('up').inc(Math.max(0, up));
    this.#bytes.labels('down').inc(Math.max(0, down));
    this.#hasChanged = true;
  }

  tunnelOpened(door: string, tenant: string, kind: string, upstream = ''): void {
    this.#tunnelTally.add(1, door, tenant, kind);
    this.#upstreams.set(upstream, (this.#upstreams.get(upstream) ?? 0) + 1);
    this.#hasCounted = true;
  }

  tunnelClosed(door: string, tenant: string, kind: string, upstream = ''): void {
    this.#tunnelTally.add(-1, door, tenant, kind);
    const left = (this.#upstreams.get(upstream) ?? 0) - 1;
    if (left > 0) this.#upstreams.set(upstream, left);
    else this.#upstreams.delete(upstream);
    this.#hasCounted = true;
  }

  gauges(now: CarrierGauges): void {
    this.#pending.set(now.pending);
    this.#headroom.labels('descriptors').set(freeDescriptors(now.descriptorsUsed, now.descriptors));
    this.#loopDelay.set(now.loopDelayS);
    if (now.logDropped > this.#linesDropped) {
      this.#logDropped.inc(now.logDropped - this.#linesDropped);
      this.#linesDropped = now.logDropped;
      this.#hasChanged = true;
    }
  }

  upstreams(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#upstreams);
  }

  async snapshot(): Promise<CarrierSnapshot> {
    this.#openTally.drain((labels, sum) => this.#opens.labels(...labels).inc(sum));
    this.#closeTally.drain(([door = '', endedBy = ''], sum) => this.#closes.labels(door, endedBy).inc(sum));
    this.#tunnelTally.drain((labels, sum) => this.#tunnels.labels(...labels).inc(sum));
    let ports = 0;
    for (const count of this.#upstreams.values()) ports += count;
    this.#ports.set(ports);
    const metrics = [...(await toJson(this.#registry)), this.#stages.toJson()];
    return { startedMs: this.#startedMs, metrics, upstreams: this.upstreams() };
  }

  async persist(
    runtime: string,
    { generation, slot }: { readonly generation: number; readonly slot: number },
    isHasty = false,
  ): Promise<void> {
    if (!this.#hasCounted && (isHasty || !this.#hasChanged)) return;
    this.#hasCounted = this.#hasChanged = false;
    try {
      writeSnapshot(runtime, { generation, slot, pid: process.pid }, await this.snapshot());
    } catch {
      this.#hasCounted = true;
    }
  }

  #counter(name: MetricName): Counter<string> {
    return new Counter(this.#config(name, 'sum'));
  }

  #gauge(name: MetricName, aggregator: Aggregator): Gauge<string> {
    return new Gauge(this.#config(name, aggregator));
  }

  #config(name: MetricName, aggregator: Aggregator) {
    const { help, labels } = METRICS[name];
    return { name, help, labelNames: [...labels], aggregator, registers: [this.#registry] };
  }
}
