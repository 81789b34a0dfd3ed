// When agents speak, by the plan's work.
// No dependency: k6 runs this file too.

import type { AgentPlan, Step } from './agent-plan.ts';
import type { Cadence } from './agent.ts';
import { eventsOf, placeOf, rampEndsMs } from './schedule.ts';

export function cadenceOf(plan: AgentPlan, agent: number, random: () => number): Cadence | null {
  switch (plan.work.kind) {
    case 'ping':
      return pings(plan.work.everySeconds * 1_000, random);
    case 'messages':
      return messages(plan, agent, plan.work.steps);
    case 'opens':
      return null;
  }
}

/** The first at a random moment: agents that came up together must not ping together for ever. */
function pings(everyMs: number, random: () => number): Cadence {
  return { speaks: 'ping', first: (upMs) => upMs + random() * everyMs, next: (beforeMs) => beforeMs + everyMs };
}

/**
 * Beyond the knee a message that is so late is not sent any more: k6 would else work through all that it was ever behind, and neither tell what
 * it saw nor end in time. Below the knee every message is sent, however late, and its latency counts from its moment.
 */
const LEFT_OUT_MS = 1_000;

/** Message m of all is sent by agent m mod tunnels, from the end of the ramp on. One that was due while its agent was not up is not sent. */
function messages(plan: AgentPlan, agent: number, steps: readonly Step[]): Cadence {
  const startMs = rampEndsMs(plan);
  const all = eventsOf(steps);
  let message = agent;
  const due = (isTaken: (atMs: number, step: Step) => boolean): number | null => {
    for (; message < all; message += plan.tunnels) {
      const place = placeOf(steps, message);
      if (place !== null && isTaken(startMs + place.offsetMs, place.step)) return startMs + place.offsetMs;
    }
    return null;
  };
  return {
    speaks: 'publish',
    first: (upMs) => due((atMs) => atMs >= upMs),
    next: (beforeMs, nowMs) => due((atMs, step) => atMs > beforeMs && !(step.isBeyondKnee === true && nowMs - atMs > LEFT_OUT_MS)),
  };
}
