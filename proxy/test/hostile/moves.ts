// What the scripted cases have in common: asking for a tunnel, sending a ClientHello made by hand, and using what was opened.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import { within } from './bounded.ts';
import { type Answer, type Door, hear, knock } from './door-client.ts';
import { turn } from './echo-upstream.ts';
import { readExactly } from './exchange.ts';
import { describe } from './judge-answer.ts';

const WAIT_MS = 10_000;
const REST_BYTES = 100_000;

export function connectHead(host: string, port = 443): Buffer {
  return Buffer.from(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`);
}

/** Throws where there is no tunnel. */
export async function openTunnel(door: Door, source: string, host: string, port = 443): Promise<net.Socket> {
  const socket = await knock(door, source);
  const answer = hear(socket);
  socket.write(connectHead(host, port));
  const { kind, status } = await answer;
  if (kind !== 'open' || status !== 200) throw new Error(`no tunnel: ${describe(await answer)}`);
  return socket;
}

/** What the proxy says once these bytes are in a tunnel. */
export async function sayInside(socket: net.Socket, bytes: Buffer, waitMs?: number): Promise<Answer> {
  const answer = hear(socket, waitMs);
  socket.resume();
  socket.write(bytes);
  return answer;
}

/** Writes the pieces one by one, each in a segment of its own. */
export async function inPieces(socket: net.Socket, pieces: Iterable<Buffer>, everyMs = 0): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await new Promise((resolve) => (everyMs > 0 ? setTimeout(resolve, everyMs) : setImmediate(resolve)));
  }
}

export function* octets(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}

/**
 * The hello has been written, or is to be: everything up to it has to come back with its bits turned, then as much again in the open tunnel,
 * and then the end goes both ways.
 */
export async function useTurned(socket: net.Socket, hello: Buffer, write: () => unknown = () => socket.write(hello)): Promise<void> {
  const first = within(WAIT_MS, 'the hello, back from the upstream', readExactly(socket, hello.length));
  await write();
  if (!(await first).equals(turn(hello))) throw new Error('the upstream got another hello');
  const rest = randomBytes(REST_BYTES);
  const back = within(WAIT_MS, 'bytes back through the tunnel', readExactly(socket, rest.length));
  socket.write(rest);
  if (!(await back).equals(turn(rest))) throw new Error('other bytes came back');
  const closed = within(WAIT_MS, 'the end of the tunnel', once(socket, 'close'));
  socket.on('end', () => socket.end());
  socket.resume();
  socket.end();
  await closed;
}
