// When a proxy that was just started may be measured.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Started } from './processes.ts';

/** Of a machine that others use too. */
const READY_MS = 60_000;
/** After the first accepted connection: late start-up work does not count as the tunnels'. */
const WARM_MS = 2_000;

export async function waitUntilReady(proxy: Started, port: number, output: string): Promise<void> {
  let how: string | null = null;
  void proxy.ended.then((words) => (how = words));
  const untilMs = performance.now() + READY_MS;
  while (!(await accepts(port))) {
    if (how === null && performance.now() < untilMs) await delay(100);
    else throw new Error(`it ${how ?? 'accepted no connection in time'}; its last words: ${lastWords(output)}`);
  }
  await delay(WARM_MS);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => done(false));
    socket.on('connect', () => {
      socket.destroy();
      done(true);
    });
  });
}

function lastWords(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' | ') || '(none)';
}
