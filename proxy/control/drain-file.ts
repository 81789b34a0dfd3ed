// The order to drain as it lies in the runtime folder, and how a carrier keeps up with it. A file, and not a message: it is there for a
// carrier that starts in the middle, and needs no process to keep it.

import { lstatSync, readFileSync, rmSync } from 'node:fs';
import type { Cancel, Clock } from '../core/clock.ts';
import type { DrainOrder } from '../core/drain.ts';
import { settleLeftMs } from '../core/drain.ts';
import { drainFile } from '../core/runtime-files.ts';
import type { Log } from './log.ts';
import { replaceFile } from './metrics-files.ts';

/** Whoever changes the file tells the carriers; one that could not be told then finds out by itself. */
const LOOK_MS = 1_000;

/** Null where the file is not there, and only then. Throws where no descriptor is left, the disk is bad, or what lies there is no order. */
export function readDrain(runtime: string): DrainOrder | null {
  // To open a file that is not there throws, and that is dear where it is all that happens, each second.
  if (isAbsent(runtime)) return null;
  try {
    return orderIn(JSON.parse(readFileSync(drainFile(runtime), 'utf8')));
  } catch (error) {
    if (isAbsent(runtime)) return null;
    throw error;
  }
}

/** There is an order, also where it cannot be read. */
export function isDrainOrdered(runtime: string): boolean {
  try {
    return !isAbsent(runtime);
  } catch {
    // The folder itself is out of reach. Who knows no order goes on: that may befall all nodes of a fleet at once.
    return false;
  }
}

/** Takes no descriptor: a process that has none left can tell all the same. Throws where the folder is out of reach. */
function isAbsent(runtime: string): boolean {
  return lstatSync(drainFile(runtime), { throwIfNoEntry: false }) === undefined;
}

function orderIn(value: unknown): DrainOrder {
  const { by, pausedAtMs, slow, ...rest } = Object(value) as Record<string, unknown>;
  const isWhole =
    typeof by === 'string' &&
    (['askedAtMs', 'closesFromMs', 'deadlineAtMs', 'rate', 'tunnels'] as const).every((name) => typeof rest[name] === 'number') &&
    (pausedAtMs === null || typeof pausedAtMs === 'number') &&
    (slow === null || typeof (Object(slow) as Record<string, unknown>)['untilMs'] === 'number');
  if (!isWhole) throw new Error('what lies there is no order');
  return value as DrainOrder;
}

/** Null ends the drain. Throws where the file cannot be written: then it is as it was. */
export function writeDrain(runtime: string, order: DrainOrder | null): void {
  if (order === null) rmSync(drainFile(runtime), { force: true });
  else replaceFile(drainFile(runtime), JSON.stringify(order));
}

export interface DrainWatch {
  /** The last that could be read; null where there is none. */
  order(): DrainOrder | null;
  /** There is one, read or not. */
  isOrdered(): boolean;
  /** New tunnels are refused by now. */
  isRefusing(): boolean;
  /** The file has changed. */
  look(): void;
  stop(): void;
}

export interface DrainWatchDeps {
  readonly runtime: string;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
}

export function watchDrain({ runtime, clock, log }: DrainWatchDeps): DrainWatch {
  let order: DrainOrder | null = null;
  let isUnread = false;
  let hasSaid = false;
  const look = (): void => {
    try {
      order = readDrain(runtime);
      isUnread = hasSaid = false;
    } catch (error) {
      isUnread = isDrainOrdered(runtime);
      if (!hasSaid) log.error({ event: 'drain-unreadable', detail: (error as Error).message });
      hasSaid = true;
    }
  };
  look();
  const cancel: Cancel = clock.every(LOOK_MS, look);
  return {
    order: () => order,
    isOrdered: () => order !== null || isUnread,
    isRefusing: () => order !== null && settleLeftMs(order, clock.nowMs()) === 0,
    look,
    stop: cancel,
  };
}
