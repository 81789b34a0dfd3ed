// What a node gave up in its drain, and how fast, by its own count of closes.

import { drainRate } from '../plan.ts';
import type { Mark, RunRecord } from '../run-record.ts';
import { type Figure, grouped, seen, unseen } from './figure.ts';
import { closeFrom, plannedMarks } from './seen.ts';

/** What counts as empty; the time until then is in the words. */
const EMPTY = 0.99;
/** The pace is looked at over so many seconds. A look may come a second late, so that more than these lie between two. */
const PACE_OVER_S = 10;
const LOOK_LATE_S = 1;

interface Closed {
  readonly at: number;
  readonly tunnels: number;
}

interface Drain {
  readonly node: string;
  readonly from: number;
  readonly held: number;
  /** Since the drain began, at each look of it. */
  readonly closed: readonly Closed[];
}

/** What it has closed by the last look, which ends early where the drain does. Null where nobody could look. */
export function closedInDrain(record: RunRecord, mark: Mark): number | null {
  return closesSince(record, mark, Infinity).at(-1)?.tunnels ?? null;
}

/** Of the node that gave up least. */
export function drainedShare(record: RunRecord): Figure {
  const drains = drainsOf(record);
  if (typeof drains === 'string') return unseen(drains);
  return least(
    drains.map(({ node, from, held, closed: looks }) => {
      const closed = looks.at(-1)?.tunnels ?? 0;
      const empty = looks.find(({ tunnels }) => tunnels >= held * EMPTY);
      const when = empty === undefined ? '' : `, 99 % of them within ${empty.at - from} s`;
      return seen(Math.min(1, closed / held), `${node} closed ${grouped(closed)} of the ${grouped(held)} tunnels that it held${when}`);
    }),
  );
}

/** Of the node that went fastest: what it closed between two looks, by what its rate allows until the later of them. */
export function drainPace(record: RunRecord): Figure {
  const drains = drainsOf(record);
  if (typeof drains === 'string') return unseen(drains);
  const allowed = drainRate(record.scenario) * (PACE_OVER_S + LOOK_LATE_S);
  const few = drains.find(({ held }) => held <= allowed);
  if (few !== undefined)
    return unseen(
      `${few.node} held ${grouped(few.held)} tunnels, and may close ${grouped(allowed)} between two looks: too few to have a pace`,
    );
  const paces = drains.map(({ node, closed }) => {
    const most = mostBetweenLooks(closed);
    return most === null
      ? null
      : seen(most / allowed, `${node} closed ${grouped(most)} tunnels in ${PACE_OVER_S} s at most, and may close ${grouped(allowed)}`);
  });
  const known = paces.filter((pace) => pace !== null);
  if (known.length < paces.length) return unseen('a node that was drained could not be looked at for long enough');
  return known.toSorted((one, other) => (other.value ?? 0) - (one.value ?? 0))[0] ?? unseen('no node was drained');
}

function least(figures: readonly Figure[]): Figure {
  return figures.toSorted((one, other) => (one.value ?? 0) - (other.value ?? 0))[0] ?? unseen('no node was drained');
}

/** Null where no two looks are that far apart. */
function mostBetweenLooks(looks: readonly Closed[]): number | null {
  const at = new Map(looks.map((look) => [look.at, look.tunnels]));
  const differences = looks.flatMap((look) => {
    const before = at.get(look.at - PACE_OVER_S);
    return before === undefined ? [] : [look.tunnels - before];
  });
  return differences.length === 0 ? null : Math.max(...differences);
}

/** All of them, or why one of them cannot be told. */
function drainsOf(record: RunRecord): readonly Drain[] | string {
  const drains: Drain[] = [];
  for (const mark of plannedMarks(record, 'drain-node')) {
    const node = mark.node ?? 'a node';
    const closed = closesSince(record, mark, takenBackAt(record, mark));
    if (mark.tunnels === null) return `nobody knows what ${node} held when its drain began`;
    if (mark.tunnels === 0) return `${node} held no tunnel when its drain began`;
    if (closed.length === 0) return `nobody knows what ${node} closed in its drain`;
    drains.push({ node, from: Math.floor(mark.at), held: mark.tunnels, closed });
  }
  return drains.length === 0 ? 'no node was drained by plan' : drains;
}

function takenBackAt(record: RunRecord, { node, at }: Mark): number {
  const back = plannedMarks(record, 'undrain-node').find((mark) => mark.node === node && mark.at > at);
  return back?.at ?? closeFrom(record);
}

/** At each look from its second on, and 0 before it. A count that is not there yet is 0, too: the first close makes it. */
function closesSince({ seconds }: RunRecord, { node, at }: Mark, until: number): readonly Closed[] {
  const from = Math.floor(at);
  const looks = seconds.flatMap((second): Closed[] => {
    const read = second.nodes[node ?? ''];
    return read ? [{ at: second.at, tunnels: read.closes['drain'] ?? 0 }] : [];
  });
  const before = looks.findLast((look) => look.at < from)?.tunnels ?? 0;
  const since = looks.filter((look) => from <= look.at && look.at <= until).map((look) => ({ ...look, tunnels: look.tunnels - before }));
  return since.length === 0 ? [] : [{ at: from - 1, tunnels: 0 }, ...since];
}
