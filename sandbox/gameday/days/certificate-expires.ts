// A node's own certificate runs out and nobody renews it: the node says so ahead, and is out of DNS before a client could meet it. Renewing it
// brings the node back, without a restart.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificatePem, createRoot, createServer, type Identity, keyPem } from '../../aws-iot/pki/authority.ts';
import { PROXY_NAMES } from '../../aws-iot/pki/files.ts';
import { mustRun } from '../../fleet/command.ts';
import type { FleetWorld } from '../../fleet/world.ts';
import { comesBackToDns, everyAgentIsThrough, factIs, nodesSay, noTunnelIsLost, staysInDns } from '../checks.ts';
import type { GameDay } from '../day.ts';
import { type Check, markOf, nodeIn, samplesBetween, type Story } from '../story.ts';

/** Of a life like this the last tenth is too little (docs/health.md), and a concern is said in the last quarter. */
const LIFE_S = 300;
const LEFT_S = 36;
/** Most of it is the latch's 10 s of ours, which do not run faster. */
const BACK_IN_DNS_S = 400;
const DAY_S = 86_400;
const EXPIRES = { words: 'that its certificate expires', like: /our certificate expires in/ };

export const certificateExpires: GameDay = {
  name: 'certificate-expires',
  does: 'lets the certificate of a node run out, and renews it late',
  world: { speed: 10 },
  async prepare(dir) {
    const { issue } = await newAuthority(dir);
    return { tls: await issue('all', { lifeS: 90 * DAY_S, leftS: 60 * DAY_S }) };
  },
  async play(stage) {
    const [, second] = stage.slots;
    const { world } = stage;
    const { issue } = await newAuthority(world.layout.dir);
    const before = world.observer.sight(second);
    const endsAtMs = world.nowMs() + LEFT_S * 1_000;
    await stage.did('short', `${second} has a certificate with ${LEFT_S} s left, and nobody renews it`, async () =>
      use(world, second, await issue('short', { lifeS: LIFE_S, leftS: LEFT_S })),
    );
    await stage.sees(`${second} says that it expires`, () => stage.hasConcern(second, EXPIRES.like), 30);
    await stage.sees(`${second} is out of DNS`, () => !stage.inDns(second), LEFT_S);
    await stage.sees('the certificate is over', () => world.nowMs() >= endsAtMs, LEFT_S + 5);
    await stage.watches('its tunnels', 2);
    await stage.did('renewed', `${second} is given a new certificate`, async () =>
      use(world, second, await issue('new', { lifeS: 90 * DAY_S, leftS: 60 * DAY_S })),
    );
    await stage.sees(`${second} is back in DNS`, () => stage.inDns(second) && stage.state(second) === 'ready', stage.within(BACK_IN_DNS_S));
    const after = world.observer.sight(second);
    stage.fact('same node', String(after?.pid === before?.pid && after?.generation === before?.generation));
  },
  judge(story) {
    const [first = '', second = '', third = ''] = story.slots;
    return [
      nodesSay(story, [second], EXPIRES, 'short', 30, 'renewed'),
      outBeforeItEnds(story, second),
      staysInDns(story, [first, third], 'short'),
      noTunnelIsLost(story, 'short'),
      comesBackToDns(story, second, 'renewed', BACK_IN_DNS_S),
      factIs(story, 'renewing it takes no restart', 'same node', 'true'),
      everyAgentIsThrough(story),
    ];
  },
};

/** On our clock, with what resolvers keep counted on Route 53's. */
export function outBeforeItEnds(story: Story, slot: string): Check {
  const objective = `${slot} is out of DNS, answers that resolvers keep included, before its certificate is over`;
  const mark = markOf(story, 'short');
  const sample = samplesBetween(story, 'short', 'renewed').find((one) => nodeIn(one, slot)?.inDns === false);
  if (mark === null || sample === undefined) return { objective, ok: false, seen: 'it stayed in DNS' };
  const goneMs = sample.atMs - mark.atMs + (story.ttlS * 1_000) / story.speed;
  const leftS = LEFT_S - goneMs / 1_000;
  return { objective, ok: leftS > 0, seen: `${leftS.toFixed(1)} s before its end` };
}

interface Life {
  readonly lifeS: number;
  readonly leftS: number;
}

interface Files {
  readonly certificate: string;
  readonly key: string;
}

/** One root for all of the nodes' certificates of this day; agents trust it by the file of the first. */
let root: Promise<Identity> | null = null;

async function newAuthority(dir: string) {
  root ??= createRoot({ name: 'CN=game day', days: 1, keys: 'ec' });
  const authority = await root;
  return {
    async issue(name: string, { lifeS, leftS }: Life): Promise<Files> {
      const subject = { name: `CN=${PROXY_NAMES[0]}`, names: PROXY_NAMES, keys: 'ec' as const };
      const server = await createServer(authority, { ...subject, days: leftS / DAY_S, backdatedDays: (lifeS - leftS) / DAY_S });
      const files = { certificate: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) };
      writeFileSync(files.certificate, certificatePem(server, authority), { mode: 0o600 });
      writeFileSync(files.key, await keyPem(server), { mode: 0o600 });
      return files;
    },
  };
}

/** As a renewal does it: another file in the node's configuration, and `reload`. */
async function use(world: FleetWorld, slot: string, { certificate, key }: Files): Promise<void> {
  const { config, runtime } = world.node(slot).slot;
  const lines = readFileSync(config, 'utf8')
    .replace(/^ {2}certificate: .*$/m, `  certificate: ${JSON.stringify(certificate)}`)
    .replace(/^ {2}key: .*$/m, `  key: ${JSON.stringify(key)}`);
  writeFileSync(`${config}.new`, lines, { mode: 0o600 });
  renameSync(`${config}.new`, config);
  await mustRun(['reload', '--runtime', runtime], world.awsEnv);
}
