// When agents speak, by the plan's work.
// No dependency: k6 runs this file too.

import type { AgentPlan, Step } from './agent-plan.ts';
import type { Cadence } from './agent.ts';
import { eventsOf, offsetMs, rampEndsMs } from './schedule.ts';

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

/** Message m of all is sent by agent m mod tunnels, from the end of the ramp on. One that was due while its agent was not up is not sent. */
function messages(plan: AgentPlan, agent: number, steps: readonly Step[]): Cadence {
  const startMs = rampEndsMs(plan);
  const all = eventsOf(steps);
  let message = agent;
  const due = (after: (atMs: number) => boolean): number | null => {
    for (; message < all; message += plan.tunnels) {
      const atMs = startMs + (offsetMs(steps, message) ?? 0);
      if (after(atMs)) return atMs;
    }
    return null;
  };
  return { speaks: 'publish', first: (upMs) => due((atMs) => atMs >= upMs), next: (beforeMs) => due((atMs) => atMs > beforeMs) };
}
