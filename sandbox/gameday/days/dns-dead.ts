// The resolver that all nodes ask is dead: tunnels live, agents that come are served by stale answers, and every node says so.

import { addressForDns } from '../../fleet/aws-side.ts';
import { everyAgentIsThrough, factIs, nodesAreFine, nodesSay, noTunnelIsLost, staysInDns } from '../checks.ts';
import type { GameDay } from '../day.ts';

/** Answers that are still fresh are over by then (proxy/core/limits.ts keeps them for 5 s at least). */
const FRESH_S = 6;
/** An agent of each node, and more than a few. */
const ASKED_BACK = 9;
const SAYS_S = 30;
const NO_SERVER = { words: 'that no DNS server answers', like: /no DNS server answers/ };

export const dnsDead: GameDay = {
  name: 'dns-dead',
  does: 'kills the DNS server that all nodes ask',
  world: { speed: 10 },
  async prepare() {
    const address = addressForDns();
    return address === null ? { cannot: 'this machine has no IPv4 address but loopback, which nodes never dial' } : { dnsAddress: address };
  },
  async play(stage) {
    const { slots, world } = stage;
    const chosen = chooseFromEach(world.agents.views(), ASKED_BACK);
    await stage.did('dead', 'killed the DNS server', async () => world.aws.names?.kill());
    await stage.watches('what nodes have asked for becomes old', FRESH_S);
    await stage.did('sent-back', `AWS ends the sessions of ${chosen.length} agents, and they come again`, () => {
      for (const agent of chosen) world.aws.iot.disconnect(agent);
    });
    const isBack = (): boolean =>
      world.agents.views().every(({ agent, over, reconnects }) => over !== null && (!chosen.includes(agent) || reconnects > 0));
    await stage.sees('they are through, by stale answers', isBack, 30);
    stage.fact('all came back', String(isBack()));
    await stage.sees(
      'every node says that no DNS server answers',
      () => slots.every((slot) => stage.hasConcern(slot, NO_SERVER.like)),
      SAYS_S,
    );
    await stage.watches('whether a node leaves', 11);
    await stage.did('alive', 'the DNS server is back', async () => world.aws.names?.revive());
    await stage.sees('every node is ready, without a concern', () => slots.every((slot) => stage.state(slot) === 'ready'), 60);
    await stage.did('well', 'all is well', () => {});
    await stage.watches('whether it stays so', 3);
  },
  judge(story) {
    const chosen = story.outages
      .filter(({ fromMs }) => fromMs >= (story.marks['sent-back']?.atMs ?? Number.POSITIVE_INFINITY))
      .map(({ agent }) => agent);
    return [
      noTunnelIsLost(story, 'dead', 'sent-back'),
      factIs(story, 'agents that come meanwhile are served, by stale answers', 'all came back', 'true'),
      {
        objective: 'only those that AWS has sent away come again',
        ok: chosen.length > 0 && chosen.length <= ASKED_BACK,
        seen: `${chosen.length} lost a session, ${ASKED_BACK} of them were sent away`,
      },
      nodesSay(story, story.slots, NO_SERVER, 'dead', SAYS_S, 'alive'),
      staysInDns(story, story.slots, 'dead'),
      nodesAreFine(story, story.slots, 'well', undefined, 0),
      everyAgentIsThrough(story),
    ];
  },
};

/** As many of each node as there are, in turn. */
function chooseFromEach(agents: readonly { readonly agent: string; readonly over: string | null }[], count: number): string[] {
  const ofSlot = new Map<string, string[]>();
  for (const { agent, over } of agents) if (over !== null) ofSlot.set(over, [...(ofSlot.get(over) ?? []), agent]);
  const rows = [...ofSlot.values()];
  return Array.from({ length: count }, (_, row) => rows.flatMap((list) => list.slice(row, row + 1)))
    .flat()
    .slice(0, count);
}
