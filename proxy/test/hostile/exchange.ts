// Bytes both ways through an open tunnel, equal by SHA-256 on both ends, and an end that reaches both.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { eventually, within } from './bounded.ts';
import { type EchoUpstream, type Heard, TOKEN_LENGTH, turn } from './echo-upstream.ts';

const WAIT_MS = 10_000;

export interface InnerTls {
  readonly serverName: string | undefined;
  readonly ca: string;
  readonly alpn?: readonly string[];
}

/** The agent's own TLS inside the tunnel, the upstream's certificate verified. */
export async function secureInside(socket: net.Socket, { serverName, ca, alpn }: InnerTls): Promise<tls.TLSSocket> {
  const options: tls.ConnectionOptions = { socket, ca };
  if (serverName === undefined) options.checkServerIdentity = () => undefined;
  else options.servername = serverName;
  if (alpn) options.ALPNProtocols = [...alpn];
  const inner = tls.connect(options);
  inner.on('error', () => {});
  await within(WAIT_MS, 'inner handshake', Promise.race([once(inner, 'secureConnect'), refused(inner)]));
  return inner;
}

async function refused(inner: tls.TLSSocket): Promise<never> {
  const [error] = (await once(inner, 'error')) as [NodeJS.ErrnoException];
  throw new Error(`the inner handshake failed: ${error.code ?? error.message}`);
}

/** Random bytes behind those given. Throws what is wrong; the socket is closed on return. */
export async function exchange(socket: Duplex, upstream: EchoUpstream, size: number, given: Buffer = Buffer.alloc(0)): Promise<Heard> {
  const token = randomBytes(TOKEN_LENGTH);
  const sent = Buffer.concat([token, given, randomBytes(size)]);
  socket.on('error', () => {});
  const received = within(WAIT_MS, `${sent.length} bytes back`, readExactly(socket, sent.length));
  socket.write(sent);
  const back = await received;
  if (!back.equals(turn(sent))) throw new Error('other bytes came back');

  const closed = within(WAIT_MS, 'the end of the tunnel', once(socket, 'close'));
  socket.on('end', () => socket.end());
  socket.resume();
  socket.end();
  await closed;
  const heard = await eventually(WAIT_MS, 'the end at the upstream', () => {
    const now = upstream.heard(token);
    return now?.ended ? now : null;
  });
  if (heard.ended !== 'finished') throw new Error(`the upstream saw the end as ${heard.ended}`);
  if (heard.receivedDigest !== digest(sent)) throw new Error('the upstream was sent other bytes');
  if (heard.sentDigest !== digest(back)) throw new Error('the upstream sent other bytes');
  return heard;
}

/** Leaves the socket paused; more than was asked for is a fault. */
export function readExactly(socket: Duplex, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let got = 0;
    const settle = (done: () => void): void => {
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      socket.pause();
      done();
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      got += chunk.length;
      if (got > length) settle(() => reject(new Error(`${got} bytes came instead of ${length}`)));
      else if (got === length) settle(() => resolve(Buffer.concat(chunks)));
    };
    const onEnd = (): void => settle(() => reject(new Error(`the tunnel ended after ${got} of ${length} bytes`)));
    socket.on('data', onData).on('end', onEnd).on('close', onEnd);
    socket.resume();
  });
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
