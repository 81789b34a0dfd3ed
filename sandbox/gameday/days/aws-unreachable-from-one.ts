// One node of three does not reach AWS IoT: it leaves, and only it.

import { agentsAreBack, comesBackToDns, everyAgentIsThrough, leavesDns, nodesSay, staysInDns } from '../checks.ts';
import type { GameDay } from '../day.ts';

/** docs/health.md: 60 s until the node says no, 48 s until the checkers do. */
const OUT_OF_DNS_S = 110;
const BACK_IN_DNS_S = 150;
const BACK_MS = 2_000;
const LEAVES = { words: 'why', like: /most other nodes reach it, so this one leaves/ };

export const awsUnreachableFromOne: GameDay = {
  name: 'aws-unreachable-from-one',
  does: 'takes AWS IoT away from one node of three',
  // The chance in the probe's schedule, and what its steps take, do not run faster: more than this would count them several times.
  world: { speed: 3 },
  async play(stage) {
    const [, second] = stage.slots;
    const { world } = stage;
    await stage.did('cut', `${second} does not reach AWS IoT any more`, () => world.aws.cut(second));
    await stage.seesNobodyOver(second);
    await stage.sees(`${second} says no`, () => stage.state(second) === 'closed', stage.within(OUT_OF_DNS_S));
    await stage.sees(`${second} is out of DNS`, () => !stage.inDns(second), stage.within(OUT_OF_DNS_S));
    await stage.did('mended', `${second} reaches AWS IoT again`, () => world.aws.mend(second));
    await stage.sees(`${second} is back in DNS`, () => stage.inDns(second) && stage.state(second) === 'ready', stage.within(BACK_IN_DNS_S));
  },
  judge(story) {
    const [first = '', second = '', third = ''] = story.slots;
    return [
      leavesDns(story, second, 'cut', OUT_OF_DNS_S, { withTtl: false }),
      nodesSay(story, [second], LEAVES, 'cut', OUT_OF_DNS_S, 'mended'),
      staysInDns(story, [first, third], 'cut'),
      agentsAreBack(story, [{ slot: second, since: 'cut' }], { by: 'list', limitMs: BACK_MS }),
      comesBackToDns(story, second, 'mended', BACK_IN_DNS_S),
      everyAgentIsThrough(story),
    ];
  },
};
