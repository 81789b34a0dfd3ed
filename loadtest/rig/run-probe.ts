// Which nodes the probe of a run goes through, and by which doors.

import { PROBE_SESSIONS } from '../plan.ts';
import type { Scenario } from '../scenario.ts';
import type { Probe, ProbePlan } from './parts.ts';
import { DATA_NAME } from './places.ts';
import { startProbe } from './probe.ts';
import type { Processes } from './processes.ts';
import type { World } from './world.ts';

/** Null where it could show nothing: the stand-in of AWS IoT speaks TLS inside the tunnels. */
export async function startRunProbe(scenario: Scenario, { places, tls }: World, processes: Processes): Promise<Probe | null> {
  if (scenario.to === 'sandbox') return null;
  const doomed = new Set(scenario.events.flatMap((event) => (event.do === 'kill-node' || event.do === 'drain-node' ? [event.node] : [])));
  // A node that is to be killed or drained holds agents only: what it held is what they lost.
  const nodes = scenario.through === 'pinhole' ? places.nodes.filter((_, index) => !doomed.has(index)) : [];
  const plan: ProbePlan = {
    nodes: nodes.map(({ address, ports }) => ({
      address: `${address}:${ports.agents}`,
      doors: tls === null ? ['connect'] : ['connect', 'connect-tls'],
      serverName: tls?.name ?? null,
    })),
    caFile: tls?.certificate ?? null,
    target: { host: DATA_NAME, port: 443, addresses: places.farEnds.map((address) => `${address}:${places.farEndPort}`) },
    sessions: PROBE_SESSIONS,
  };
  return await startProbe(plan, processes);
}
