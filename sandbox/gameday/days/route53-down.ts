// The API of Route 53 is down: nothing changes, what its data plane does goes on, and `fleet run` recovers by itself.

import { readFileSync, writeFileSync } from 'node:fs';
import { runPinhole } from '../../fleet/command.ts';
import type { FleetWorld } from '../../fleet/world.ts';
import { comesBackToDns, everyAgentIsThrough, factIs, leavesDns, runSays, staysInDns } from '../checks.ts';
import type { GameDay } from '../day.ts';

const OUT_OF_DNS_S = 110;
const BACK_IN_DNS_S = 110;
/** Eight tries with back-off (healthcheck/fleet/route53/caller.ts) are half a minute at the most. */
const GIVES_UP_S = 60;
/** More than it has: what gives a slot load may be done at once, what takes it waits for two TTLs behind the last such change. */
const WEIGHT = 120;
const MORE_THAN_ANY = 1_000_000;

export const route53Down: GameDay = {
  name: 'route53-down',
  does: 'takes the API of Route 53 away, while FLEET.yaml changes and a node dies',
  world: { speed: 10 },
  async play(stage) {
    const [, second, third] = stage.slots;
    const { world } = stage;
    const said = (event: string, sinceMs: number): boolean => world.runLines().some((line) => line.event === event && line.atMs >= sinceMs);
    const before = recordsOf(world);
    await stage.did('down', 'the API of Route 53 is down: every connection breaks', () =>
      world.route53.arm({ kind: 'lose-request', times: MORE_THAN_ANY }),
    );
    await stage.did('changed', `FLEET.yaml gives ${third} another weight`, () => {
      giveWeight(world, third, WEIGHT);
      world.fleetRun.lookNow();
    });
    const sinceMs = world.nowMs();
    await stage.did('killed', `killed every process of ${second}`, () => world.node(second).kill());
    await stage.sees(`${second} is out of DNS all the same`, () => !stage.inDns(second), stage.within(OUT_OF_DNS_S));
    await stage.sees('fleet run says that it cannot', () => said('failed', sinceMs), GIVES_UP_S);
    const status = await runPinhole(['fleet', 'status', '-c', world.layout.fleetFile, '--json'], world.awsEnv);
    stage.fact('status', `exit code ${status.code}, ${/"code":"([A-Z_]+)"/.exec(status.out)?.[1] ?? 'no code'}`);
    stage.fact('records meanwhile', recordsOf(world) === before ? 'as they were' : 'changed');
    await stage.did('started', `started ${second} again`, () => world.node(second).start());
    await stage.did('up', 'the API of Route 53 is back', () => {
      world.route53.disarm();
      world.fleetRun.lookNow();
    });
    const upMs = world.nowMs();
    await stage.sees('fleet run has run', () => said('ran', upMs), GIVES_UP_S);
    await stage.sees(`${third} has its new weight`, () => weightOf(world, third) === WEIGHT, GIVES_UP_S);
    stage.fact('weight in the end', String(weightOf(world, third)));
    await stage.sees(`${second} is back in DNS`, () => stage.inDns(second), stage.within(BACK_IN_DNS_S));
  },
  judge(story) {
    const [first = '', second = '', third = ''] = story.slots;
    return [
      factIs(story, 'no record changes while the API is away', 'records meanwhile', 'as they were'),
      runSays(story, 'failed', 'down', 'up'),
      factIs(story, 'fleet status says why it cannot', 'status', 'exit code 1, NETWORK_LOST'),
      leavesDns(story, second, 'killed', OUT_OF_DNS_S, { withTtl: true }),
      staysInDns(story, [first, third], 'down'),
      runSays(story, 'ran', 'up'),
      factIs(story, 'what was changed in the file meanwhile is done then', 'weight in the end', String(WEIGHT)),
      comesBackToDns(story, second, 'started', BACK_IN_DNS_S),
      everyAgentIsThrough(story),
    ];
  },
};

function recordsOf({ route53 }: FleetWorld): string {
  return JSON.stringify(route53.zones.all().map(({ records }) => records));
}

function weightOf({ route53 }: FleetWorld, slot: string): number | undefined {
  const records = route53.zones.all().flatMap(({ records: all }) => all);
  return records.find(({ setIdentifier, weight }) => setIdentifier?.endsWith(`/${slot}`) === true && weight !== undefined)?.weight;
}

/** As an editor would. */
function giveWeight({ layout }: FleetWorld, slot: string, weight: number): void {
  const text = readFileSync(layout.fleetFile, 'utf8');
  writeFileSync(layout.fleetFile, text.replace(`id: ${slot},`, `id: ${slot}, weight: ${weight},`));
}
