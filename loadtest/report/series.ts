// A run as lines over time, thinned: what the charts draw and report.json keeps. Pure.

import type { RunRecord, Second } from '../run-record.ts';
import { Histogram, type SparseHistogram } from '../shared/histogram.ts';
import { askedHere } from './rates.ts';
import { kindAt, sumOf, tally, total } from './seen.ts';

/** Null: nothing was seen then. */
export type Line = readonly (number | null)[];
type Lines = Readonly<Record<string, Line>>;

export interface Series {
  /** Each point stands for so many seconds. */
  readonly stepSeconds: number;
  /** Seconds since the beginning. */
  readonly at: readonly number[];
  /** Sessions that stood and should have, at the end of each step. */
  readonly sessions: { readonly established: Line; readonly wanted: Line };
  /** A second, on average. `opensAsked` is what the schedule wants, whatever was tried. */
  readonly rates: {
    readonly opensAsked: Line;
    readonly opened: Line;
    readonly failed: Line;
    readonly messagesAsked: Line;
    readonly answered: Line;
    readonly dropped: Line;
  };
  /** Milliseconds. */
  readonly latencies: Readonly<
    Record<'open' | 'dial' | 'connack' | 'roundTrip', { readonly p50: Line; readonly p95: Line; readonly p99: Line }>
  >;
  /** By node. */
  readonly tunnels: Lines;
  readonly loopDelayMs: Lines;
  /** By reason, a second on average. */
  readonly failures: Lines;
  /** By role: cores in use, and MiB of anonymous memory. */
  readonly cores: Lines;
  readonly memoryMib: Lines;
  /** By role: open at once, at most. */
  readonly descriptors: Lines;
  readonly kernel: { readonly socketMemoryMib: Line; readonly timeWait: Line };
  readonly farEnd: { readonly connects: Line; readonly overQuota: Line };
}

export const POINTS_MOST = 300;
/** More lines than this in one chart cannot be told apart; what is beyond is summed up. */
const REASONS_MOST = 7;

type Bin = readonly Second[];

export function seriesOf(record: RunRecord): Series {
  const { seconds } = record;
  const end = (seconds.at(-1)?.at ?? -1) + 1;
  const stepSeconds = Math.max(1, Math.ceil(end / POINTS_MOST));
  const bins = binned(seconds, stepSeconds, Math.ceil(end / stepSeconds));
  const line = (value: (bin: Bin) => number | null, digits = 0): Line =>
    bins.map((bin) => {
      const got = bin.length === 0 ? null : value(bin);
      return got === null ? null : rounded(got, digits);
    });
  const last = (value: (second: Second) => number | null | undefined, digits = 0): Line =>
    line((bin) => bin.map(value).findLast((got) => got !== null && got !== undefined) ?? null, digits);
  const most = (value: (second: Second) => number | null | undefined, digits = 0): Line =>
    line((bin) => greatest(bin.flatMap((second) => value(second) ?? [])), digits);
  const perSecond = (value: (second: Second) => number | null | undefined, digits = 1): Line =>
    line((bin) => {
      const read = bin.flatMap((second) => value(second) ?? []);
      return read.length === 0 ? null : sumOf(read, (got) => got) / read.length;
    }, digits);
  const latency = (of: (second: Second) => SparseHistogram) => {
    const histograms = bins.map((bin) => Histogram.of(bin.map(of)));
    const at = (share: number): Line =>
      histograms.map((histogram) => {
        const us = histogram.quantile(share);
        return us === null ? null : rounded(us / 1_000, 3);
      });
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  };
  const byName = (names: readonly string[], one: (name: string) => Line): Lines =>
    Object.fromEntries(names.map((name) => [name, one(name)]));

  const nodes = namesOf(seconds.map((second) => second.nodes));
  const roles = namesOf(seconds.map((second) => second.roles));
  const asked = askedOf(record);
  return {
    stepSeconds,
    at: bins.map((_, index) => index * stepSeconds),
    sessions: { established: last(({ agents }) => agents.established), wanted: last(({ agents }) => agents.wanted) },
    rates: {
      opensAsked: perSecond(({ at }) => asked.opens(at)),
      opened: perSecond(({ agents }) => agents.opened),
      failed: perSecond(({ agents }) => total(agents.failed)),
      messagesAsked: perSecond(({ at }) => asked.messages(at)),
      answered: perSecond(({ agents }) => agents.back),
      dropped: perSecond(({ agents }) => total(agents.dropped)),
    },
    latencies: {
      open: latency(({ agents }) => agents.openUs),
      dial: latency(({ agents }) => agents.dialUs),
      connack: latency(({ agents }) => agents.connackUs),
      roundTrip: latency(({ agents }) => agents.roundTripUs),
    },
    tunnels: byName(nodes, (node) => last(({ nodes }) => nodes[node]?.tunnels)),
    loopDelayMs: byName(nodes, (node) => most(({ nodes }) => nodes[node]?.eventLoopDelayMs, 2)),
    failures: failureLines(seconds, perSecond),
    cores: byName(roles, (role) => perSecond(({ roles }) => roles[role]?.cpuSeconds, 3)),
    memoryMib: byName(roles, (role) => last(({ roles }) => inMib(roles[role]?.userKib), 1)),
    descriptors: byName(roles, (role) => most(({ roles }) => roles[role]?.descriptors)),
    kernel: { socketMemoryMib: last(({ kernel }) => inMib(kernel?.socketMemoryKib), 2), timeWait: most(({ kernel }) => kernel?.timeWait) },
    farEnd: { connects: most(({ farEnd }) => farEnd?.connects), overQuota: most(({ farEnd }) => farEnd?.overQuota) },
  };
}

