// What clients that mean no good did, beside the agents, to the nodes and to the agents.

import type { Mark, RunRecord, Second } from '../run-record.ts';
import type { ScenarioEvent } from '../scenario.ts';
import { Histogram } from '../shared/histogram.ts';
import { type Figure, grouped, seen, unseen } from './figure.ts';
import { plannedMarks, secondsIn, secondsOf } from './seen.ts';

type Beside = Extract<ScenarioEvent, { do: 'slow-readers' | 'flood' }>;

interface Done<T> {
  readonly event: T;
  readonly mark: Mark;
}

/** Before them, and at the end of their time: each looked at for so long, and the lowest counts, so that garbage does not. */
const BEFORE_S = 10;
const DURING_S = 25;
/** Of them. */
const READ_LEAST = 0.5;
/** A silent reader has 64 KiB and more between a node and itself in the buffers of the rig's network (rig/namespace.ts). */
const STUFFED_KIB = 32;

/** Of the slow readers that cost the nodes most. */
export function kibPerSlowReader(record: RunRecord): Figure {
  const done = doneOf(record, 'slow-readers');
  if (done.length === 0) return unseen('no slow reader came in this run');
  return greatest(done.map((one) => kibOf(record, one)));
}

type Slow = Extract<Beside, { do: 'slow-readers' }>;

function kibOf(record: RunRecord, { event: { count, seconds }, mark }: Done<Slow>): Figure {
  const risen = (read: (second: Second) => number | null | undefined): number | null => {
    const before = lowest(record, { from: mark.at - BEFORE_S, to: mark.at }, read);
    const during = lowest(record, { from: mark.at + seconds - DURING_S, to: mark.at + seconds }, read);
    return before === null || during === null ? null : during - before;
  };
  const kernel = risen(({ kernel: found }) => found?.socketMemoryKib);
  const nodes = risen(({ roles }) => roles['pinhole']?.userKib);
  if (kernel === null || nodes === null)
    return unseen('too few seconds say what the nodes and the kernel held before slow readers and with them');
  const words = `${mark.what}: the nodes rose by ${grouped(nodes)} KiB, the buffers of the kernel by ${grouped(kernel)}`;
  if (kernel < count * STUFFED_KIB)
    return unseen(`${words}, less than ${STUFFED_KIB} for each of ${count}: they made no node hold anything`);
  return seen(nodes / count, words);
}

function lowest(
  record: RunRecord,
  span: { readonly from: number; readonly to: number },
  read: (second: Second) => number | null | undefined,
): number | null {
  const found = secondsIn(record, span).flatMap((second) => read(second) ?? []);
  return found.length < (span.to - span.from) * READ_LEAST ? null : Math.min(...found);
}

/**
 * Half a second in which everybody stands still is a twentieth of this, and its p99 then 400 ms; of a minute it is less than a hundredth, and of
 * the probe's round trips in a whole run, of which addedP99Us is, nothing.
 */
const WORST_OF_S = 10;
const P99_LEAST = 100;
/** Where ten calm seconds are slower than this, the machine does by itself what is asked about. */
const CALM_MOST_US = 100_000;

/** Of the agents' own round trips: the worst ten seconds beside others, less the worst of the calm before them. */
export function besideP99(record: RunRecord): Figure {
  const done = doneOf(record, 'slow-readers', 'flood');
  const [first] = done;
  if (first === undefined) return unseen('nobody came beside the agents in this run');
  const calm = worstP99(secondsOf(record, 'hold').filter(({ at }) => at < Math.floor(first.mark.at)));
  if (calm === null) return unseen(`a p99 takes ${P99_LEAST} answers within ${WORST_OF_S} s; before the others came there were fewer`);
  if (calm > CALM_MOST_US)
    return unseen(`the p99 of ten seconds was ${grouped(calm)} µs before anybody came: the machine is too busy to tell`);
  return greatest(
    done.map(({ event: { seconds }, mark }) => {
      const worst = worstP99(secondsIn(record, { from: Math.floor(mark.at), to: mark.at + seconds }));
      if (worst === null) return unseen(`${mark.what}: no ten seconds of it have ${P99_LEAST} answers`);
      return seen(
        worst - calm,
        `${mark.what}: p99 ${grouped(worst)} µs in the worst ${WORST_OF_S} s, ${grouped(calm)} µs in the worst before`,
      );
    }),
  );
}

/** Of any ten seconds on end. Null where none has answers enough. */
function worstP99(seconds: readonly Second[]): number | null {
  const worst = seconds.flatMap(({ at }, index) => {
    const window = seconds.slice(index, index + WORST_OF_S).filter((second) => second.at < at + WORST_OF_S);
    const trips = Histogram.of(window.map(({ agents }) => agents.roundTripUs));
    return trips.count < P99_LEAST ? [] : [trips.quantile(0.99) ?? 0];
  });
  return worst.length === 0 ? null : Math.max(...worst);
}

/** One that could not be seen goes before all others. */
function greatest(figures: readonly Figure[]): Figure {
  const none = figures.find(({ value }) => value === null);
  return none ?? figures.toSorted((one, other) => (other.value ?? 0) - (one.value ?? 0))[0] ?? unseen('nobody came');
}

/** What came about, with its mark: both are in the order of time. */
function doneOf<K extends Beside['do']>(record: RunRecord, ...kinds: readonly K[]): readonly Done<Extract<Beside, { do: K }>>[] {
  const isOne = (event: ScenarioEvent): event is Extract<Beside, { do: K }> => (kinds as readonly string[]).includes(event.do);
  const marks = kinds.flatMap((kind) => plannedMarks(record, kind)).toSorted((one, other) => one.at - other.at);
  const events = record.scenario.events.filter(isOne).toSorted((one, other) => one.after - other.after);
  return marks.flatMap((mark, index) => (events[index] === undefined ? [] : [{ event: events[index], mark }]));
}
