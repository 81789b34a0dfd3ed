// Clients of the Node world: MQTT.js and ws, with https-proxy-agent or at the gateway.

import assert from 'node:assert/strict';
import { HttpsProxyAgent } from 'https-proxy-agent';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { generate } from 'mqtt-packet';
import { WebSocket, type ClientOptions } from 'ws';
import { signMqttPath } from '../../../sandbox/aws-iot/test/support/sign.ts';
import { GATEWAY } from '../../../sandbox/world/config-file.ts';
import { within } from '../hostile/bounded.ts';
import type { ClientCase, RefusedCase, Spot } from './client-case.ts';
import type { ClientWorld } from './client-world.ts';
import { wordsOfFailure } from './crt-cases.ts';
import { DATA, DATA_TUNNEL, MQTT_ALPN, OTHER_ACCOUNT, REFUSED } from './expected-lines.ts';

const STEP_MS = 8_000;

/** Signed for the data endpoint's name, wherever it is sent. */
function signedPath({ place }: ClientWorld): Promise<string> {
  const { region, accessKey } = place.aws;
  return signMqttPath({ host: DATA, region, ...accessKey });
}

const clearAgent = ({ host, port }: Spot): HttpsProxyAgent<string> => new HttpsProxyAgent(`http://${host}:${port}`);
/** By address, so without a server name: the default certificate has to fit. */
const secureAgent = ({ host, port }: Spot, ca: string): HttpsProxyAgent<string> => new HttpsProxyAgent(`https://${host}:${port}`, { ca });

/** What a DNS record would do: whatever name is asked for leads to the proxy. */
function leadTo({ host }: Spot): ClientOptions {
  const lookup = (_name: string, _options: object, done: (error: null, found: { address: string; family: 4 }[]) => void): void =>
    done(null, [{ address: host, family: 4 }]);
  return { lookup } as unknown as ClientOptions;
}

async function mqttJs(url: string, options: IClientOptions): Promise<void> {
  const client = mqtt.connect(url, { reconnectPeriod: 0, connectTimeout: STEP_MS, protocolVersion: 5, timerVariant: 'native', ...options });
  const topic = `test/real/${options.clientId}`;
  try {
    await within(STEP_MS, 'connected', connected(client));
    const back = new Promise<string>((resolve) => client.once('message', (_topic, payload) => resolve(payload.toString())));
    await within(STEP_MS, 'subscribed', client.subscribeAsync(topic, { qos: 1 }));
    await within(STEP_MS, 'acknowledged', client.publishAsync(topic, 'hello', { qos: 1 }));
    assert.equal(await within(STEP_MS, 'the message came back', back), 'hello');
    await within(STEP_MS, 'said goodbye', client.endAsync());
  } finally {
    client.end(true);
  }
}

function connected(client: MqttClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve());
    client.on('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
}

/** Upgrade, MQTT CONNECT, CONNACK: what a WebSocket library by itself can show. */
async function webSocket(url: string, clientId: string, options: ClientOptions): Promise<void> {
  const socket = new WebSocket(url, 'mqtt', options);
  const failed = new Promise<never>((_, reject) => socket.on('error', reject).on('close', () => reject(new Error('closed'))));
  failed.catch(() => {});
  try {
    await within(STEP_MS, 'upgraded', Promise.race([new Promise((resolve) => socket.once('open', resolve)), failed]));
    const answer = new Promise<Buffer>((resolve) => socket.once('message', (data: Buffer) => resolve(data)));
    socket.send(generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId, keepalive: 60 }));
    const connack = await within(STEP_MS, 'CONNACK', Promise.race([answer, failed]));
    // MQTT 3.1.1 section 3.2: type 2, two bytes, no session, accepted.
    assert.deepEqual([...connack], [0x20, 2, 0, 0]);
  } finally {
    const gone = new Promise((resolve) => socket.once('close', resolve));
    socket.close();
    setTimeout(() => socket.terminate(), 1_000).unref();
    if (socket.readyState !== WebSocket.CLOSED) await within(STEP_MS, 'closed', gone);
  }
}

