// What the timeline may do, done to the real parts.

import { join } from 'node:path';
import { ask } from './collector.ts';
import type { Stage } from './conduct.ts';
import { startHostile } from './hostile.ts';
import { parseNodeMetrics } from './node-metrics.ts';
import { DATA_NAME, HOSTILE_ADDRESS } from './places.ts';
import type { Processes } from './processes.ts';
import type { World } from './world.ts';

export interface StageInput {
  readonly world: World;
  readonly processes: Processes;
  readonly folder: string;
  /** Something that is worth a mark, and that no event is. */
  readonly note: (what: string) => void;
  /** What was asked for did not come about, and nobody waits for it. */
  readonly broke: (error: Error) => void;
  readonly agents: Stage['agents'];
  readonly agentsKnownUntilMs: Stage['agentsKnownUntilMs'];
}

export function stageOf({ world, processes, folder, note, broke, agents, agentsKnownUntilMs }: StageInput): Stage {
  const { fleet, farEnds, places } = world;
  const nodes = () => fleet ?? fail('this run has no node of Pinhole');
  const far = () => farEnds ?? fail('the stand-in of AWS IoT takes no orders');
  const place = (index: number) => places.nodes[index] ?? fail(`there is no node ${index}`);
  return {
    nodeName: (index) => place(index).name,
    async tunnelsOf(index) {
      const url = nodes().metrics[place(index).name] ?? null;
      const page = url === null ? null : await ask(url);
      return page === null ? null : parseNodeMetrics(page).tunnels;
    },
    kill: (index) => nodes().kill(index),
    start: (index) => nodes().start(index),
    drain: (index) => nodes().drain(index),
    undrain: (index) => nodes().undrain(index),
    upgrade: (index) => nodes().upgrade(index),
    throttle: (connectsPerSecond) => far().throttle(connectsPerSecond),
    farEndDies: () => far().die(),
    farEndReturns: () => far().comeBack(),
    hostile(event) {
      const work =
        event.do === 'flood' ? { kind: event.kind, perSecond: event.perSecond, seconds: event.seconds } : { ...event, kind: event.do };
      const proxies = places.nodes.map(({ address, ports }) => ({ host: address, port: ports.agents }));
      const plan = { proxies, target: `${DATA_NAME}:443`, localAddress: HOSTILE_ADDRESS, work };
      const { summary } = startHostile(plan, processes, join(folder, 'hostile.log'));
      summary.then((words) => note(`of the ${work.kind}: ${words}`), broke);
    },
    agents,
    agentsKnownUntilMs,
  };
}

function fail(why: string): never {
  throw new Error(why);
}
