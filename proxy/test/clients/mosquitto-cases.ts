// mosquitto's clients, which know no HTTP proxy: at the sni door, the endpoint's name led to the proxy, and at the connect door through
// socat, which does the CONNECT for them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientCase, RefusedCase, Spot } from './client-case.ts';
import type { ClientWorld } from './client-world.ts';
import { DATA, DATA_TUNNEL, MQTT_ALPN, OTHER_ACCOUNT, REFUSED } from './expected-lines.ts';
import type { Need } from './needs.ts';
import { withOwnHosts } from './own-hosts.ts';
import { Program, run, runToFailure } from './program.ts';

const MOSQUITTO: readonly Need[] = ['mosquitto_pub', 'mosquitto_sub', 'own hosts file'];

/** A message from mosquitto_pub to mosquitto_sub, both of which dial the endpoint's name at `port`. */
async function publishToSubscriber(world: ClientWorld, port: number): Promise<void> {
  const { place } = world;
  const { ca, deviceCertificate, deviceKey } = place.aws.files;
  const [publisher, subscriber] = [world.newClientId(), world.newClientId()];
  const common = [
    ...['-h', DATA, '-p', String(port), '--cafile', ca, '--cert', deviceCertificate, '--key', deviceKey],
    ...['--tls-alpn', MQTT_ALPN, '-V', 'mqttv5', '-q', '1', '-t', `test/real/${subscriber}`],
  ];
  const sub = new Program(...withOwnHosts(place.hosts, 'mosquitto_sub', [...common, '-i', subscriber, '-C', '1', '-W', '10']));
  try {
    const isSubscribed = new RegExp(`"${subscriber}".*subscribed: 1 of 1`);
    await sub.until('mosquitto_sub has subscribed', () => (isSubscribed.test(world.awsLog()) ? true : null));
    await run(...withOwnHosts(place.hosts, 'mosquitto_pub', [...common, '-i', publisher, '-m', 'hello']));
    assert.equal(await sub.ended, 0, sub.said);
    assert.equal(sub.stdout, 'hello\n');
  } finally {
    sub.kill();
    await sub.ended;
  }
}

/** `PROXY:` is socat's address for a CONNECT; port 0 lets the system choose where it listens, and socat says which. */
async function throughSocat(target: string, { host, port }: Spot, use: (port: number) => Promise<void>): Promise<void> {
  const proxy = `PROXY:${host}:${target}:443,proxyport=${port}`;
  const socat = new Program('socat', ['-d', '-d', 'TCP-LISTEN:0,bind=127.0.0.1,fork', proxy]);
  try {
    const said = await socat.until('socat listens', () => /listening on AF=2 127\.0\.0\.1:(\d+)/.exec(socat.stderr));
    await use(Number(said[1]));
  } finally {
    socat.kill();
    await socat.ended;
  }
}

const TUNNEL = { ...DATA_TUNNEL, alpn: MQTT_ALPN };

export const MOSQUITTO_CASES: readonly ClientCase[] = [
  {
    who: 'mosquitto_pub to mosquitto_sub',
    door: 'sni',
    needs: MOSQUITTO,
    run: (world, spot) => publishToSubscriber(world, spot.port),
    leaves: [
      { ...TUNNEL, door: 'sni' },
      { ...TUNNEL, door: 'sni' },
    ],
  },
  {
    who: 'mosquitto_pub to mosquitto_sub through socat',
    door: 'connect',
    needs: [...MOSQUITTO, 'socat'],
    run: (world, spot) => throughSocat(DATA, spot, (port) => publishToSubscriber(world, port)),
    leaves: [
      { ...TUNNEL, door: 'connect' },
      { ...TUNNEL, door: 'connect' },
    ],
  },
];

export const MOSQUITTO_REFUSED: readonly RefusedCase[] = [
  {
    who: "mosquitto_pub at another account's endpoint",
    door: 'sni',
    needs: MOSQUITTO,
    run: (world, { host, port }) => {
      const hosts = join(world.place.dir, 'other-hosts');
      writeFileSync(hosts, `${host} ${OTHER_ACCOUNT}\n`);
      const args = ['-h', OTHER_ACCOUNT, '-p', String(port), '--cafile', world.place.aws.files.ca, '-t', 'test/a', '-m', 'x', '-d'];
      return runToFailure(...withOwnHosts(hosts, 'mosquitto_pub', args));
    },
    shows: /unrecognized name/,
    leaves: { ...REFUSED, sni: OTHER_ACCOUNT },
  },
  {
    who: "socat to another account's endpoint",
    door: 'connect',
    needs: ['socat'],
    run: (_world, { host, port }) => runToFailure('socat', ['-T', '5', '-', `PROXY:${host}:${OTHER_ACCOUNT}:443,proxyport=${port}`]),
    shows: /TARGET_NOT_ALLOWED/,
    leaves: { ...REFUSED, door: 'connect', target_host: OTHER_ACCOUNT, target_port: 443, status: 403 },
  },
];
