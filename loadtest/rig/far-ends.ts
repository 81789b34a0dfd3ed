// Starts the far ends, one process an address, and adds up what they say.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FarEndOrder, FarEndSettings, FarEndWord } from '../far-end/messages.ts';
import type { FarEnds, FarEndsPlan } from './parts.ts';
import { type Processes, type Started, wordsOf } from './processes.ts';
import { SecondsOfMany } from './seconds-of-many.ts';

const PROGRAM = join(import.meta.dirname, '..', 'far-end', 'main.ts');
const PATIENCE_MS = 5_000;

interface One {
  readonly started: Started;
  readonly address: string;
}

export async function startFarEnds(plan: FarEndsPlan, processes: Processes): Promise<FarEnds> {
  mkdirSync(plan.folder, { recursive: true });
  const countFile = join(plan.folder, 'far-end-connects');
  writeFileSync(countFile, '');
  const rows = plan.addresses.length;
  const seconds = new SecondsOfMany(rows, plan.heard);
  const ones = plan.addresses.map((address, row) =>
    start({ address, port: plan.port, quota: plan.quota, countFile, row, rows }, processes),
  );
  let isStopping = false;

  const stop = async (): Promise<void> => {
    isStopping = true;
    await Promise.all(ones.map(({ started }) => processes.stop(started, PATIENCE_MS)));
  };
  for (const [row, { started }] of ones.entries()) {
    started.child.on('message', (word: FarEndWord) => {
      if (word.word === 'second') seconds.add(row, word.at, word.seen);
    });
  }
  const failed = Promise.race(
    ones.map(async ({ started, address }): Promise<never> => {
      const ended = await started.ended;
      if (isStopping) return new Promise(() => {});
      throw new Error(`the far end on ${address} ${wordsOf(ended)}`);
    }),
  );
  // Whoever waits for it hears of it; until somebody does it must not end the process.
  failed.catch(() => {});

  const tell = (order: FarEndOrder): void => {
    for (const { started } of ones) if (started.child.connected) started.child.send(order);
  };
  const listening = async (act: () => void): Promise<void> => {
    const all = Promise.all(ones.map(heardListening));
    act();
    await Promise.race([all, failed]);
  };
  try {
    await listening(() => {});
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pids: ones.map(({ started }) => started.pid).filter((pid) => pid !== 0),
    addresses: plan.addresses.map((address) => `${address}:${plan.port}`),
    failed,
    throttle: (connectsPerSecond) => tell({ order: 'throttle', connectsPerSecond }),
    die: () => tell({ order: 'die' }),
    comeBack: () => listening(() => tell({ order: 'come-back' })),
    stop,
  };
}

function start(settings: FarEndSettings, processes: Processes): One {
  const { address } = settings;
  const command = [process.execPath, PROGRAM, JSON.stringify(settings)] as const;
  return { started: processes.start({ name: `far end on ${address}`, command, heard: () => false, hasChannel: true }), address };
}

function heardListening({ started, address }: One): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const hear = (word: FarEndWord): void => {
    if (word.word === 'second') return;
    started.child.off('message', hear);
    if (word.word === 'listening') resolve();
    else reject(new Error(`the far end on ${address} cannot listen: ${word.why}`));
  };
  started.child.on('message', hear);
  return promise;
}
