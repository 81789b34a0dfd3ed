// Asks another process of the node over its Unix socket. The answer comes in time and within a size, or not at all: one process that hangs
// must not hold up the others' answers.

import { request } from 'node:http';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { ordersSocket, supervisorSocket } from '../core/runtime-files.ts';
import type { SupervisorView } from '../core/supervision.ts';

export const ASK_TIMEOUT_MS = 1_000;
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** The JSON at a path of the process behind `socketPath`; null where it does not answer. */
export function askJson(socketPath: string, path: string, clock: Clock, timeoutMs = ASK_TIMEOUT_MS): Promise<unknown> {
  const outgoing = request({ socketPath, path, agent: false });
  return inTime(clock, timeoutMs, outgoing, (settle) => {
    outgoing.once('response', (response) => {
      if (response.statusCode === 200) readText(response, settle);
      else settle(null);
    });
    outgoing.end();
  });
}

export interface Told {
  readonly status: number;
  readonly value: unknown;
}

/** What the process behind `socketPath` answers to a JSON body; null where it does not answer. */
export async function tellJson(
  socketPath: string,
  path: string,
  body: unknown,
  clock: Clock,
  timeoutMs = ASK_TIMEOUT_MS,
): Promise<Told | null> {
  const headers = { 'Content-Type': 'application/json' };
  const outgoing = request({ socketPath, path, method: 'POST', headers, agent: false });
  let status = 0;
  const value = await inTime(clock, timeoutMs, outgoing, (settle) => {
    outgoing.once('response', (response) => {
      status = response.statusCode ?? 0;
      readText(response, settle);
    });
    outgoing.end(JSON.stringify(body));
  });
  return value === null ? null : { status, value };
}

/** The JSON that whoever listens on a socket writes to everybody who connects; null where nobody does. */
export function askSocket(path: string, clock: Clock, timeoutMs = ASK_TIMEOUT_MS): Promise<unknown> {
  const socket = connect(path);
  return inTime(clock, timeoutMs, socket, (settle) => readText(socket, settle));
}

/** What the supervisor says about its children; null where no supervisor answers. */
export async function askSupervisor(runtime: string, clock: Clock, timeoutMs = ASK_TIMEOUT_MS): Promise<SupervisorView | null> {
  const view = await askSocket(supervisorSocket(runtime), clock, timeoutMs);
  // Between taking its folder and its first child it has nothing to tell but its pid.
  return typeof view === 'object' && view !== null && 'slots' in view ? (view as SupervisorView) : null;
}

/** What the supervisor answers to an order (supervisor/orders.ts); null where it does not. `heard` is told what it says before. */
export function orderSupervisor(
  runtime: string,
  order: { readonly order: string; readonly by: string; readonly to?: string | null },
  how: { readonly clock: Clock; readonly timeoutMs: number; heard(news: unknown): void },
): Promise<unknown> {
  const socket = connect(ordersSocket(runtime));
  return inTime(how.clock, how.timeoutMs, socket, (settle) => {
    let last: string | null = null;
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > ANSWER_BYTES_MAX) settle(null);
      for (const line of lines) {
        const said = parse(line);
        if (typeof said === 'object' && said !== null && 'news' in said) how.heard(said.news);
        else last = line;
      }
    });
    socket.once('end', () => settle(last));
    socket.write(`${JSON.stringify(order)}\n`);
  });
}

interface Channel {
  on(event: 'error' | 'close', heard: () => void): unknown;
  destroy(): unknown;
}

function inTime(
  clock: Clock,
  timeoutMs: number,
  channel: Channel,
  start: (settle: (text: string | null) => void) => void,
): Promise<unknown> {
  return new Promise((resolve) => {
    const settle = (text: string | null): void => {
      cancel();
      resolve(parse(text));
      channel.destroy();
    };
    const cancel = clock.after(timeoutMs, () => settle(null));
    channel.on('error', () => settle(null));
    channel.on('close', () => settle(null));
    start(settle);
  });
}

function readText(stream: Readable, settle: (text: string | null) => void): void {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > ANSWER_BYTES_MAX) settle(null);
  });
  stream.once('end', () => settle(text));
  stream.once('error', () => settle(null));
}

function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
