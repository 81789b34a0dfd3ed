// Just enough of AWS IoT and of a proxy for the agent's tests: a data endpoint (MQTT by ALPN, and /mqtt over WebSocket), a credential
// provider, and a relay that knows only these two names. The sandbox's stand-in checks far more; this is for the agent's own faults.

import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { AgentSettings } from '../session.ts';
import { type BrokerRules, serveMqtt } from './broker.ts';
import { createAuthority } from './certificates.ts';
import { type Behaviour, listen, type Relay, serveConnect, startRelay } from './relay.ts';

export const DATA = 'a1b2c3-ats.iot.eu-west-1.amazonaws.com';
export const PROVIDER = 'c4d5e6.credentials.iot.eu-west-1.amazonaws.com';
/** The proxy's own name, for its TLS doors. */
export const PROXY = 'proxy.test';

export interface World {
  /** For a session by `connect`, signed. */
  readonly settings: AgentSettings;
  readonly relay: Relay;
  /** Requests to the credential provider and upgrades, as they came. */
  readonly requests: readonly IncomingMessage[];
  /** Names in the certificates of devices that opened MQTT with one. */
  readonly clientNames: readonly string[];
  /** Names that clients of the proxy's TLS port asked for. */
  readonly serverNames: readonly string[];
  readonly ports: { readonly mutual: number; readonly proxyTls: number };
}

export interface WorldRules extends BrokerRules {
  /** Status and body of the credential provider; 200 with credentials unless given. */
  readonly provider?: readonly [number, string];
  /** Status, fields and body of a refused upgrade; 101 unless given. */
  readonly upgrade?: readonly [number, Record<string, string>, string];
}

const CREDENTIALS = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token/+=' };

export async function startWorld(t: TestContext, rules: WorldRules = {}): Promise<World> {
  const authority = createAuthority('Test Root');
  const server = { ...authority.issue('server', [DATA, PROVIDER, PROXY]), ca: authority.ca };
  const requests: IncomingMessage[] = [];
  const clientNames: string[] = [];
  const serverNames: string[] = [];

  const provider = createHttpsServer({ ...server, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    requests.push(request);
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const [status, body] = rules.provider ?? [200, JSON.stringify({ credentials: { ...CREDENTIALS, expiration } })];
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
  });
  const data = serveWebSockets(createHttpsServer(server), requests, rules);
  const mutual = createTlsServer(
    { ...server, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['x-amzn-mqtt-ca'] },
    (socket) => {
      clientNames.push(String(socket.getPeerCertificate().subject.CN));
      serveMqtt(socket, rules);
    },
  );
  const ports = { provider: await listen(provider), data: await listen(data), mutual: await listen(mutual) };

  const behave: Behaviour = (head) => {
    if (head.startsWith(`CONNECT ${PROVIDER}:443 `)) return { relayTo: ports.provider };
    if (head.startsWith(`CONNECT ${DATA}:443 `)) return { relayTo: ports.data };
    if (head.startsWith(`CONNECT ${DATA}:8883 `)) return { relayTo: ports.mutual };
    return { answer: 'HTTP/1.1 403 TARGET_NOT_ALLOWED\r\nPinhole-Reason: TARGET_NOT_ALLOWED\r\n\r\n' };
  };
  const heads: string[] = [];
  const relay = await startRelay(behave, heads);
  const gateway = serveWebSockets(createHttpServer(), requests, rules);
  const proxyTls = createTlsServer(server, (socket) => {
    serverNames.push(String(socket.servername));
    serveProxyTls(socket, gateway, behave, heads);
  });

  t.after(async () => {
    await relay.close();
    for (const each of [provider, data, mutual, proxyTls]) each.close();
    for (const each of [provider, data]) each.closeAllConnections();
  });
  const files = { ca: authority.ca, ...authority.issue('device') };
  return {
    settings: settingsFor(relay.port, files),
    relay,
    requests,
    clientNames,
    serverNames,
    ports: { mutual: ports.mutual, proxyTls: await listen(proxyTls) },
  };
}

/** The TLS doors of a proxy: a WebSocket upgrade goes to the gateway, anything else is a CONNECT. */
function serveProxyTls(socket: TLSSocket, gateway: HttpServer, behave: Behaviour, heads: string[]): void {
  socket.on('error', () => {});
  socket.once('data', (first: Buffer) => {
    socket.pause();
    socket.unshift(first);
    if (first.toString('latin1').startsWith('GET ')) gateway.emit('connection', socket);
    else serveConnect(socket, behave, heads);
    socket.resume();
  });
}

function serveWebSockets<S extends HttpServer>(server: S, requests: IncomingMessage[], rules: WorldRules): S {
  const upgrades = new WebSocketServer({ noServer: true, handleProtocols: () => 'mqtt' });
  server.on('upgrade', (request, socket, head) => {
    requests.push(request);
    if (rules.upgrade) {
      const [status, fields, body] = rules.upgrade;
      const lines = Object.entries({ ...fields, 'Content-Length': String(body.length) }).map(([name, value]) => `${name}: ${value}`);
      socket.end(`HTTP/1.1 ${status} ${fields['Pinhole-Reason'] ?? 'Forbidden'}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
      return;
    }
    upgrades.handleUpgrade(request, socket, head, (webSocket) => serveMqtt(createWebSocketStream(webSocket), rules));
  });
  return server;
}

function settingsFor(port: number, files: { ca: string; cert: string; key: string }): AgentSettings {
  return {
    door: 'connect',
    proxies: [{ isTls: false, host: '127.0.0.1', port, authorization: null }],
    proxyTls: { ca: files.ca, cert: undefined, key: undefined },
    gateway: null,
    endpoint: DATA,
    port: 443,
    ...files,
    clientId: 'device-1',
    keepAliveSeconds: 60,
    role: { credentialsEndpoint: PROVIDER, roleAlias: 'Alias=1', thing: 'device-1', region: null },
  };
}
