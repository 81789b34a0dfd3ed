// Whether k6 told of all that its agents did: what nobody told of was neither dropped nor late by any figure, and would pass.

import type { RunRecord, Second } from '../run-record.ts';
import { grouped } from './figure.ts';
import { closeFrom, sumOf, total } from './seen.ts';

/** A VU that is silent for so long is not counted as standing any more (rig/seconds.ts); before that it is merely late. */
const SILENT_AFTER_S = 10;

/** Looked at before the close, which may begin for k6 a little earlier than for the rig. */
const LAST_S = 3;

/** Why its figures are not those of all agents, in words; empty where they are. Of a run that came to its end: another one is no valid run anyway. */
export function unheardOf(record: RunRecord): readonly string[] {
  if (record.ended !== 'whole') return [];
  return [...neverBegun(record), ...silent(record), ...neverEnded(record), ...neverSent(record)];
}

/** By k6's own count of those that should be there. Several machines share the agents, and nobody knows how many are this one's. */
function neverBegun({ scenario, machine, seconds }: RunRecord): readonly string[] {
  if (scenario.work.kind === 'opens' || machine !== null) return [];
  const most = seconds.reduce((greatest, { agents }) => Math.max(greatest, agents.wanted), 0);
  const tried = sumOf(seconds, ({ agents }) => agents.tried);
  const begun = Math.min(most, tried);
  return begun >= scenario.tunnels
    ? []
    : [`k6 told of ${grouped(begun)} of ${grouped(scenario.tunnels)} agents that began: the others did nothing, and failed at nothing.`];
}

/** What a VU that hung for a while has to tell comes with its next tick; of one that hangs when the close begins nothing comes any more. */
function silent(record: RunRecord): readonly string[] {
  const ramp = record.phases.findLast(({ kind }) => kind === 'ramp');
  if (record.scenario.work.kind === 'opens' || ramp === undefined) return [];
  // An upgrade may take longer than the scenario has, and agents do not wait for it.
  const closes = record.seconds.find(({ agents }) => agents.closed > 0)?.at ?? Infinity;
  const end = Math.min(closes, closeFrom(record));
  const last = record.seconds.filter(({ at }) => end - LAST_S <= at && at < end);
  if (end < ramp.to + SILENT_AFTER_S + LAST_S) return [];
  const wanted = (seconds: readonly Second[]): number => seconds.reduce((most, { agents }) => Math.max(most, agents.wanted), 0);
  const unheard = wanted(record.seconds) - wanted(last);
  return unheard <= 0
    ? []
    : [
        `When the close began k6 had said nothing of ${grouped(unheard)} of its agents for ${SILENT_AFTER_S} s: what befell them since is in no figure.`,
      ];
}

/** Every session that stood was dropped or closed in the end, and k6 says which. */
function neverEnded({ seconds }: RunRecord): readonly string[] {
  const open = sumOf(seconds, ({ agents }) => agents.opened - agents.closed - total(agents.dropped));
  return open <= 0 ? [] : [`k6 never said how ${grouped(open)} sessions ended: they may have been dropped long before.`];
}

/** An answer is to a message that was told: what is missing there may hide as many that had none. */
function neverSent({ seconds }: RunRecord): readonly string[] {
  const of = (count: (agents: Second['agents']) => number): number => sumOf(seconds, ({ agents }) => count(agents));
  const [sent, ended] = [of(({ sent }) => sent), of(({ back, unanswered }) => back + unanswered)];
  return ended <= sent
    ? []
    : [`k6 told of ${grouped(sent)} messages, and of ${grouped(ended)} that were answered or not: some of what it saw is in no figure.`];
}
