// A machine dies: every process of a node at once, twice over, each time another one.

import { agentsAreBack, comesBackToDns, everyAgentIsThrough, leavesDns, staysInDns } from '../checks.ts';
import type { GameDay } from '../day.ts';

/** docs/fleet.md, "How long a dead node stays in DNS". */
const OUT_OF_DNS_S = 110;
const BACK_MS = 2_000;
const BACK_IN_DNS_S = 110;

export const nodeKilled: GameDay = {
  name: 'node-killed',
  does: 'kills every process of a node, and then of another',
  world: { speed: 10, agents: 72 },
  isTimed: true,
  async play(stage) {
    const { slots, world } = stage;
    for (const [index, slot] of slots.slice(0, 2).entries()) {
      const round = index + 1;
      await stage.did(`killed-${round}`, `killed every process of ${slot}`, () => world.node(slot).kill());
      await stage.seesNobodyOver(slot);
      await stage.sees(`${slot} is out of DNS`, () => !stage.inDns(slot), stage.within(OUT_OF_DNS_S));
      await stage.did(`started-${round}`, `started ${slot} again`, () => world.node(slot).start());
      await stage.sees(`${slot} is back in DNS`, () => stage.inDns(slot) && stage.state(slot) === 'ready', stage.within(BACK_IN_DNS_S));
    }
  },
  judge(story) {
    const [first = '', second = '', third = ''] = story.slots;
    const hits = [
      { slot: first, since: 'killed-1' },
      { slot: second, since: 'killed-2' },
    ];
    return [
      ...hits.map(({ slot, since }) => leavesDns(story, slot, since, OUT_OF_DNS_S, { withTtl: true })),
      staysInDns(story, [third], 'killed-1'),
      staysInDns(story, [second], 'killed-1', 'killed-2'),
      agentsAreBack(story, hits, { by: 'list', limitMs: BACK_MS }),
      comesBackToDns(story, first, 'started-1', BACK_IN_DNS_S),
      comesBackToDns(story, second, 'started-2', BACK_IN_DNS_S),
      everyAgentIsThrough(story),
    ];
  },
};
