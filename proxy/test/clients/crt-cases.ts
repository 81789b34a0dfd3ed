// The AWS IoT Device SDK v2 through every door that it can use.

import { fileURLToPath } from 'node:url';
import { PROXY } from '../../../sandbox/world/config-file.ts';
import type { ClientCase, RefusedCase } from './client-case.ts';
import { bySigV4, byCertificate, echoOnce, echoOnce311, longLivedKey, plainProxy, roleCredentials, tlsProxy } from './crt.ts';
import { CREDENTIALS_TUNNEL, DATA, DATA_TUNNEL, MQTT_ALPN, OTHER_ACCOUNT, REFUSED } from './expected-lines.ts';
import { withOwnHosts } from './own-hosts.ts';
import { run } from './program.ts';

const SDK = 'AWS IoT SDK v2';
const ALONE = fileURLToPath(new URL('crt-alone.ts', import.meta.url));

export const CRT_CASES: readonly ClientCase[] = [
  {
    who: `${SDK}: MQTT 5 with certificate, ALPN on 443`,
    door: 'connect',
    run: (world, spot) => {
      const builder = byCertificate(DATA, world.device).withPort(443).withHttpProxyOptions(plainProxy(spot));
      return echoOnce(builder, world.newClientId());
    },
    leaves: [{ ...DATA_TUNNEL, door: 'connect', alpn: MQTT_ALPN }],
  },
  {
    who: `${SDK}: MQTT 5 with certificate, ALPN on 443, TLS to the proxy`,
    door: 'connect-tls',
    run: (world, spot) => {
      const builder = byCertificate(DATA, world.device).withPort(443);
      return echoOnce(builder.withHttpProxyOptions(tlsProxy(spot, world.device.ca, PROXY)), world.newClientId());
    },
    leaves: [{ ...DATA_TUNNEL, door: 'connect-tls', alpn: MQTT_ALPN, tls_version: 'TLSv1.3' }],
  },
  {
    who: `${SDK}: MQTT 5 with certificate on 8883`,
    door: 'connect',
    run: (world, spot) => {
      const builder = byCertificate(DATA, world.device).withPort(8883).withHttpProxyOptions(plainProxy(spot));
      return echoOnce(builder, world.newClientId());
    },
    leaves: [{ ...DATA_TUNNEL, door: 'connect', target_port: 8883 }],
  },
  {
    who: `${SDK}: MQTT 5 over WebSocket, SigV4`,
    door: 'connect',
    run: (world, spot) => echoOnce(bySigV4(world, longLivedKey(world)).withHttpProxyOptions(plainProxy(spot)), world.newClientId()),
    leaves: [{ ...DATA_TUNNEL, door: 'connect', alpn: null }],
  },
  {
    who: `${SDK}: credentials by certificate, then MQTT 5 over WebSocket with them`,
    door: 'connect',
    run: (world, spot) =>
      echoOnce(bySigV4(world, roleCredentials(world, spot)).withHttpProxyOptions(plainProxy(spot)), world.place.aws.thing),
    leaves: [
      { ...CREDENTIALS_TUNNEL, door: 'connect', alpn: null },
      { ...DATA_TUNNEL, door: 'connect', alpn: null },
    ],
    lingers: true,
  },
  {
    who: `${SDK}: MQTT 3.1.1 with certificate, ALPN on 443`,
    door: 'connect',
    run: (world, spot) => echoOnce311(world, spot, world.newClientId()),
    leaves: [{ ...DATA_TUNNEL, door: 'connect', alpn: MQTT_ALPN }],
  },
  {
    who: `${SDK}: MQTT 5 with certificate, no proxy set, the endpoint's name led to the proxy`,
    door: 'sni',
    needs: ['own hosts file'],
    run: async (world, spot) => {
      const { files } = world.place.aws;
      const words = [DATA, String(spot.port), files.ca, files.deviceCertificate, files.deviceKey, world.newClientId()];
      await run(...withOwnHosts(world.place.hosts, process.execPath, [ALONE, ...words]));
    },
    leaves: [{ ...DATA_TUNNEL, door: 'sni', alpn: MQTT_ALPN }],
  },
];

/** The SDK has one word for every refusal; which one it was, only the node's record says. */
const CONNECT_FAILED = /AWS_ERROR_HTTP_PROXY_CONNECT_FAILED/;

export const CRT_REFUSED: readonly RefusedCase[] = [
  {
    who: `${SDK}: MQTT 5 to another account's endpoint`,
    door: 'connect',
    run: (world, spot) => {
      const builder = byCertificate(OTHER_ACCOUNT, world.device).withPort(443).withHttpProxyOptions(plainProxy(spot));
      return wordsOfFailure(echoOnce(builder, world.newClientId()));
    },
    shows: CONNECT_FAILED,
    leaves: { ...REFUSED, door: 'connect', target_host: OTHER_ACCOUNT, target_port: 443, status: 403 },
  },
  {
    who: `${SDK}: MQTT 5 to another account's endpoint, TLS to the proxy`,
    door: 'connect-tls',
    run: (world, spot) => {
      const builder = byCertificate(OTHER_ACCOUNT, world.device).withPort(443);
      return wordsOfFailure(echoOnce(builder.withHttpProxyOptions(tlsProxy(spot, world.device.ca, PROXY)), world.newClientId()));
    },
    shows: CONNECT_FAILED,
    leaves: { ...REFUSED, door: 'connect-tls', target_host: OTHER_ACCOUNT, target_port: 443, status: 403 },
  },
  {
    who: `${SDK}: MQTT 3.1.1 to another account's endpoint`,
    door: 'connect',
    run: (world, spot) => wordsOfFailure(echoOnce311(world, spot, world.newClientId(), OTHER_ACCOUNT)),
    shows: CONNECT_FAILED,
    leaves: { ...REFUSED, door: 'connect', target_host: OTHER_ACCOUNT, target_port: 443, status: 403 },
  },
  {
    who: `${SDK}: MQTT 5 to a port that is not listed`,
    door: 'connect',
    run: (world, spot) => {
      const builder = byCertificate(DATA, world.device).withPort(1883).withHttpProxyOptions(plainProxy(spot));
      return wordsOfFailure(echoOnce(builder, world.newClientId()));
    },
    shows: CONNECT_FAILED,
    leaves: { ...REFUSED, door: 'connect', reason: 'PORT_NOT_ALLOWED', target_host: DATA, target_port: 1883, status: 403 },
  },
];

export function wordsOfFailure(work: Promise<void>): Promise<string> {
  return work.then(
    () => Promise.reject(new Error('it was let through')),
    (error: unknown) => String(error),
  );
}