export const NODE_CASES: readonly ClientCase[] = [
  {
    who: 'MQTT.js: MQTT over WebSocket, SigV4',
    door: 'gateway',
    run: async (world, spot) => {
      const url = `wss://${GATEWAY}:${spot.port}${await signedPath(world)}`;
      await mqttJs(url, { clientId: world.newClientId(), wsOptions: { ca: world.device.ca, ...leadTo(spot) } });
    },
    leaves: [{ ...DATA_TUNNEL, door: 'gateway', sni: GATEWAY, tls_version: 'TLSv1.3' }],
  },
  {
    who: 'MQTT.js with https-proxy-agent: MQTT over WebSocket, SigV4',
    door: 'connect',
    run: async (world, spot) => {
      const wsOptions = { ca: world.device.ca, agent: clearAgent(spot) };
      await mqttJs(`wss://${DATA}${await signedPath(world)}`, { clientId: world.newClientId(), wsOptions });
    },
    leaves: [{ ...DATA_TUNNEL, door: 'connect' }],
  },
  {
    who: 'MQTT.js with https-proxy-agent, TLS to the proxy by its address',
    door: 'connect-tls',
    run: async (world, spot) => {
      const wsOptions = { ca: world.device.ca, agent: secureAgent(spot, world.device.ca) };
      await mqttJs(`wss://${DATA}${await signedPath(world)}`, { clientId: world.newClientId(), wsOptions });
    },
    leaves: [{ ...DATA_TUNNEL, door: 'connect-tls', tls_version: 'TLSv1.3' }],
  },
  {
    who: "MQTT.js: MQTT with certificate, the endpoint's name led to the proxy",
    door: 'sni',
    run: (world, { host, port }) => {
      const tls = { host, port, servername: DATA, ...world.device, ALPNProtocols: [MQTT_ALPN] };
      return mqttJs(`mqtts://${host}:${port}`, { clientId: world.newClientId(), ...tls });
    },
    leaves: [{ ...DATA_TUNNEL, door: 'sni', alpn: MQTT_ALPN }],
  },
  {
    who: 'ws: upgrade and MQTT',
    door: 'gateway',
    run: async (world, spot) =>
      webSocket(`wss://${GATEWAY}:${spot.port}${await signedPath(world)}`, world.newClientId(), { ca: world.device.ca, ...leadTo(spot) }),
    leaves: [{ ...DATA_TUNNEL, door: 'gateway', sni: GATEWAY, tls_version: 'TLSv1.3' }],
  },
  {
    who: 'ws with https-proxy-agent: upgrade and MQTT',
    door: 'connect',
    run: async (world, spot) =>
      webSocket(`wss://${DATA}${await signedPath(world)}`, world.newClientId(), { ca: world.device.ca, agent: clearAgent(spot) }),
    leaves: [{ ...DATA_TUNNEL, door: 'connect' }],
  },
];

export const NODE_REFUSED: readonly RefusedCase[] = [
  {
    who: "MQTT.js with https-proxy-agent to another account's endpoint",
    door: 'connect',
    run: async (world, spot) => {
      const wsOptions = { ca: world.device.ca, agent: clearAgent(spot) };
      return wordsOfFailure(mqttJs(`wss://${OTHER_ACCOUNT}${await signedPath(world)}`, { clientId: world.newClientId(), wsOptions }));
    },
    // It has no more to tell: https-proxy-agent shows the refusal as the endpoint's answer, and MQTT.js keeps that to itself.
    shows: /^Error: closed$/,
    leaves: { ...REFUSED, door: 'connect', target_host: OTHER_ACCOUNT, status: 403 },
  },
  {
    who: "ws with https-proxy-agent to another account's endpoint",
    door: 'connect',
    run: (world, spot) => {
      const { ca } = world.device;
      return wordsOfFailure(webSocket(`wss://${OTHER_ACCOUNT}/mqtt`, world.newClientId(), { ca, agent: clearAgent(spot) }));
    },
    shows: /Unexpected server response: 403/,
    leaves: { ...REFUSED, door: 'connect', target_host: OTHER_ACCOUNT, status: 403 },
  },
  {
    who: 'ws at a path that AWS IoT does not serve',
    door: 'gateway',
    run: (world, spot) => {
      const url = `wss://${GATEWAY}:${spot.port}/other`;
      return wordsOfFailure(webSocket(url, world.newClientId(), { ca: world.device.ca, ...leadTo(spot) }));
    },
    shows: /Unexpected server response: 404/,
    leaves: { ...REFUSED, door: 'gateway', reason: 'NOT_FOUND', status: 404 },
  },
];
