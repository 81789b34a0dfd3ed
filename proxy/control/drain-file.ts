// The order to drain as it lies in the runtime folder, and how a carrier keeps up with it. A file, and not a message: it is there for a
// carrier that starts in the middle, and needs no process to keep it.

import { rmSync } from 'node:fs';
import type { Cancel, Clock } from '../core/clock.ts';
import type { DrainOrder } from '../core/drain.ts';
import { settleLeftMs } from '../core/drain.ts';
import { drainFile } from '../core/runtime-files.ts';
import { readJson, replaceFile } from './metrics-files.ts';

/** Whoever changes the file tells the carriers; one that could not be told then finds out by itself. */
const LOOK_MS = 1_000;

export function readDrain(runtime: string): DrainOrder | null {
  return readJson(drainFile(runtime)) as DrainOrder | null;
}

/** Null ends the drain. Throws where the file cannot be written: then it is as it was. */
export function writeDrain(runtime: string, order: DrainOrder | null): void {
  if (order === null) rmSync(drainFile(runtime), { force: true });
  else replaceFile(drainFile(runtime), JSON.stringify(order));
}

export interface DrainWatch {
  order(): DrainOrder | null;
  /** New tunnels are refused by now. */
  isRefusing(): boolean;
  /** The file has changed. */
  look(): void;
  stop(): void;
}

export function watchDrain({ runtime, clock }: { readonly runtime: string; readonly clock: Clock }): DrainWatch {
  let order = readDrain(runtime);
  const look = (): void => {
    order = readDrain(runtime);
  };
  const cancel: Cancel = clock.every(LOOK_MS, look);
  return {
    order: () => order,
    isRefusing: () => order !== null && settleLeftMs(order, clock.nowMs()) === 0,
    look,
    stop: cancel,
  };
}
