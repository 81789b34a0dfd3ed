// One open along a way, stage by stage: what k6 shows as a whole. A refusal comes out as the agent's failure, with status and Retry-After.

import type { Duplex } from 'node:stream';
import { systemClock } from '../../agent/clock.ts';
import { openTunnel } from '../../agent/connect.ts';
import { openTcp } from '../../agent/tcp.ts';
import { openTls } from '../../agent/tls.ts';
import type { ProbeSeen } from '../run-record.ts';
import { connectMqtt, upgrade, type Session } from './session.ts';
import type { Way } from './way.ts';

export type StageName = ProbeSeen['stages'][number]['stage'];

export interface OpenRequest {
  readonly target: { readonly host: string; readonly port: number };
  readonly clientId: string;
  /** Roots of the proxies' TLS, in PEM. */
  readonly ca: string | undefined;
  readonly took: (stage: StageName, ms: number) => void;
}

export async function open(way: Way, request: OpenRequest): Promise<Session> {
  const timed = async <T>(stage: StageName, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const value = await work();
    request.took(stage, performance.now() - began);
    return value;
  };
  let stream: Duplex = await timed('tcp', () => openTcp(way, systemClock));
  if (way.door === 'connect-tls') {
    const peer = { leg: 'proxy-tls', host: way.serverName ?? way.host, ca: request.ca, alpn: ['http/1.1'] } as const;
    const tcp = stream;
    stream = await timed('tls', () => openTls(tcp, peer, systemClock));
  }
  if (way.door !== 'direct') {
    const proxy = stream;
    stream = await timed('connect', () => openTunnel(proxy, { target: request.target, authorization: null }, systemClock));
  }
  const inside = stream;
  const webSocket = await timed('upgrade', () => upgrade(inside, request.target.host));
  return timed('connack', () => connectMqtt(webSocket, request.clientId));
}
