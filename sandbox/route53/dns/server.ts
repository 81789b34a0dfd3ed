// The name servers of the zones on one port, UDP and TCP. The codec is dns-packet's; what is not DNS gets no answer.

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { decode, encode, streamEncode, type DecodedPacket } from 'dns-packet';
import { TCP_IDLE_MS, UDP_BYTES_MAX } from '../limits.ts';
import { answer, type AnswerDeps, type Reply, truncated } from './answer.ts';

export interface DnsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Two sockets cannot be promised one free port; so many times it is tried. */
const PORT_TRIES = 10;

export async function startDns(deps: () => AnswerDeps, host: string, port: number): Promise<DnsServer> {
  for (let tries = 1; ; tries += 1) {
    const tcp = await listenTcp(deps, host, port);
    const taken = (tcp.server.address() as AddressInfo).port;
    try {
      const udp = await listenUdp(deps, host, taken);
      return { port: taken, stop: () => stop(udp, tcp) };
    } catch (error) {
      await closeTcp(tcp);
      if (port !== 0 || tries === PORT_TRIES) throw error;
    }
  }
}

interface Tcp {
  readonly server: Server;
  readonly open: Set<Socket>;
}

async function listenTcp(deps: () => AnswerDeps, host: string, port: number): Promise<Tcp> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serveTcp(socket, deps);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return { server, open };
}

function listenUdp(deps: () => AnswerDeps, host: string, port: number): Promise<UdpSocket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (message, from) => {
    const query = tryDecode(message);
    const reply = query === null ? null : answer(query, deps());
    if (query === null || reply === null) return;
    const whole = encode(reply.packet);
    socket.send(whole.length <= roomOf(query) ? whole : encode(truncated(reply).packet), from.port, from.address);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** RFC 6891 section 6.2.3: less than 512 is taken as 512. */
function roomOf({ additionals = [] }: DecodedPacket): number {
  const opt = additionals.find(({ type }) => type === 'OPT');
  return Math.max(UDP_BYTES_MAX, opt !== undefined && 'udpPayloadSize' in opt ? opt.udpPayloadSize : 0);
}

/** Queries one after the other, each behind its length (RFC 7766). */
function serveTcp(socket: Socket, deps: () => AnswerDeps): void {
  let held = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      const query = tryDecode(held.subarray(2, end));
      held = held.subarray(end);
      const reply: Reply | null = query === null ? null : answer(query, deps());
      if (reply === null) return void socket.destroy();
      socket.write(streamEncode(reply.packet));
    }
  });
}

function tryDecode(message: Buffer): DecodedPacket | null {
  try {
    return decode(message);
  } catch {
    return null;
  }
}

async function stop(udp: UdpSocket, tcp: Tcp): Promise<void> {
  await Promise.all([new Promise<void>((resolve) => udp.close(() => resolve())), closeTcp(tcp)]);
}

function closeTcp({ server, open }: Tcp): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open) socket.destroy();
  });
}
