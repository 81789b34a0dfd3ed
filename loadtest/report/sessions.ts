// Figures of sessions: opens that succeeded, sessions that were lost, messages that were answered.

import type { Mark, RunRecord } from '../run-record.ts';
import { closedInDrain } from './drain.ts';
import { type Figure, grouped, never, seen, unseen } from './figure.ts';
import { secondsBeyondKnee } from './rates.ts';
import { closeFrom, kindAt, plannedMarks, sumOf, tally, total } from './seen.ts';

/**
 * k6 gives an open 60 s; one that was begun this long before the end and has neither come nor failed is stuck. As long as an agent waits for
 * a CONNACK (shared/agent.ts).
 */
const STUCK_AFTER_S = 10;

/**
 * Of the opens outside of faults, and of steps that ask for more opens than can be had, those that succeeded. Opens that were begun well
 * before the end and never came to anything count as failed: a proxy that is silent fails nobody within a short run.
 */
export function openSuccess(record: RunRecord): Figure {
  const end = opensJudgedUntil(record);
  const outside = record.seconds.filter(({ at }) => at < end && kindAt(record.phases, at) !== 'fault');
  const opened = sumOf(outside, ({ agents }) => agents.opened);
  const failed = sumOf(outside, ({ agents }) => total(agents.failed));
  const stuck = stuckOpens(record, end);
  const all = opened + failed + stuck;
  if (all === 0) return unseen('no open outside of a fault came to an end');
  const where = end < closeFrom(record) ? 'within the knee' : 'outside of faults';
  const reasons = tally(outside.map(({ agents }) => agents.failed)).slice(0, 3);
  const why = reasons.length === 0 ? '' : `: ${reasons.map(([reason, count]) => `${grouped(count)} ${reason}`).join(', ')}`;
  const silent = stuck === 0 ? '' : `; ${grouped(stuck)} never came to anything`;
  return seen(opened / all, `${grouped(opened)} of ${grouped(all)} opens ${where} succeeded${why}${silent}`);
}

/** Steps come with rising rates: from the first that is meant to be beyond the knee on, opens are there to fail. */
function opensJudgedUntil(record: RunRecord): number {
  const beyond = record.scenario.work.kind === 'opens' ? [...secondsBeyondKnee(record)] : [];
  return beyond.reduce((first, { at }) => Math.min(first, at), closeFrom(record));
}

/** At least so many, of those that were begun well before this moment: what failed later than it was tried is taken from the same count. */
export function stuckOpens(record: RunRecord, end = closeFrom(record)): number {
  const tried = sumOf(
    record.seconds.filter(({ at }) => at < end - STUCK_AFTER_S),
    ({ agents }) => agents.tried,
  );
  const ending = end < closeFrom(record) ? record.seconds.filter(({ at }) => at < end) : record.seconds;
  const ended = sumOf(ending, ({ agents }) => agents.opened + total(agents.failed));
  return Math.max(0, tried - ended);
}

export function unexpectedDrops(record: RunRecord): Figure {
  if (sumOf(record.seconds, ({ agents }) => agents.opened) === 0) return unseen('no session ever stood, so none could be dropped');
  const dropped = dropsOf(record);
  const codes = tally(record.seconds.map(({ agents }) => agents.dropped)).slice(0, 3);
  const how = codes.length === 0 ? '' : `, by close code: ${codes.map(([code, count]) => `${code} ${grouped(count)}`).join(', ')}`;
  return seen(dropped, `${grouped(dropped)} sessions ended unasked${how}`);
}

/** Sessions on nodes to which nothing was done. What a node held that was killed by plan is lost with it, and what it closed in a drain is its part. */
export function survivorsDropped(record: RunRecord): Figure {
  const dropped = unexpectedDrops(record);
  if (dropped.value === null) return dropped;
  const killed = plannedMarks(record, 'kill-node');
  const drained = plannedMarks(record, 'drain-node');
  const held = [...killed.map(({ tunnels }) => tunnels), ...drained.map((mark) => lostInDrain(record, mark))];
  const known = held.filter((tunnels) => tunnels !== null);
  if (known.length < held.length) return unseen('nobody knows what a node held that was killed or drained');
  const lost = sumOf(known, (tunnels) => tunnels);
  const survivors = Math.max(0, dropped.value - lost);
  return seen(
    survivors,
    `${grouped(dropped.value)} sessions ended unasked, ${grouped(lost)} of them were on nodes that were killed or drained by plan`,
  );
}

/** What it closed by its own count; where nobody could look, all that it held. */
function lostInDrain(record: RunRecord, mark: Mark): number | null {
  const closed = closedInDrain(record, mark);
  return closed === null ? mark.tunnels : Math.min(closed, mark.tunnels ?? closed);
}

/** A fault that nothing recovers from lasts until the close, and no open in it counts: this is what then shows it. */
export function backAtEnd(record: RunRecord): Figure {
  if (!record.phases.some(({ kind }) => kind === 'close')) return unseen('the run did not come to its close');
  const end = closeFrom(record);
  const last = record.seconds.findLast(({ at }) => at < end)?.agents;
  if (last === undefined || last.wanted === 0) return unseen('no session was wanted before the close');
  const { established, wanted } = last;
  return seen(established / wanted, `${grouped(established)} of ${grouped(wanted)} sessions stood when the close began`);
}

/** Of those of which it is known. What was on its way when its agent closed is neither answered nor lost (shared/agent.ts). */
export function messagesAnswered({ seconds }: RunRecord): Figure {
  const sent = sumOf(seconds, ({ agents }) => agents.sent);
  if (sent === 0) return unseen('no message was sent');
  const back = sumOf(seconds, ({ agents }) => agents.back);
  const known = back + sumOf(seconds, ({ agents }) => agents.unanswered);
  if (known === 0) return unseen(`${grouped(sent)} messages were sent, and nobody waited long enough for an answer`);
  const rest = sent > known ? `; ${grouped(sent - known)} were still on their way at the end` : '';
  return seen(back / known, `${grouped(back)} of ${grouped(known)} messages were answered${rest}`);
}

/** From the end of the last second in which an agent closed a session. Nobody looks before k6 and the probe are gone: it is that long at most. */
export function descriptorsBack({ descriptors, seconds, began }: RunRecord): Figure {
  if (descriptors === null) return unseen('nobody read the descriptors of the nodes');
  const { before, after, backAtMs } = descriptors;
  if (backAtMs === null) return never(`${grouped(before)} open descriptors before, still ${grouped(after)} after the last close`);
  const last = seconds.findLast(({ agents }) => agents.closed > 0);
  if (last === undefined) return unseen('no agent ever closed a session');
  const lastCloseMs = (Math.floor(Date.parse(began) / 1_000) + last.at + 1) * 1_000;
  const within = Math.max(0, (backAtMs - lastCloseMs) / 1_000);
  return seen(
    within,
    `${grouped(before)} open descriptors before, ${grouped(after)} within ${Math.round(within)} s of the last close; nobody looked before k6 and the probe had ended`,
  );
}

function dropsOf({ seconds }: RunRecord): number {
  return sumOf(seconds, ({ agents }) => total(agents.dropped));
}
