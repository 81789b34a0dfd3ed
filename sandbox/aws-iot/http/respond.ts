/** Answers in the form of AWS: JSON, a request id, and the error's type in a header. */

import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { endSoon } from '../end-soon.ts';

export interface Answer {
  readonly status: number;
  readonly body: object;
  /** `x-amzn-ErrorType`, on refusals. */
  readonly errorType?: string;
}

export function refusal(status: number, errorType: string, message: string): Answer {
  return { status, errorType, body: { message } };
}

/** The data plane adds a trace id to each body. */
export function traced(answer: Answer): Answer {
  return { ...answer, body: { ...answer.body, traceId: randomUUID() } };
}

function headersOf(answer: Answer, body: string, nowMs: number): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    date: new Date(nowMs).toUTCString(),
    'x-amzn-RequestId': randomUUID(),
    ...(answer.errorType === undefined ? {} : { 'x-amzn-ErrorType': answer.errorType }),
  };
}

export function respond(response: ServerResponse, answer: Answer, nowMs: number): void {
  const body = JSON.stringify(answer.body);
  response.writeHead(answer.status, headersOf(answer, body, nowMs));
  response.end(body);
}

/** For an upgrade that is refused: there is no ServerResponse then. */
export function respondRaw(socket: Duplex, answer: Answer, nowMs: number): void {
  const body = JSON.stringify(answer.body);
  const headers = Object.entries({ ...headersOf(answer, body, nowMs), connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  endSoon(socket, `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n${headers.join('')}\r\n${body}`);
}
