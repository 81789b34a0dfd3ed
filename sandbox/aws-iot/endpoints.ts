/** The ports of both endpoints: which protocol answers on which, and who is let in. The table is that of the guide, "Protocols". */

import type { TLSSocket } from 'node:tls';
import { answerCredentials, readCredentialRequest } from './http/credential-service.ts';
import { answerData } from './http/data-service.ts';
import { identify, sourceIp } from './http/device-certificate.ts';
import { createFeed, readBody } from './http/feed.ts';
import { respond } from './http/respond.ts';
import { createUpgrade } from './http/web-socket.ts';
import type { Limits } from './limits.ts';
import type { Broker } from './mqtt/broker.ts';
import { Gate } from './mqtt/gate.ts';
import { REASON } from './mqtt/reasons.ts';
import type { SessionBook } from './mqtt/session-book.ts';
import type { EndpointNames } from './names.ts';
import { accessKeyPrincipal, certificatePrincipal } from './principal.ts';
import type { Registry } from './registry.ts';
import type { AccessKeys } from './sigv4/access-keys.ts';
import type { VerifyContext } from './sigv4/signature.ts';
import { verifyRequest } from './sigv4/verify-request.ts';
import type { Route } from './tls/front.ts';

export interface EndpointDeps {
  readonly names: EndpointNames;
  readonly registry: Registry;
  readonly keys: AccessKeys;
  readonly broker: Broker;
  readonly sessions: SessionBook;
  readonly limits: Limits;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export interface EndpointRoutes {
  /** Stands for 443 of the data endpoint. */
  readonly wss: readonly Route[];
  /** Stands for 8883. */
  readonly mqtt: readonly Route[];
  /** Stands for 8443. */
  readonly https: readonly Route[];
  readonly credentials: readonly Route[];
}

export function createRoutes(deps: EndpointDeps): EndpointRoutes {
  const mqtt = (socket: TLSSocket) => serveMqtt(socket, deps);
  const https = createDataFeed(deps);
  const wss = createWssFeed(deps);
  const credentials = createCredentialFeed(deps);
  const any = () => true;
  return {
    wss: [
      { takes: ({ alpn }) => alpn.includes('x-amzn-mqtt-ca'), alpn: ['x-amzn-mqtt-ca'], asksForCertificate: true, serve: mqtt },
      { takes: ({ alpn }) => alpn.includes('x-amzn-http-ca'), alpn: ['x-amzn-http-ca'], asksForCertificate: true, serve: https },
      // `mqtt` alone is custom authentication, which this account does not have: no route, so the handshake is refused.
      { takes: ({ alpn }) => alpn.length === 0 || alpn.includes('http/1.1'), alpn: ['http/1.1'], asksForCertificate: false, serve: wss },
    ],
    mqtt: [{ takes: any, alpn: [], asksForCertificate: true, serve: mqtt }],
    https: [{ takes: any, alpn: ['x-amzn-http-ca', 'http/1.1'], asksForCertificate: true, serve: https }],
    credentials: [{ takes: any, alpn: ['http/1.1'], asksForCertificate: true, serve: credentials }],
  };
}

function serveMqtt(socket: TLSSocket, deps: EndpointDeps): void {
  const device = identify(socket, deps.registry, deps.now());
  if (!device.ok) {
    // AWS ends the handshake here. Node asks us after it, so the client sees its first write answered by a close.
    deps.log(`data: mqtt refused: ${device.why}`);
    socket.destroy();
    return;
  }
  new Gate(socket, certificatePrincipal(deps.registry, device.id, sourceIp(socket)), deps);
}

function createDataFeed(deps: EndpointDeps) {
  return createFeed({
    name: 'data https',
    requestTimeoutMs: deps.limits.firstRequestTimeoutMs,
    log: deps.log,
    async onRequest(request, response, socket) {
      const device = identify(socket, deps.registry, deps.now());
      const principal = device.ok ? certificatePrincipal(deps.registry, device.id, sourceIp(socket)) : undefined;
      const body = () => readBody(request, deps.limits.payloadBytesMax);
      const answer = await answerData({ method: request.method, url: request.url, body }, principal, deps);
      deps.log(`data: ${request.method} ${path(request.url)}: ${answer.status}${device.ok ? '' : `, ${device.why}`}`);
      respond(response, answer, deps.now());
    },
  });
}

/** Without a client certificate it is a signature that says who somebody is: in the query of `/mqtt`, in a header of anything else. */
function createWssFeed(deps: EndpointDeps) {
  const { limits, registry, log } = deps;
  const context = (): VerifyContext => ({
    nowMs: deps.now(),
    skewMs: limits.signatureSkewMs,
    region: registry.region,
    host: deps.names.data,
    findKey: (accessKeyId) => deps.keys.find(accessKeyId),
  });
  return createFeed({
    name: 'data wss',
    requestTimeoutMs: limits.firstRequestTimeoutMs,
    log,
    async onRequest(request, response, socket) {
      const { method = '', url = '', rawHeaders } = request;
      const body = await readBody(request, limits.payloadBytesMax);
      const [rawPath = '', rawQuery = ''] = url.split('?', 2);
      const verified = verifyRequest({ method, rawPath, rawQuery, rawHeaders, body: body ?? Buffer.alloc(0) }, context());
      const principal = verified.ok ? accessKeyPrincipal(verified.key, sourceIp(socket)) : undefined;
      const answer = await answerData({ method, url, body: () => Promise.resolve(body) }, principal, deps);
      log(`data: ${method} ${path(url)} without a certificate: ${answer.status}${verified.ok ? '' : `, ${verified.message}`}`);
      respond(response, answer, deps.now());
    },
    onUpgrade: createUpgrade({
      frameBytesMax: limits.packetBytesMax * 2,
      log,
      context,
      onOpen(stream, key, socket) {
        const gate = new Gate(stream, accessKeyPrincipal(key, sourceIp(socket)), deps);
        const timer = setTimeout(() => gate.disconnect(REASON.ADMINISTRATIVE, 'WebSocket lifetime'), limits.webSocketLifetimeMs);
        stream.once('close', () => clearTimeout(timer));
      },
    }),
  });
}

function createCredentialFeed(deps: EndpointDeps) {
  return createFeed({
    name: 'credentials',
    requestTimeoutMs: deps.limits.firstRequestTimeoutMs,
    log: deps.log,
    onRequest(request, response, socket) {
      const device = identify(socket, deps.registry, deps.now());
      const asked = { ...readCredentialRequest(request), device, sourceIp: sourceIp(socket) };
      const answer = answerCredentials(asked, deps.registry, deps.keys);
      deps.log(`credentials: ${request.method} ${path(request.url)}: ${answer.status}${device.ok ? '' : `, ${device.why}`}`);
      respond(response, answer, deps.now());
    },
  });
}

/** For the log: no query (it may hold a signature), no bytes that would break the line. */
function path(url = ''): string {
  return JSON.stringify((url.split('?')[0] ?? '').slice(0, 200));
}
