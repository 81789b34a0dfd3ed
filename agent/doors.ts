// The four doors of the proxy, seen from the device: how each gets from an address of the proxy to TLS with AWS IoT.

import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ProxyAddress } from './addresses.ts';
import type { Clock } from './clock.ts';
import type { ConnectAnswer } from './connect-answer.ts';
import { openTunnel } from './connect.ts';
import { openTcp } from './tcp.ts';
import { openTls, type ShownCertificate, type TlsPeer } from './tls.ts';

export const DOORS = ['connect', 'connect-tls', 'sni', 'gateway'] as const;
export type Door = (typeof DOORS)[number];

/** How this device meets the proxy itself, where the proxy speaks TLS. */
export interface ProxyTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly groups?: string | undefined;
}

export interface EndpointRequest {
  readonly door: Exclude<Door, 'gateway'>;
  readonly target: { readonly host: string; readonly port: number };
  readonly ca: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly alpn?: readonly string[] | undefined;
  readonly isNamed?: boolean | undefined;
  readonly groups?: string | undefined;
}

/** Who wants to know more than how it ended: what each leg showed, in the order of the way. */
export interface Watch {
  proxyCertificate(shown: ShownCertificate): void;
  answer(answer: ConnectAnswer): void;
  endpointCertificate(shown: ShownCertificate): void;
}

/** TLS with AWS IoT itself, through the proxy: the proxy sees the name, and nothing else. */
export async function openEndpoint(
  proxy: ProxyAddress,
  request: EndpointRequest,
  tls: ProxyTls,
  clock: Clock,
  watch?: Watch,
): Promise<TLSSocket> {
  const stream = await openRaw(proxy, request, tls, clock, watch);
  const { ca, cert, key, alpn, isNamed, groups } = request;
  const peer = { leg: 'endpoint-tls', host: request.target.host, ca, cert, key, alpn, isNamed, groups } as const;
  return await openTls(stream, { ...peer, onCertificate: watch?.endpointCertificate }, clock);
}

/** TLS with the proxy's gateway name: it ends there, and the proxy speaks to AWS IoT in its own TLS. */
export async function openGateway(proxy: ProxyAddress, name: string, tls: ProxyTls, clock: Clock, watch?: Watch): Promise<TLSSocket> {
  return await openTls(await openAddress(proxy, clock), proxyPeer(name, tls, watch), clock);
}

/** As far as the first byte of TLS with AWS IoT. */
export async function openRaw(
  proxy: ProxyAddress,
  request: Pick<EndpointRequest, 'door' | 'target'>,
  tls: ProxyTls,
  clock: Clock,
  watch?: Watch,
): Promise<Duplex> {
  const tcp = await openAddress(proxy, clock);
  const connect = { target: request.target, authorization: proxy.authorization, onAnswer: watch?.answer };
  switch (request.door) {
    case 'sni':
      return tcp;
    case 'connect':
      return await openTunnel(tcp, connect, clock);
    case 'connect-tls':
      return await openTunnel(await openTls(tcp, proxyPeer(proxy.host, tls, watch), clock), connect, clock);
  }
}

function openAddress(proxy: ProxyAddress, clock: Clock): Promise<Duplex> {
  return openTcp({ host: proxy.address, port: proxy.port }, clock);
}

export function proxyPeer(host: string, tls: ProxyTls, watch?: Watch): TlsPeer {
  // http/1.1 is the only protocol a CONNECT proxy can choose; offering h2 is how Go clients break on some.
  return { leg: 'proxy-tls', host, ...tls, alpn: ['http/1.1'], onCertificate: watch?.proxyCertificate };
}
