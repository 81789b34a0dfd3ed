// The k6 script: many agents in each VU, by a plan (`-e PLAN=file.json`; shared/agent-plan.ts). One iteration a VU, which ends with the
// last of its agents. With `-e TICKS=1` each VU writes one line a second, for the rig.
//
// `dns`: the proxy's name has one address a node in /etc/hosts, and the list changes when a node dies. Seen with k6 v2.2.0, 20 dials a second:
// without the option k6 keeps the first answer (for 5 minutes, its default); with a `ttl` of 0 or of 1 s it had left an address 2 to 3 s after
// the file was written, and took a new one up in the same time. Go itself looks at the file every 5 s at most, so 6 s is the worst. `random`
// spreads the agents of one process over the nodes; `roundRobin` does too, but all processes would begin with the same one.

import exec from 'k6/execution';
import type { Options } from 'k6/options';
import type { AgentPlan } from '../shared/agent-plan.ts';
import { FAREWELL_S, lastEndMs } from '../shared/schedule.ts';
import { THRESHOLDS } from './metrics.ts';
import { Vu } from './vu.ts';

const path = __ENV['PLAN'];
if (path === undefined) throw new Error('no plan: k6 run -e PLAN=file.json agents.ts');
const plan = JSON.parse(open(path)) as AgentPlan;

export const options: Options = {
  scenarios: {
    agents: {
      executor: 'per-vu-iterations',
      vus: plan.vus,
      iterations: 1,
      maxDuration: `${Math.ceil((lastEndMs(plan) - Date.now()) / 1_000) + FAREWELL_S}s`,
      gracefulStop: '0s',
    },
  },
  dns: { ttl: '1s', select: 'random', policy: 'preferIPv4' },
  thresholds: THRESHOLDS,
  // Of the tags that k6 adds by itself nobody reads any here, and each costs a series.
  systemTags: [],
  summaryTrendStats: ['min', 'med', 'p(95)', 'p(99)', 'max'],
};

export default function agents(): void {
  new Vu(plan, exec.vu.idInTest, __ENV['TICKS'] === '1').begin();
}
