// What Pinhole says over HTTP, and the only writer of status lines. Refusals are constants of the catalogue: nothing from the wire,
// from the list or from a resolver goes into them (CVE-2025-62168 was an error page with the client's credentials in it).

import { type FaultCode, REASONS } from '../core/fault.ts';

/** Exactly this, in one write: what every client measured takes for a tunnel (status 200 alone, no length, no body). */
export const ESTABLISHED: Buffer = Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n', 'latin1');

export interface RefusalArgs {
  readonly code: FaultCode;
  /** The session's id. */
  readonly id: string;
  /** Instead of the catalogue's: 426 for an upgrade, or a status for a code that has none. */
  readonly status?: number | undefined;
  readonly retryAfterS?: number | undefined;
  /** On the gateway we are no proxy to the client: 401 stands for 407, and GET is what is allowed. */
  readonly gateway?: boolean | undefined;
}

/** The code is the reason phrase, since many clients show nothing else; the connection always ends behind it. */
export function renderRefusal(args: RefusalArgs): { readonly status: number; readonly bytes: Buffer } {
  const status = statusOf(args);
  // The clients that wait for a challenge want it without a body.
  const body = status === 401 || status === 407 ? '' : renderBody(args);
  const fields = [
    `HTTP/1.1 ${status} ${args.code}`,
    `Pinhole-Reason: ${args.code}`,
    `Pinhole-Request: ${args.id}`,
    ...fieldsOf(status, args),
    ...(body === '' ? [] : ['Content-Type: application/json']),
    `Content-Length: ${body.length}`,
    // RFC 9110 section 7.8: who sends Upgrade names it in Connection too.
    status === 426 ? 'Connection: close, Upgrade' : 'Connection: close',
  ];
  return { status, bytes: Buffer.from(`${fields.join('\r\n')}\r\n\r\n${body}`, 'latin1') };
}

function statusOf({ code, status, gateway }: RefusalArgs): number {
  const answer = status ?? REASONS[code].answer;
  if (typeof answer !== 'number') throw new Error(`${code} is answered by ${answer}, never over HTTP`);
  return answer === 407 && gateway ? 401 : answer;
}

function renderBody({ code, id }: RefusalArgs): string {
  return `${JSON.stringify({ code, message: REASONS[code].message, request: id })}\n`;
}

function fieldsOf(status: number, { retryAfterS, gateway }: RefusalArgs): string[] {
  const fields = retryAfterS === undefined ? [] : [`Retry-After: ${retryAfterS}`];
  if (status === 401) fields.push('WWW-Authenticate: Basic realm="pinhole"');
  if (status === 405) fields.push(gateway ? 'Allow: GET' : 'Allow: CONNECT');
  if (status === 407) fields.push('Proxy-Authenticate: Basic realm="pinhole"');
  if (status === 426) fields.push('Upgrade: websocket', 'Sec-WebSocket-Version: 13');
  return fields;
}

/** Long enough to keep a fleet's agents from asking twice, short enough that a new list is everywhere when its announcement is read. */
const LIST_MAX_AGE_S = 300;

/** The published address list, or that the reader has it already. Without a body to HEAD, and with 304 (RFC 9110 section 15.4.5). */
export function renderAddresses(
  list: { readonly text: string; readonly etag: string },
  ask: { isHead: boolean; isKnown: boolean },
): Buffer {
  const fields = [
    ask.isKnown ? 'HTTP/1.1 304 Not Modified' : 'HTTP/1.1 200 OK',
    `ETag: ${list.etag}`,
    `Cache-Control: public, max-age=${LIST_MAX_AGE_S}`,
    ...(ask.isKnown ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(list.text)}`]),
    'Connection: close',
  ];
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\n${ask.isKnown || ask.isHead ? '' : list.text}`, 'utf8');
}

/** A small text answer, `/live` and `/ready`. To a HEAD request the same fields go out without the body. */
export function renderText(status: number, phrase: string, body: string, isHead = false): Buffer {
  const head =
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  return Buffer.from(isHead ? head : head + body, 'utf8');
}
