// When what is due by an AgentPlan, as arithmetic: the schedule is open, so nothing here knows what has happened so far.
// No dependency: k6 runs this file too.

import type { AgentPlan, Step } from './agent-plan.ts';

/** 10,000 closes in 5 s, all generators together: a fleet that ends its run must not look like a storm. */
const CLOSES_PER_SECOND = 2_000;
/**
 * What k6 has after the last close: one that is behind comes to its closes late, and what it is cut off from is told by nobody. Iterations end by
 * themselves with the last of them.
 */
export const FAREWELL_S = 50;

/** Numbers of agents (or sessions, where they come by `opens`) that belong to a VU; VUs count from 0. */
export function numbersOf(plan: AgentPlan, vu: number): number[] {
  const all = plan.work.kind === 'opens' ? eventsOf(plan.work.steps) : plan.tunnels;
  const numbers: number[] = [];
  for (let number = vu; number < all; number += plan.vus) numbers.push(number);
  return numbers;
}

/** Unix ms at which an agent is to open for the first time. */
export function opensAtMs(plan: AgentPlan, number: number): number {
  if (plan.work.kind !== 'opens') return plan.beginsMs + (number * 1_000) / plan.opensPerSecond + restBeforeMs(plan, number);
  return plan.beginsMs + (offsetMs(plan.work.steps, number) ?? 0);
}

function restBeforeMs({ tunnels, restSeconds }: AgentPlan, number: number): number {
  return number < tunnels / 2 ? 0 : restSeconds * 1_000;
}

/** From here on all agents should be up; messages are counted from this moment. */
export function rampEndsMs(plan: AgentPlan): number {
  return plan.work.kind === 'opens' ? plan.beginsMs : opensAtMs(plan, plan.tunnels);
}

/** Unix ms at which an agent is to close at the end of the run: one after the other, save sessions, of which few are left by then. */
export function endsAtMs(plan: AgentPlan, number: number): number {
  return plan.work.kind === 'opens' ? plan.endsMs : plan.endsMs + (number * 1_000) / CLOSES_PER_SECOND;
}

/** Unix ms at which the last one is to close. */
export function lastEndMs(plan: AgentPlan): number {
  return endsAtMs(plan, plan.tunnels - 1);
}

/** Unix ms until which it should be there; from `opensAtMs` on. */
export function wantedUntilMs(plan: AgentPlan, number: number): number {
  if (plan.work.kind !== 'opens') return endsAtMs(plan, number);
  return Math.min(plan.endsMs, opensAtMs(plan, number) + plan.work.staySeconds * 1_000);
}

/** How many events a schedule of rates has. */
export function eventsOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + eventsIn(step), 0);
}

/** Milliseconds from the beginning of the first step to an event of it or of a later one; null beyond the last. */
export function offsetMs(steps: readonly Step[], event: number): number | null {
  return placeOf(steps, event)?.offsetMs ?? null;
}

/** The same, with the step that has it. */
export function placeOf(steps: readonly Step[], event: number): { readonly offsetMs: number; readonly step: Step } | null {
  let [startMs, rest] = [0, event];
  for (const step of steps) {
    if (rest < eventsIn(step)) return { offsetMs: startMs + (rest * 1_000) / step.perSecond, step };
    startMs += step.seconds * 1_000;
    rest -= eventsIn(step);
  }
  return null;
}

function eventsIn({ perSecond, seconds }: Step): number {
  // 0.29 a second for 100 seconds are 29, also where a float says 28.999999999999996.
  return Math.floor(perSecond * seconds + 1e-6);
}
