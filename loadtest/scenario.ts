// What a scenario is, as data: scenarios.ts has them. Types only.

import type { Work } from './shared/agent-plan.ts';

export interface Scenario {
  readonly name: string;
  /** One line: what question it answers. */
  readonly summary: string;
  readonly through: 'pinhole' | 'direct' | 'squid' | 'haproxy';
  /** `sandbox`: the stand-in of AWS IoT, TLS inside the tunnels and every check on. `far-end`: our own small server, plain inside. */
  readonly to: 'far-end' | 'sandbox';
  readonly nodes: number;
  readonly tunnels: number;
  readonly opensPerSecond: number;
  /** How long the ramp rests with half of the tunnels up: what memory is by itself is read there, and again in the hold. */
  readonly restSeconds: number;
  /** How long after the ramp. */
  readonly holdSeconds: number;
  readonly work: Work;
  /** CONNECTs a second that the far end takes; null: any number. */
  readonly quota: number | null;
  /** `limits.idle` of the nodes, made short so that a run need not last for hours; null: what a node has by itself. */
  readonly idleSeconds: number | null;
  readonly events: readonly ScenarioEvent[];
  readonly thresholds: readonly Threshold[];
}

/** `after`: seconds since the end of the ramp. */
export type ScenarioEvent = { readonly after: number } & (
  | { readonly do: 'kill-node' | 'start-node' | 'drain-node' | 'undrain-node' | 'upgrade-node'; readonly node: number }
  /** The far end answers CONNECTs beyond this rate as AWS does; null: no more. */
  | { readonly do: 'throttle'; readonly connectsPerSecond: number | null }
  | { readonly do: 'far-end-dies' | 'far-end-returns' }
  /** Tunnels beside the agents' own, of a client that reads nothing, or a byte a second. */
  | { readonly do: 'slow-readers'; readonly count: number; readonly bytesPerSecond: number; readonly seconds: number }
  /** Connections a second that are refused, say nothing, or stall in the head. */
  | { readonly do: 'flood'; readonly kind: 'refused' | 'half-open' | 'stalled-head'; readonly perSecond: number; readonly seconds: number }
);

/** A figure of the report (report/figures.ts) and what it has to be. */
export interface Threshold {
  readonly figure: FigureName;
  readonly is: 'at most' | 'at least';
  readonly value: number;
  readonly why: string;
}

/** One meaning each; report/figures.ts says how it is got, and gives null where the run could not show it. */
export type FigureName =
  /** Share of the opens outside of faults, and of rates that the scenario expects to be beyond the knee, that succeeded. */
  | 'openSuccess'
  /** Sessions that ended unasked; `survivorsDropped` leaves out what a node held that was killed or drained by plan. An upgrade may drop none. */
  | 'unexpectedDrops'
  | 'survivorsDropped'
  /** Share of what a node held when its drain began that it had closed when it was taken back; of the one that gave up least. */
  | 'drainedShare'
  /** The most that it closed in ten seconds, by what `drain.rate` allows in eleven: a look at its count may come a second late. */
  | 'drainPace'
  /** Sessions that stood in the last second before the close, by those that should have. */
  | 'backAtEnd'
  /** Share of the messages that were answered. */
  | 'messagesAnswered'
  /** Achieved rate by asked rate, of the worst step that the scenario does not expect to be beyond the knee. */
  | 'achievedRate'
  /** p99 of a round trip through the proxy minus p99 past it, at the same moments, in microseconds. */
  | 'addedP99Us'
  /** p99 of the agents' round trips in the worst ten seconds beside slow readers or a flood, less that of the worst before them, in microseconds. */
  | 'besideP99Us'
  /** What the nodes' anonymous memory rose by beside slow readers, for each of them; of those that cost most. */
  | 'kibPerSlowReader'
  /** Fitted slope of the nodes' anonymous memory against tunnels. */
  | 'kibPerTunnel'
  /** From a node's death until 99 % of what it held is back, by lost / quota: 1 is the least that the quota allows. */
  | 'recoveryByQuota'
  | 'connectsOverQuota'
  /** Share of the refusals for rate that carried a Retry-After. */
  | 'refusalsWithRetryAfter'
  | 'descriptorsBackSeconds'
  /** CPU of the generators by what the machine has: beyond 0.8 the run says nothing of the proxy. */
  | 'generatorShare'
  /** Growth of the nodes' anonymous memory an hour over the hold, by what it was. */
  | 'memoryGrowthPerHour';
