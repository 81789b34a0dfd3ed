// The proxy under test: a real `./pinhole serve` as a child, up when every address asked says ready.

import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Child, lastLines } from './child.ts';

export interface ProxyPlan {
  /** For people; `the proxy` unless given. */
  readonly name?: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly readyUrls: readonly string[];
  readonly onStarted: (pid: number | null) => void;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

const READY_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 50;
/** `drain.stop` is 2 s in the sandbox; the rest is for a busy machine. */
const STOP_WITHIN_MS = 8_000;
/** EX_UNAVAILABLE: `serve` could not bind. */
const EXIT_CANNOT_BIND = 69;

export class ProxyFailed extends Error {
  readonly code: number | null;
  readonly lastLines: readonly string[];

  constructor(message: string, code: number | null, lines: readonly string[]) {
    super(message);
    this.code = code;
    this.lastLines = lines;
  }

  get isPortTaken(): boolean {
    return this.code === EXIT_CANNOT_BIND;
  }
}

/** Starts it and waits until it is ready; throws with its last lines if it is not to be. */
export async function startProxy(plan: ProxyPlan): Promise<Child> {
  const { name = 'the proxy', command, args, logFile, readyUrls, env } = plan;
  const child = new Child({ name, command, args, logFile, env, stopWithinMs: STOP_WITHIN_MS });
  plan.onStarted(child.pid);
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!child.isOver && Date.now() < deadline) {
    const statuses = await Promise.all(readyUrls.map(statusOf));
    if (statuses.every((status) => status === 200)) return child;
    await delay(ASK_EVERY_MS);
  }
  if (child.isOver) {
    const { how, code } = await child.ended;
    throw new ProxyFailed(`${name} ${how}`, code, lastLines(logFile));
  }
  await child.stop();
  throw new ProxyFailed(`${name} was not ready within ${READY_WITHIN_MS / 1_000} s`, null, lastLines(logFile));
}

/** Null where nobody answers. */
export function statusOf(url: string): Promise<number | null> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? null);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(null));
    request.once('close', () => resolve(null));
  });
}
