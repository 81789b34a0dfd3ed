// A scenario as the command line wants it: fewer or more tunnels, nodes, minutes. What hangs on a size goes with it. Pure.

import { drainRate, fastestOf, standingOf } from './plan.ts';
import { REST_S } from './rest.ts';
import type { Work } from './shared/agent-plan.ts';
import { AWS_CONNECTS_PER_SECOND, NODE_IDLE_S } from './scenarios.ts';
import type { Scenario, Threshold } from './scenario.ts';

export interface Sizes {
  readonly tunnels: number | null;
  readonly nodes: number | null;
  readonly minutes: number | null;
}

/** Half of fewer take less memory than what several processes are apart by themselves. */
const TUNNELS_FOR_SLOPE = 40_000;

/** Within less than an hour a garbage collector moves memory by more than what growth is asked about. */
const HOLD_FOR_GROWTH_S = 3_600;

/** Of the time that a drain has: it aims a little below its rate, goes on opening tunnels for some seconds first, and slower where it does harm. */
const DRAIN_TIME_SHARE = 0.75;

/** After a silent tunnel was ended: for its agent to be back, and the last second to be told. */
const SEEN_WITHIN_S = 10;

/** Gives the scenario as it will run, or words that say why it cannot be that size. */
export function resize(scenario: Scenario, { tunnels, nodes, minutes }: Sizes): Scenario | string {
  const many = tunnels ?? scenario.tunnels;
  const share = many / scenario.tunnels;
  const holdSeconds = minutes === null ? scenario.holdSeconds : Math.round(minutes * 60);
  const last = Math.max(0, ...scenario.events.map(({ after, ...event }) => after + ('seconds' in event ? event.seconds : 0)));
  if (holdSeconds < last)
    return `${scenario.name} does its last thing ${last} s after the ramp: --minutes has to be ${Math.ceil(last / 60)} or more, got ${minutes}`;
  const offBeat = dropsOtherThanOnce(scenario, many / scenario.opensPerSecond, holdSeconds);
  if (offBeat !== null) return offBeat;
  const wantedNodes = nodes ?? scenario.nodes;
  const highest = Math.max(-1, ...scenario.events.map((event) => ('node' in event ? event.node : -1)));
  if (highest >= wantedNodes)
    return `${scenario.name} does something to node ${highest + 1}: --nodes has to be ${highest + 1} or more, got ${wantedNodes}`;
  const kills = scenario.events.filter((event) => event.do === 'kill-node' || event.do === 'drain-node').length;
  if (kills > 0 && wantedNodes <= kills)
    return `${scenario.name} takes ${kills} of the nodes away: --nodes has to be ${kills + 1} or more, got ${wantedNodes}`;
  if (scenario.through !== 'pinhole' && wantedNodes !== 1) return `${scenario.name} runs beside no node of Pinhole: leave --nodes out`;
  const tooFew = lacksRoom({ work: scenario.work, tunnels: many });
  if (tooFew !== null) return tooFew;
  const pace = paceOf(scenario, share);
  const slow = drainsTooSlowly({ ...scenario, ...pace, nodes: wantedNodes, tunnels: many });
  if (slow !== null) return slow;
  const hasSlope = many >= TUNNELS_FOR_SLOPE && holdSeconds >= REST_S;
  return {
    ...scenario,
    restSeconds: hasSlope ? scenario.restSeconds : 0,
    tunnels: many,
    nodes: wantedNodes,
    holdSeconds,
    ...pace,
    work: workFor(scenario.work, minutes === null ? null : holdSeconds),
    events: scenario.events.map((event) =>
      event.do === 'throttle' && event.connectsPerSecond !== null
        ? { ...event, connectsPerSecond: Math.max(1, Math.round(event.connectsPerSecond * share)) }
        : event,
    ),
    thresholds: scenario.thresholds
      .filter(({ figure }) => figure !== 'kibPerTunnel' || hasSlope)
      .filter(({ figure }) => figure !== 'memoryGrowthPerHour' || holdSeconds >= HOLD_FOR_GROWTH_S)
      .map((threshold) => scaled(threshold, share)),
  };
}

