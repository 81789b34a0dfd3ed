// What must work: every door, with the reference agent, from credentials to a message that comes back.

import { readFileSync } from 'node:fs';
import { systemClock } from '../../agent/clock.ts';
import type { Door } from '../../agent/doors.ts';
import { Agent, type AgentSettings } from '../../agent/session.ts';
import { GATEWAY, PROXY } from '../world/config-file.ts';
import type { Place } from '../world/place.ts';
import type { Case } from './case.ts';

const TOPIC = 'test/topic';
const ECHO_WITHIN_MS = 5_000;

interface Way {
  readonly door: Door;
  readonly port?: number;
  /** With the device certificate instead of SigV4. */
  readonly isMutual?: boolean;
}

export function allowedCases(place: Place): Case[] {
  const agent = createAgents(place);
  const echo = (what: string, way: Way): Case => ({
    door: way.door,
    what,
    expected: 'message came back',
    run: () => publishAndReceive(agent(way), `${way.door}-${way.port ?? 443}`),
  });
  const credentials = (door: Door): Case => ({
    door,
    what: 'credentials by device certificate',
    expected: 'credentials',
    run: async () => ((await agent({ door }).credentials()).sessionToken ? 'credentials' : 'nothing'),
  });
  return [
    credentials('connect'),
    echo('MQTT over WebSocket, SigV4', { door: 'connect' }),
    echo('MQTT with certificate, ALPN on 443', { door: 'connect', isMutual: true }),
    echo('MQTT with certificate on 8883', { door: 'connect', isMutual: true, port: 8883 }),
    credentials('connect-tls'),
    echo('MQTT over WebSocket, SigV4', { door: 'connect-tls' }),
    echo('MQTT with certificate, ALPN on 443', { door: 'connect-tls', isMutual: true }),
    credentials('sni'),
    echo('MQTT over WebSocket, SigV4', { door: 'sni' }),
    echo('MQTT with certificate, ALPN on 443', { door: 'sni', isMutual: true }),
    echo('MQTT over WebSocket, SigV4', { door: 'gateway' }),
  ];
}

/** The client id is the thing's name, as policies with thing variables want it; so one session has to end before the next begins. */
function createAgents(place: Place): (way: Way) => Agent {
  const { aws, ports } = place;
  const read = (path: string): string => readFileSync(path, 'utf8');
  const ca = read(aws.files.ca);
  const identity = { ca, cert: read(aws.files.deviceCertificate), key: read(aws.files.deviceKey) };
  const role = { credentialsEndpoint: aws.credentials.host, roleAlias: aws.roleAlias, thing: aws.thing, region: aws.region };
  return ({ door, port = 443, isMutual = false }) => {
    const isTls = door === 'connect-tls' || door === 'gateway';
    const settings: AgentSettings = {
      door,
      proxies: [{ isTls, host: isTls ? PROXY : '127.0.0.1', port: ports.proxy.number, authorization: null }],
      proxyTls: { ca, cert: undefined, key: undefined },
      gateway: GATEWAY,
      endpoint: aws.data.host,
      port,
      ...identity,
      clientId: aws.thing,
      keepAliveSeconds: 60,
      role: isMutual ? null : role,
    };
    return new Agent(settings, { clock: systemClock, random: Math.random, lookup: () => Promise.resolve(['127.0.0.1']) });
  };
}

async function publishAndReceive(agent: Agent, word: string): Promise<string> {
  const session = await agent.openSession();
  try {
    const received = Promise.withResolvers<string>();
    const timer = setTimeout(() => received.resolve('message did not come back'), ECHO_WITHIN_MS);
    await session.subscribe(TOPIC, (_topic, payload) => {
      if (payload.toString('utf8') === word) received.resolve('message came back');
    });
    await session.publish(TOPIC, word);
    const seen = await received.promise;
    clearTimeout(timer);
    return seen;
  } finally {
    await session.end();
  }
}
