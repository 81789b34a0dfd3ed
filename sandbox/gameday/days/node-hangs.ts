// A machine hangs: every process of a node is stopped (SIGSTOP), the kernel goes on accepting for it. First for a moment, as a virtual machine that
// is moved; then for good.

import { agentsAreBack, comesBackToDns, everyAgentIsThrough, factIs, leavesDns, noTunnelIsLost, staysInDns } from '../checks.ts';
import type { GameDay } from '../day.ts';

const OUT_OF_DNS_S = 110;
const BACK_IN_DNS_S = 110;
/** docs/agent.md: a message is not acknowledged for 10 s; one is sent each second, and the other address is dialled within half a second. */
const BACK_MS = 15_000;
/** Longer than the 3 s after which the supervisor takes a silent child for hung, shorter than what agents wait for an acknowledgement. */
const MOMENT_S = 5;

export const nodeHangs: GameDay = {
  name: 'node-hangs',
  does: 'stops every process of a node (SIGSTOP), for a moment and then for good',
  world: { speed: 10, agents: 48 },
  isTimed: true,
  async play(stage) {
    const { world } = stage;
    const [first, second] = stage.slots;
    await stage.did('paused', `stopped every process of ${first} for ${MOMENT_S} s`, () => world.node(first).freeze());
    await stage.watches('its agents wait', MOMENT_S);
    const before = world.node(first).processes();
    await stage.did('resumed', `let ${first} go on`, () => world.node(first).thaw());
    await stage.sees(`${first} is ready`, () => stage.state(first) === 'ready' && stage.inDns(first), stage.within(BACK_IN_DNS_S));
    await stage.watches('whether its tunnels go on', 4);
    stage.fact('same processes', String(world.node(first).processes() === before));
    await stage.did('hung', `stopped every process of ${second}`, () => world.node(second).freeze());
    await stage.seesNobodyOver(second);
    await stage.sees(`${second} is out of DNS`, () => !stage.inDns(second), stage.within(OUT_OF_DNS_S));
    await stage.did('thawed', `let ${second} go on`, () => world.node(second).thaw());
    await stage.sees(`${second} is back in DNS`, () => stage.inDns(second), stage.within(BACK_IN_DNS_S));
  },
  judge(story) {
    const [first = '', second = '', third = ''] = story.slots;
    return [
      noTunnelIsLost(story, 'paused', 'hung'),
      factIs(story, `a hang of ${MOMENT_S} s costs ${first} no process`, 'same processes', 'true'),
      leavesDns(story, second, 'hung', OUT_OF_DNS_S, { withTtl: true }),
      staysInDns(story, [third], 'paused'),
      agentsAreBack(story, [{ slot: second, since: 'hung' }], { by: 'list', limitMs: BACK_MS }),
      comesBackToDns(story, second, 'thawed', BACK_IN_DNS_S),
      everyAgentIsThrough(story),
    ];
  },
};
