/** The CRT's native objects hold the event loop until they are collected: without this, a test process would never end. */

import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Closing takes a few turns of the CRT's own threads; what they still hold is not garbage yet.
  for (let round = 0; round < 5; round++) {
    await delay(50);
    collect();
  }
}