/** A bin without a second stays, so that a hole in the record is a hole in the line. */
function binned(seconds: readonly Second[], step: number, count: number): readonly Bin[] {
  const bins: Second[][] = Array.from({ length: count }, () => []);
  for (const second of seconds) bins[Math.floor(second.at / step)]?.push(second);
  return bins;
}

/** What the schedule wants in a second. Sessions come in the ramp, and in steps of opens; messages in steps, or one a while from each. */
function askedOf(record: RunRecord): Readonly<Record<'opens' | 'messages', (at: number) => number | null>> {
  const { phases, seconds } = record;
  const { work } = record.scenario;
  const wanted = new Map(seconds.map(({ at, agents }) => [at, agents.wanted]));
  const stepAt = (at: number): number | null => {
    const asked = phases.find(({ kind, from, to }) => kind === 'step' && from <= at && at < to)?.askedPerSecond;
    return asked === undefined ? null : askedHere(record, asked);
  };
  const isClosing = (at: number): boolean => kindAt(phases, at) === 'close';
  return {
    opens: (at) => {
      if (isClosing(at)) return 0;
      if (work.kind === 'opens' && stepAt(at) !== null) return stepAt(at);
      return Math.max(0, (wanted.get(at) ?? 0) - (wanted.get(at - 1) ?? 0));
    },
    messages: (at) => {
      if (isClosing(at)) return 0;
      if (work.kind === 'ping') return (wanted.get(at) ?? 0) / work.everySeconds;
      return work.kind === 'messages' ? stepAt(at) : null;
    },
  };
}

function failureLines(seconds: readonly Second[], perSecond: (value: (second: Second) => number) => Line): Lines {
  const reasons = tally(seconds.map(({ agents }) => agents.failed)).map(([reason]) => reason);
  const shown = reasons.slice(0, REASONS_MOST);
  const rest = reasons.slice(REASONS_MOST);
  const lines = shown.map((reason) => [reason, perSecond(({ agents }) => agents.failed[reason] ?? 0)] as const);
  const others = `${rest.length} other reasons`;
  return Object.fromEntries(
    rest.length === 0 ? lines : [...lines, [others, perSecond(({ agents }) => sumOf(rest, (reason) => agents.failed[reason] ?? 0))]],
  );
}

function namesOf(records: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(records.flatMap(Object.keys))];
}

function greatest(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value));
}

function inMib(kib: number | null | undefined): number | null {
  return kib === undefined || kib === null ? null : kib / 1_024;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
