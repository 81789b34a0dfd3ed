// Clients of a few lines that do what no good agent does, and put what they see into one short phrase. They know nothing of the proxy's
// code: bytes go out, and what comes back is read as any stranger would read it.

import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** Everything here is refused at once; a refusal that takes this long is a finding of its own. */
const PATIENCE_MS = 12_000;

export interface Door {
  readonly host: string;
  readonly port: number;
}

/** For the TLS doors: the name asked for, and the roots. */
export interface OuterTls {
  readonly servername: string;
  readonly ca: string;
}

/** Sends bytes and reads what comes until the other side closes: `403 TARGET_NOT_ALLOWED`, `closed`, or the start of something else. */
export async function sayRaw(door: Door, text: string, outer: OuterTls | null = null): Promise<string> {
  const stream = outer === null ? dial(door) : connectTls({ ...door, ...outer, ALPNProtocols: ['http/1.1'] });
  stream.write(Buffer.from(text, 'latin1'));
  return describeAnswer(await readAll(stream));
}

/** A CONNECT by hand: the authority as it is given, and Host the same unless told otherwise. */
export function connectHead(authority: string, host = authority): string {
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

/** CONNECT to a listed target, then a hello that may ask for something else. */
export async function helloInTunnel(door: Door, authority: string, hello: ConnectionOptions): Promise<string> {
  const socket = dial(door);
  socket.write(connectHead(authority));
  const head = await readHead(socket);
  if (!head.startsWith('HTTP/1.1 200 ')) return describeAnswer(head);
  return await sayHello(socket, hello);
}

/** CONNECT to a listed target, then bytes that are no TLS at all. */
export async function bytesInTunnel(door: Door, authority: string, text: string): Promise<string> {
  const socket = dial(door);
  socket.write(connectHead(authority));
  const head = await readHead(socket);
  if (!head.startsWith('HTTP/1.1 200 ')) return describeAnswer(head);
  socket.write(Buffer.from(text, 'latin1'));
  return describeAnswer(await readAll(socket));
}

/** A hello straight at the door. */
export function helloAtDoor(door: Door, hello: ConnectionOptions): Promise<string> {
  return sayHello(dial(door), hello);
}

function dial(door: Door): Socket {
  return connectTcp(door);
}

function sayHello(socket: Socket, hello: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const tls = connectTls({ socket, ...hello });
    const finish = (seen: string): void => {
      clearTimeout(timer);
      tls.destroy();
      socket.destroy();
      resolve(seen);
    };
    const timer = setTimeout(() => finish('silence'), PATIENCE_MS);
    tls.once('secureConnect', () => finish('handshake'));
    tls.once('error', (error) => finish(describeTlsError(error)));
    tls.once('close', () => finish('closed'));
  });
}

/** `ERR_SSL_TLSV1_UNRECOGNIZED_NAME` is OpenSSL's word for the alert `unrecognized_name` (RFC 6066 section 3). */
function describeTlsError(error: Error & { code?: string }): string {
  const alert = /^ERR_SSL_(?:TLSV\d+_|SSLV3_)(?:ALERT_)?(.+)$/.exec(error.code ?? '')?.[1];
  if (alert) return `alert ${alert.toLowerCase()}`;
  return error.code === 'ECONNRESET' ? 'closed' : (error.code ?? error.message);
}

/** The head of an answer, or as much as came. */
function readHead(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', finish).off('error', finish);
      socket.pause();
      resolve(text);
    };
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) finish();
    };
    const timer = setTimeout(finish, PATIENCE_MS);
    socket.on('data', onData).on('close', finish).on('error', finish);
  });
}

const NO_CONNECTION = '\0';

function readAll(stream: Duplex): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (seen: string | null): void => {
      clearTimeout(timer);
      stream.destroy();
      resolve(seen);
    };
    const timer = setTimeout(() => finish(text === '' ? null : text), PATIENCE_MS);
    stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    // A reset after the answer is a close; a door that nobody opens is not.
    stream.on('error', (error: Error & { code?: string }) => error.code === 'ECONNREFUSED' && (text = NO_CONNECTION));
    stream.once('close', () => finish(text));
    // readHead left it paused.
    stream.resume();
  });
}

function describeAnswer(text: string | null): string {
  if (text === null) return 'silence';
  if (text === '') return 'closed';
  if (text === NO_CONNECTION) return 'no connection';
  if (text.startsWith('\x15\x03')) return `alert ${ALERTS[text.charCodeAt(6)] ?? text.charCodeAt(6)}`;
  const status = /^HTTP\/1\.1 ([0-9]{3}) /.exec(text)?.[1];
  if (!status) return `not HTTP: ${JSON.stringify(text.slice(0, 20))}`;
  const field = (name: string): string | undefined => new RegExp(`\r\n${name}: ([^\r]*)\r\n`, 'i').exec(text)?.[1];
  if (field('pinhole-answer') === 'upstream') return `${status} from AWS`;
  return field('pinhole-reason') ? `${status} ${field('pinhole-reason')}` : status;
}

/** RFC 8446 section 6. */
const ALERTS: Readonly<Record<number, string>> = {
  10: 'unexpected_message',
  40: 'handshake_failure',
  50: 'decode_error',
  80: 'internal_error',
  112: 'unrecognized_name',
};
