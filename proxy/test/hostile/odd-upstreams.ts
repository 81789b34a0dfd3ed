// Upstreams that each do one thing wrong, or one thing that has to be waited for. Each has an address of its own.

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { makeCertificate } from '../support/certificate.ts';
import { makeHelloRetryRequest } from '../support/hello.ts';
import { echoTurned } from './echo-upstream.ts';

export const ODD = {
  /** Asks for a second hello, and turns every bit of what comes from there on. */
  retries: '198.19.0.20',
  /** Accepts, and says nothing. */
  mute: '198.19.0.21',
  /** Turns bits until it reads `RESET`, and then resets. */
  resets: '198.19.0.22',
  /** Answers an upgrade in one bad way each. */
  bareSwitch: '198.19.0.30',
  endlessHead: '198.19.0.31',
  otherSwitch: '198.19.0.35',
  bareLineFeed: '198.19.0.32',
  nulInHead: '198.19.0.33',
  bareReturn: '198.19.0.34',
  /** A certificate for another name, of a trusted issuer; and one for the right name, of an unknown one. */
  wrongName: '198.19.0.40',
  unknownIssuer: '198.19.0.41',
  /** Nobody listens here. */
  refusing: '198.19.0.99',
  /** Packets to here are lost: a route to `lo` for an address that nobody has. */
  blackHole: '198.19.3.1',
  /** A private address that some endpoints accept. */
  private: '10.20.1.2',
} as const;

export const ODD_ADDRESSES = { ipv4: ['10.20.1.2/32'], routes: ['198.19.3.0/24'] } as const;

export interface OddUpstreams {
  /** Accepted connections by address. */
  connections(address: string): readonly net.Socket[];
  /** The certificate that `wrongName` shows, for the endpoints' roots. */
  readonly wrongNameCa: string;
  close(): void;
}

interface Certificate {
  readonly certPem: string;
  readonly keyPem: string;
}

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\n';
const UPGRADED = 'Upgrade: websocket\r\nConnection: Upgrade\r\n';

/** `rightNames` are those that every certificate but one is for. */
export async function startOddUpstreams(good: Certificate, rightNames: readonly string[]): Promise<OddUpstreams> {
  const wrong = makeCertificate(['wrong.test']);
  const unknown = makeCertificate(rightNames);
  const all = new Map<string, net.Socket[]>();
  const servers: net.Server[] = [];
  const start = async (host: string, serve: (socket: net.Socket) => void): Promise<void> => {
    const sockets: net.Socket[] = [];
    all.set(host, sockets);
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      serve(socket);
    });
    servers.push(server);
    server.listen({ host, port: 443 });
    await once(server, 'listening');
  };

  await start(ODD.retries, askAgain);
  await start(ODD.mute, (socket) => void socket.resume());
  await start(ODD.resets, resetOnDemand);
  await start(ODD.private, echoTurned);
  for (const [host, answer] of [
    [ODD.bareSwitch, `${SWITCH}\r\n`],
    [ODD.otherSwitch, `${SWITCH}Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n`],
    [ODD.endlessHead, `${SWITCH}${UPGRADED}X: ${'a'.repeat(10 * 1024 * 1024)}\r\n\r\n`],
    [ODD.bareLineFeed, `${SWITCH}${UPGRADED}X: a\nY: b\r\n\r\n`],
    [ODD.nulInHead, `${SWITCH}${UPGRADED}X: a\0b\r\n\r\n`],
    [ODD.bareReturn, `${SWITCH}${UPGRADED}X: a\rY: b\r\n\r\n`],
  ] as const) {
    await start(host, answering(good, answer));
  }
  await start(ODD.wrongName, answering(wrong, `${SWITCH}${UPGRADED}\r\n`));
  await start(ODD.unknownIssuer, answering(unknown, `${SWITCH}${UPGRADED}\r\n`));
  return {
    connections: (address) => all.get(address) ?? [],
    wrongNameCa: wrong.certPem,
    close: () => {
      for (const socket of [...all.values()].flat()) socket.destroy();
      for (const server of servers) server.close();
    },
  };
}

function askAgain(socket: net.Socket): void {
  socket.once('data', () => {
    socket.write(makeHelloRetryRequest());
    echoTurned(socket);
  });
}

function resetOnDemand(socket: net.Socket): void {
  socket.on('data', (chunk: Buffer) => {
    if (chunk.includes('RESET')) socket.resetAndDestroy();
  });
  echoTurned(socket);
}

/** Reads an upgrade's head over TLS and gives this answer, whatever was asked. */
function answering(certificate: Certificate, answer: string): (socket: net.Socket) => void {
  const server = tls.createServer({ cert: certificate.certPem, key: certificate.keyPem }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(Buffer.from(answer, 'latin1')));
    socket.on('end', () => socket.end());
  });
  server.on('tlsClientError', () => {});
  return (socket) => void server.emit('connection', socket);
}
