// A scenario as it runs against a real fleet, and what this machine's share of it needs. Pure.

import { type Machine, planRun, type RigPlan } from './plan.ts';
import type { FigureName, Scenario } from './scenario.ts';
import type { Work } from './shared/agent-plan.ts';
import type { Target } from './target.ts';
import { lacksRoom, type Sizes, wantsDrops, workFor } from './resize.ts';

/** What k6 alone can show. */
const SEEN_FROM_OUTSIDE: ReadonlySet<FigureName> = new Set([
  'openSuccess',
  'unexpectedDrops',
  'messagesAnswered',
  'achievedRate',
  'generatorShare',
]);

/** A ramp of more is a mistake of a rate: nobody waits so long for a load test to begin. */
const RAMP_MOST_S = 86_400;

/**
 * Of the tries that may be made a schedule asks for so many: who is late, or comes back, needs the others, and would else keep everybody behind
 * him late for the rest of the run.
 */
const SCHEDULED_SHARE = 0.95;

/** `triesPerSecond`: the most, of all machines together. Gives the scenario, or words that say why it cannot be run against a fleet of others. */
export function scenarioAt(scenario: Scenario, target: Target, triesPerSecond: number, { tunnels, minutes }: Sizes): Scenario | string {
  if (scenario.events.length > 0)
    return `${scenario.name} does things to nodes and far ends, and those of a target are not this rig's: take one that only holds, sends or opens`;
  if (scenario.through !== 'pinhole' || scenario.to === 'sandbox' || scenario.idleSeconds !== null || scenario.thresholds.some(wantsDrops))
    return `${scenario.name} needs parts that this rig starts itself: it has no target`;
  if (scenario.work.kind !== 'ping' && target.holdSeconds !== undefined)
    return `${scenario.name} lasts as long as its steps: leave holdSeconds out of the target; --minutes N makes the steps shorter or longer`;
  const opensPerSecond = triesPerSecond * SCHEDULED_SHARE;
  const minutesInSeconds = minutes === null ? null : Math.round(minutes * 60);
  const work = workFor(scenario.work, minutesInSeconds);
  const allowed =
    work.kind === 'opens'
      ? { ...work, steps: work.steps.map((step) => ({ ...step, perSecond: Math.min(step.perSecond, opensPerSecond) })) }
      : work;
  const many = tunnels ?? target.tunnels;
  const tooFew = lacksRoom({ work: allowed, tunnels: many });
  if (tooFew !== null) return tooFew;
  if (target.machine.of > many)
    return `${many} tunnels on ${target.machine.of} machines leave some of these with none: fewer machines, or more tunnels`;
  const rampSeconds = Math.ceil(many / opensPerSecond);
  if (rampSeconds > RAMP_MOST_S)
    return `${many.toLocaleString('en')} agents at ${opensPerSecond} a second take ${(rampSeconds / 86_400).toFixed(1)} days to come up, and a day is the most: fewer tunnels, or more opensPerSecond`;
  return {
    ...scenario,
    ...{ tunnels: many, opensPerSecond, work: allowed, nodes: 1 },
    // What it is for is read on the nodes.
    restSeconds: 0,
    holdSeconds: minutesInSeconds ?? target.holdSeconds ?? scenario.holdSeconds,
    thresholds: scenario.thresholds.filter(({ figure }) => SEEN_FROM_OUTSIDE.has(figure)),
  };
}

/** What stands at once in a sweep of opens goes with their rate; messages take no socket of their own. */
function shareOf(work: Work, machines: number): Work {
  return work.kind === 'opens' ? { ...work, steps: work.steps.map((step) => ({ ...step, perSecond: step.perSecond / machines })) } : work;
}

export interface Share {
  readonly machine: Target['machine'];
  /** The most, of all machines together. */
  readonly triesPerSecond: number;
  /** Addresses of the proxy's name. */
  readonly doors: number;
}

/** Agents of all machines in one plan; processes, ports and memory of this one's share. */
export function planTarget(scenario: Scenario, here: Machine, { machine, triesPerSecond, doors }: Share): RigPlan | string {
  const share = planRun(
    { ...scenario, tunnels: Math.ceil(scenario.tunnels / machine.of), work: shareOf(scenario.work, machine.of), through: 'direct' },
    { ...here, isIsolated: true },
    doors,
  );
  if (!share.ok) return share.refusals.join('\n');
  const rampSeconds = scenario.work.kind === 'opens' ? 0 : Math.ceil(scenario.tunnels / scenario.opensPerSecond);
  // A multiple of all processes of all machines: execution segments then divide them evenly.
  return {
    ...share.plan,
    ...{ vus: share.plan.vus * machine.of, triesPerSecond, rampSeconds, seconds: rampSeconds + scenario.holdSeconds },
  };
}
