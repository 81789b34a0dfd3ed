// A client of one of the doors that writes exactly the bytes it is told to, from an address of its own, and says what came of it.

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { within } from './bounded.ts';

/** Where and how a client comes in. `serverName` null is in clear. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly serverName: string | null;
  /** Our own certificate's issuer. */
  readonly ca: string;
}

/**
 * `status` is that of a whole HTTP head; `alert` a TLS alert where the client spoke no TLS to us or had not finished its handshake; `silence` a close
 * without a byte. `open` is a status that is no refusal: then the connection is the client's, and nothing behind the head has been read.
 */
export interface Answer {
  readonly kind: 'open' | 'refused' | 'alert' | 'silence' | 'garbage';
  readonly status: number | null;
  /** Everything that came, up to the end of an open answer's head. */
  readonly bytes: Buffer;
  /** How it ended from the proxy's side; null where it is open, or was not ended in time. */
  readonly end: 'finished' | 'reset' | null;
  readonly milliseconds: number;
  readonly socket: net.Socket;
}

const CONNECT_MS = 10_000;
/** Above every deadline that the nodes of these suites have. */
const ANSWER_MS = 15_000;

/** Connects, and finishes the outer handshake where the door has one. */
export async function knock(door: Door, source: string): Promise<net.Socket> {
  const plain = net.connect({ host: door.host, port: door.port, localAddress: source, allowHalfOpen: true, noDelay: true });
  plain.on('error', () => {});
  await within(CONNECT_MS, `connect from ${source}`, once(plain, 'connect'));
  if (door.serverName === null) return plain;
  const secure = tls.connect({ socket: plain, servername: door.serverName, ca: door.ca, allowHalfOpen: true } as tls.ConnectionOptions);
  secure.on('error', () => {});
  await within(CONNECT_MS, `handshake from ${source}`, once(secure, 'secureConnect'));
  return secure;
}

/** Writes the bytes and reads until the proxy has let go, or has opened a tunnel. */
export async function speak(door: Door, source: string, bytes: Buffer, waitMs = ANSWER_MS): Promise<Answer> {
  const socket = await knock(door, source);
  const answer = hear(socket, waitMs);
  socket.write(bytes);
  return answer;
}

const HEAD_END = '\r\n\r\n';

/** Reads what the proxy says on a connection, from now on, up to its end or the end of an open answer's head. */
export function hear(socket: net.Socket, waitMs = ANSWER_MS): Promise<Answer> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const settle = (end: Answer['end'], isOpen = false): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      if (isOpen) giveBack();
      else socket.destroy();
      const status = statusOf(bytes);
      const kind = isOpen ? 'open' : kindOf(bytes, status);
      resolve({ kind, status, bytes, end, milliseconds: Math.round(performance.now() - startMs), socket });
    };
    const giveBack = (): void => {
      const headLength = bytes.indexOf(HEAD_END) + HEAD_END.length;
      socket.pause();
      if (headLength < bytes.length) socket.unshift(bytes.subarray(headLength));
      bytes = bytes.subarray(0, headLength);
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const status = statusOf(bytes);
      if (status !== null && status < 300) settle(null, true);
    };
    const onEnd = (): void => {
      socket.end();
      settle('finished');
    };
    const onError = (): void => settle('reset');
    const onClose = (): void => settle('reset');
    const timer = setTimeout(() => settle(null), waitMs);
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

function statusOf(bytes: Buffer): number | null {
  const text = bytes.toString('latin1', 0, 64 * 1024);
  if (!text.includes(HEAD_END)) return null;
  const status = /^HTTP\/1\.1 ([1-5][0-9][0-9]) /.exec(text)?.[1];
  return status === undefined ? null : Number(status);
}

function kindOf(bytes: Buffer, status: number | null): Answer['kind'] {
  if (bytes.length === 0) return 'silence';
  if (status !== null) return 'refused';
  return isAlert(bytes) ? 'alert' : 'garbage';
}

/** One fatal alert record (RFC 8446 section 6). */
function isAlert(bytes: Buffer): boolean {
  return bytes.length === 7 && bytes[0] === 21 && bytes[1] === 3 && bytes.readUInt16BE(3) === 2 && bytes[5] === 2;
}
