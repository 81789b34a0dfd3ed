// What k6 is told of a run, and how long it may take to end what it was told.

import { mostAtOnce, type RigPlan } from '../plan.ts';
import type { Scenario } from '../scenario.ts';
import type { AgentPlan } from '../shared/agent-plan.ts';
import { FAREWELL_S, lastEndMs } from '../shared/schedule.ts';

/** After the last close, and what k6 has for those that come late: then it ends by itself, or it is stuck. */
export const CLOSE_PATIENCE_MS = (FAREWELL_S + 10) * 1_000;
const CLIENT_ID_PREFIX = 'test-';

export function agentPlan(
  scenario: Scenario,
  plan: Pick<RigPlan, 'vus' | 'triesPerSecond' | 'backoff' | 'seconds'>,
  url: string,
  beginsMs: number,
): AgentPlan {
  const { opensPerSecond, restSeconds, work } = scenario;
  const { vus, triesPerSecond, backoff, seconds } = plan;
  return {
    url,
    beginsMs,
    endsMs: beginsMs + seconds * 1_000,
    tunnels: mostAtOnce(scenario),
    vus,
    opensPerSecond,
    triesPerSecond,
    restSeconds,
    work,
    backoff,
    clientIdPrefix: CLIENT_ID_PREFIX,
  };
}

/** How long k6 may still take, at this moment, to close the agents of all machines; not below 0, also where this machine slept. */
export function closePatienceMs(agents: AgentPlan, nowMs: number): number {
  return Math.max(0, lastEndMs(agents) - nowMs + CLOSE_PATIENCE_MS);
}
