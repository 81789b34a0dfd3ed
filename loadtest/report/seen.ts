// What of a record belongs to which part of the run, and sums over it. Pure; a hole in a record stays a hole (null), never a zero.

import type { Mark, Phase, RunRecord, Second } from '../run-record.ts';

/** Where phases overlap, the first of these says what a second is: a fault inside a hold is a fault. */
const FIRST: readonly Phase['kind'][] = ['fault', 'close', 'step', 'ramp', 'rest', 'hold'];

/**
 * Which phase says what a second is; null between the phases, as before the first of them. A second in which a fault begins is the fault's:
 * what fails in it does so behind it.
 */
export function phaseAt(phases: readonly Phase[], at: number): Phase | null {
  const begins = ({ kind, from }: Phase): boolean => (kind === 'fault' ? from < at + 1 : from <= at);
  const around = phases.filter((phase) => begins(phase) && at < phase.to);
  const first = FIRST.find((kind) => around.some((phase) => phase.kind === kind));
  return around.findLast(({ kind }) => kind === first) ?? null;
}

export function kindAt(phases: readonly Phase[], at: number): Phase['kind'] | null {
  return phaseAt(phases, at)?.kind ?? null;
}

export function secondsOf(record: RunRecord, ...kinds: readonly Phase['kind'][]): readonly Second[] {
  return record.seconds.filter(({ at }) => {
    const kind = kindAt(record.phases, at);
    return kind !== null && kinds.includes(kind);
  });
}

export function secondsIn({ seconds }: RunRecord, { from, to }: Pick<Phase, 'from' | 'to'>): readonly Second[] {
  return seconds.filter(({ at }) => from <= at && at < to);
}

/** The first second at which everybody closes; the end of the record where the run did not come so far. */
export function closeFrom({ phases, seconds }: RunRecord): number {
  const close = phases.find(({ kind }) => kind === 'close');
  return Math.min(close?.from ?? Infinity, (seconds.at(-1)?.at ?? -1) + 1);
}

/** Those that the scenario wanted, of one kind of event. */
export function plannedMarks({ marks }: RunRecord, event: NonNullable<Mark['event']>): readonly Mark[] {
  return marks.filter((mark) => mark.isPlanned && mark.event === event);
}

export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

export function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

/** Of the nodes that were read in this second; null where none was. */
export function tunnelsOf({ nodes }: Second): number | null {
  const read = Object.values(nodes).filter((node) => node !== null);
  return read.length === 0 ? null : sumOf(read, ({ tunnels }) => tunnels);
}

/** Of all nodes; null where one of them was not read in this second. */
export function tunnelsOfAll(second: Second): number | null {
  return Object.values(second.nodes).includes(null) ? null : tunnelsOf(second);
}

/** Counts by name over many seconds, the most frequent first. */
export function tally(counts: readonly Readonly<Record<string, number>>[]): readonly (readonly [name: string, count: number])[] {
  const sums = new Map<string, number>();
  for (const some of counts) for (const [name, count] of Object.entries(some)) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums].sort(([left, more], [right, most]) => most - more || left.localeCompare(right));
}
