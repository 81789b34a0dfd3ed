/** The CRT's native objects hold the event loop until they are collected: without this, a test process would never end. */

import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_MS = 50;
let timer: NodeJS.Timeout | null = null;

/** A first few rounds; more come for as long as something else holds the process, which the timer does not. */
export async function collectGarbage(): Promise<void> {
  timer ??= setInterval(collector(), EVERY_MS).unref();
  // Closing takes a few turns of the CRT's own threads; what they still hold is not garbage yet.
  await delay(5 * EVERY_MS);
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
