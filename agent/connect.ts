// CONNECT on an open connection to the proxy (TCP or TLS): writes the request, reads the answer strictly, and gives back the same
// stream as a tunnel. A refusal becomes a failure with the proxy's own reason, request id and Retry-After.

import type { Duplex } from 'node:stream';
import { parseRetryAfter } from './backoff.ts';
import { type Clock, withinDeadline } from './clock.ts';
import { type ConnectAnswer, readAnswer } from './connect-answer.ts';
import { AgentFailure, codeOf, messageOf } from './failure.ts';
import { refusalFailure } from './refusal.ts';

/** Pinhole answers every CONNECT within 8 s, others mostly do; a proxy that says nothing for 10 s is as good as dead. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** A refusal carries a small JSON body. */
const BODY_BYTES_MAX = 8 * 1024;

export interface ConnectRequest {
  readonly target: { readonly host: string; readonly port: number };
  /** The whole value of Proxy-Authorization, or null. */
  readonly authorization: string | null;
  /** Hears the head of the answer, whatever it says: of a 200 nothing else is known afterwards. */
  readonly onAnswer?: ((answer: ConnectAnswer) => void) | undefined;
}

export async function openTunnel(stream: Duplex, request: ConnectRequest, clock: Clock): Promise<Duplex> {
  const authority = `${request.target.host}:${request.target.port}`;
  const silent = (): AgentFailure =>
    failure(
      'TIMEOUT',
      'operator',
      `no answer to CONNECT ${authority} within ${CONNECT_TIMEOUT_MS} ms`,
      'the node accepts connections and does not answer them',
    );
  try {
    return await withinDeadline(clock, CONNECT_TIMEOUT_MS, silent, async () => {
      stream.write(renderConnect(authority, request.authorization));
      const { answer, rest } = await readHead(stream);
      request.onAnswer?.(answer);
      if (answer.status === 200) {
        // In TLS the client speaks first, but whatever came already belongs to the tunnel.
        if (rest.length > 0) stream.unshift(rest);
        return stream;
      }
      throw refusalFailure({
        status: answer.status,
        phrase: answer.phrase,
        reason: answer.fields.get('pinhole-reason'),
        request: answer.fields.get('pinhole-request'),
        retryAfterMs: parseRetryAfter(answer.fields.get('retry-after')),
        body: await readBody(stream, answer, rest),
      });
    });
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** One write: some proxies read the head with a single read. */
function renderConnect(authority: string, authorization: string | null): string {
  const login = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`;
}

async function readHead(stream: Duplex): Promise<{ answer: ConnectAnswer; rest: Buffer }> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await readChunk(stream);
    if (chunk === null)
      throw failure('CLOSED', 'site', `the proxy closed the connection after ${bytes.length} bytes of its answer`, CLOSED_HINT);
    bytes = Buffer.concat([bytes, chunk]);
    const state = readAnswer(bytes);
    if (state.kind === 'malformed')
      throw failure('ANSWER_MALFORMED', 'device', `the answer is not a proxy's: ${state.why}`, 'is this the address of the proxy?');
    if (state.kind === 'answer') return { answer: state.answer, rest: bytes.subarray(state.answer.headLength) };
  }
}

const CLOSED_HINT = 'a firewall that inspects traffic, or a limit of the proxy (closed without an answer)';

/** As much of the body as was announced, within reason; a refusal is understood without it. */
async function readBody(stream: Duplex, answer: ConnectAnswer, rest: Buffer): Promise<string> {
  const length = Math.min(BODY_BYTES_MAX, Number(answer.fields.get('content-length') ?? 0) || 0);
  let body: Buffer = rest;
  while (body.length < length) {
    const chunk = await readChunk(stream).catch(() => null);
    if (chunk === null) break;
    body = Buffer.concat([body, chunk]);
  }
  return body.subarray(0, length).toString('utf8');
}

/** The next bytes, or null at the end. Never starts flowing mode: what is not read here stays for whoever owns the stream next. */
function readChunk(stream: Duplex): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const chunk: unknown = stream.read();
      if (Buffer.isBuffer(chunk)) settle(() => resolve(chunk));
      else if (stream.readableEnded || stream.destroyed) settle(() => resolve(null));
    };
    const onEnd = (): void => settle(() => resolve(null));
    const onError = (error: Error): void => settle(() => reject(failure(codeOf(error), 'site', messageOf(error), CLOSED_HINT)));
    const settle = (finish: () => void): void => {
      stream.off('readable', look).off('end', onEnd).off('close', onEnd).off('error', onError);
      finish();
    };
    stream.on('readable', look).on('end', onEnd).on('close', onEnd).on('error', onError);
    look();
  });
}

function failure(code: string, fixer: 'device' | 'site' | 'operator', detail: string, hint: string): AgentFailure {
  return new AgentFailure({ leg: 'proxy-answer', code, fixer, detail, hint });
}
