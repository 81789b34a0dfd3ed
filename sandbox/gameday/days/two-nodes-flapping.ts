// Two nodes of three come and go: first their way to AWS IoT, in turn and together, then the nodes themselves. The third is not left alone for what
// AWS does; and where it is left alone, because the others are gone, it says so.

import { setTimeout as delay } from 'node:timers/promises';
import { everyAgentIsThrough, lonelinessIsTold, neverFewerInDns, staysInDns } from '../checks.ts';
import type { GameDay, Stage } from '../day.ts';

const ALONE = /other nodes are out or silent/;
/** The other nodes are asked in each round of the probe. */
const ALARM_S = 30;
const TURNS = 3;
/** Long enough for a node that fails alone to leave, and for the other to fail before it is back. */
const TURN_WORLD_S = 90;

export const twoNodesFlapping: GameDay = {
  name: 'two-nodes-flapping',
  does: 'takes AWS IoT away from two nodes in turn and together, and then has both hang again and again',
  world: { speed: 10 },
  async play(stage) {
    const [, second, third] = stage.slots;
    const { world } = stage;
    const turnS = TURN_WORLD_S / world.speed;
    await stage.did('flapping', `${second} and ${third} lose AWS IoT in turn, ${turnS.toFixed(0)} s each, and get it back`, async () => {
      for (let turn = 0; turn < TURNS && !stage.stop.aborted; turn += 1) {
        const [gone, back] = turn % 2 === 0 ? [second, third] : [third, second];
        world.aws.cut(gone);
        await world.aws.mend(back);
        await pause(stage, turnS);
      }
    });
    await stage.did('together', `${second} and ${third} lose AWS IoT together`, () => {
      world.aws.cut(second);
      world.aws.cut(third);
    });
    await stage.watches('whether both leave', (2 * TURN_WORLD_S) / world.speed);
    await stage.did('mended', 'both reach AWS IoT again', () => Promise.all([second, third].map((slot) => world.aws.mend(slot))));
    await stage.sees(
      'every node is ready and in DNS',
      () => stage.slots.every((slot) => stage.inDns(slot) && stage.state(slot) === 'ready'),
      90,
    );
    for (const round of [1, 2]) {
      await stage.did(`hanging-${round}`, `${second} and ${third} hang together`, () => {
        for (const slot of [second, third]) world.node(slot).freeze();
      });
      await stage.sees('the third is alone in DNS', () => !stage.inDns(second) && !stage.inDns(third), stage.within(110));
      await stage.sees('it says so', () => stage.hasConcern(stage.slots[0], ALONE), ALARM_S);
      await stage.did(`thawed-${round}`, 'both go on', () => {
        for (const slot of [second, third]) world.node(slot).thaw();
      });
      await stage.sees(
        'every node is ready and in DNS',
        () => stage.slots.every((slot) => stage.inDns(slot) && stage.state(slot) === 'ready'),
        90,
      );
    }
  },
  judge(story) {
    const [first = ''] = story.slots;
    return [
      neverFewerInDns(story, 2, 'flapping', 'hanging-1'),
      staysInDns(story, [first], 'flapping'),
      lonelinessIsTold(story, 'flapping', ALONE, ALARM_S),
      everyAgentIsThrough(story),
    ];
  },
};

async function pause({ stop }: Stage, seconds: number): Promise<void> {
  await delay(seconds * 1_000, undefined, { signal: stop }).catch(() => {});
}