/** Where opens come at rates, those for which there is no room fail, and a step of the scenario would not be what it says. Null: there is. */
export function lacksRoom({ work, tunnels }: Pick<Scenario, 'work' | 'tunnels'>): string | null {
  if (work.kind !== 'opens') return null;
  const most = standingOf(work);
  if (tunnels >= most) return null;
  const number = (value: number): string => value.toLocaleString('en');
  return `${number(fastestOf(work))} opens a second, each session ${work.staySeconds} s long, are ${number(most)} sessions at once: ${most} tunnels or more, got ${tunnels}`;
}

/** Chance spreads agents over nodes: a node that may open a few a second would be asked for more now and then, at any mean below it. */
const QUOTA_MIN = 30;
/** From here on it spreads them evenly enough for a ramp that takes as much of the quota as the whole scenario's. */
const QUOTA_EVEN = 120;
const RAMP_SHARE_SMALL = 1 / 3;

/**
 * With fewer agents the quota shrinks as well: what a storm is about is the time that the quota gives the lost ones, and 200 lost agents
 * under a quota of 500 are no storm. It grows no further than AWS's own default.
 */
function paceOf({ quota, opensPerSecond }: Scenario, share: number): Pick<Scenario, 'quota' | 'opensPerSecond'> {
  if (quota === null) return { quota, opensPerSecond };
  const own = Math.min(AWS_CONNECTS_PER_SECOND, Math.max(QUOTA_MIN, Math.round(quota * share)));
  if (own >= QUOTA_EVEN) return { quota: own, opensPerSecond: (opensPerSecond * own) / quota };
  return { quota: own, opensPerSecond: Math.min(opensPerSecond, own * RAMP_SHARE_SMALL) };
}

/** A node that is taken back before it can be empty shows nothing. Null: there is time for it. */
function drainsTooSlowly({ name, events, tunnels, nodes, quota }: Scenario): string | null {
  const perSecond = drainRate({ quota, nodes });
  const takes = Math.ceil(tunnels / nodes / perSecond);
  for (const { after, ...event } of events) {
    if (event.do !== 'drain-node') continue;
    const back = events.find((other) => other.do === 'undrain-node' && other.node === event.node && other.after > after);
    const has = (back?.after ?? Infinity) - after;
    if (takes > has * DRAIN_TIME_SHARE)
      return `${name} takes a drained node back after ${has} s, and ${Math.ceil(tunnels / nodes)} tunnels at ${perSecond} a second take ${takes} s and more: fewer --tunnels`;
  }
  return null;
}

/** Minutes are shared by the steps. `seconds` null: as it is. */
export function workFor(work: Work, seconds: number | null): Work {
  if (work.kind === 'ping' || seconds === null) return work;
  const each = Math.max(1, Math.floor(seconds / work.steps.length));
  return { ...work, steps: work.steps.map((step) => ({ ...step, seconds: each })) };
}

/** As many drops as agents are each of them only where none can be dropped twice, and each once. Null: so it is. */
function dropsOtherThanOnce(scenario: Scenario, rampSeconds: number, holdSeconds: number): string | null {
  const { name, idleSeconds: ownIdle, events, thresholds } = scenario;
  // Where something is done to the fleet, that is what drops them.
  if (events.length > 0 || !thresholds.some(wantsDrops)) return null;
  const idleSeconds = ownIdle ?? NODE_IDLE_S;
  if (holdSeconds <= idleSeconds + SEEN_WITHIN_S)
    return `${name} waits until every tunnel has ended after ${idleSeconds} s of silence, and ${SEEN_WITHIN_S} s for its agent to be back: ${holdSeconds} s are too short`;
  if (rampSeconds + holdSeconds >= 2 * idleSeconds)
    return `${name} counts each tunnel that ends after ${idleSeconds} s of silence, and within ${Math.ceil(rampSeconds)} s of ramp and ${holdSeconds} s more some would end twice: fewer --tunnels or --minutes`;
  return null;
}

/** Its tunnels have to end. */
export function wantsDrops({ figure, is }: Threshold): boolean {
  return figure === 'unexpectedDrops' && is === 'at least';
}

/** Only a count of tunnels goes with their number. */
function scaled(threshold: Threshold, share: number): Threshold {
  if (threshold.figure !== 'unexpectedDrops') return threshold;
  return { ...threshold, value: Math.round(threshold.value * share) };
}
