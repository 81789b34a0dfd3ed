// AWS IoT is down, for every node: no node may leave for what all of them share.

import { everyAgentIsThrough, nodesAreFine, nodesSay, staysInDns } from '../checks.ts';
import type { GameDay } from '../day.ts';

/** Three rounds of the probe, each with its chance, and what a refused dial takes. */
const DEGRADED_S = 60;
/** In which a node that left alone would be out of DNS (docs/health.md: 60 s and 48 s). */
const WATCHED_WORLD_S = 110;
const NOT_REACHED = { words: 'degraded: AWS IoT is not reached', like: /is not reached .* most other nodes do not reach it either/ };

export const awsDown: GameDay = {
  name: 'aws-down',
  does: 'takes AWS IoT away from every node',
  world: { speed: 10, agents: 12 },
  async play(stage) {
    const { slots, world } = stage;
    await stage.did('down', 'AWS IoT is down for all', () => {
      for (const slot of slots) world.aws.cut(slot);
    });
    await stage.sees('every node says degraded', () => slots.every((slot) => stage.hasConcern(slot, NOT_REACHED.like)), DEGRADED_S);
    await stage.watches('whether a node leaves', WATCHED_WORLD_S / world.speed);
    await stage.did('up', 'AWS IoT is back', () => Promise.all(slots.map((slot) => world.aws.mend(slot))));
    await stage.sees('every node is ready again', () => slots.every((slot) => stage.state(slot) === 'ready'), 60);
    await stage.seesEveryAgentThrough();
    await stage.did('well', 'all is well', () => {});
    await stage.watches('whether it stays so', 3);
  },
  judge(story) {
    return [
      staysInDns(story, story.slots, 'down'),
      nodesSay(story, story.slots, NOT_REACHED, 'down', DEGRADED_S, 'up'),
      nodesAreFine(story, story.slots, 'well', undefined, 0),
      everyAgentIsThrough(story),
    ];
  },
};
