// Starts the far ends, one process an address, and adds up what they say.

import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FarEndOrder, FarEndSettings, FarEndWord } from '../far-end/messages.ts';
import { Child, wordsOf } from './child.ts';
import type { FarEnds, FarEndsPlan } from './parts.ts';
import { SecondsOfMany } from './seconds-of-many.ts';

const PROGRAM = join(import.meta.dirname, '..', 'far-end', 'main.ts');
const PATIENCE_MS = 5_000;

interface One {
  readonly process: ChildProcess;
  readonly child: Child;
  readonly address: string;
}

export async function startFarEnds(plan: FarEndsPlan): Promise<FarEnds> {
  mkdirSync(plan.folder, { recursive: true });
  const countFile = join(plan.folder, 'far-end-connects');
  writeFileSync(countFile, '');
  const rows = plan.addresses.length;
  const seconds = new SecondsOfMany(rows, plan.heard);
  const ones = plan.addresses.map((address, row) => start({ address, port: plan.port, quota: plan.quota, countFile, row, rows }));
  let isStopping = false;

  const stop = async (): Promise<void> => {
    isStopping = true;
    await Promise.all(ones.map(({ child }) => child.stop(PATIENCE_MS)));
  };
  for (const [row, { process }] of ones.entries()) {
    process.on('message', (word: FarEndWord) => {
      if (word.word === 'second') seconds.add(row, word.at, word.seen);
    });
  }
  const failed = Promise.race(
    ones.map(async ({ child, address }): Promise<never> => {
      const ended = await child.ended;
      if (isStopping) return new Promise(() => {});
      throw new Error(`the far end on ${address} ${wordsOf(ended)}`);
    }),
  );
  // Whoever waits for it hears of it; until somebody does it must not end the process.
  failed.catch(() => {});

  const tell = (order: FarEndOrder): void => {
    for (const { process } of ones) if (process.connected) process.send(order);
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
    pids: ones.flatMap(({ child }) => child.pid ?? []),
    addresses: plan.addresses.map((address) => `${address}:${plan.port}`),
    failed,
    throttle: (connectsPerSecond) => tell({ order: 'throttle', connectsPerSecond }),
    die: () => tell({ order: 'die' }),
    comeBack: () => listening(() => tell({ order: 'come-back' })),
    stop,
  };
}

function start(settings: FarEndSettings): One {
  const process = fork(PROGRAM, [JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  return { process, child: new Child(process), address: settings.address };
}

function heardListening({ process, address }: One): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const hear = (word: FarEndWord): void => {
    if (word.word === 'second') return;
    process.off('message', hear);
    if (word.word === 'listening') resolve();
    else reject(new Error(`the far end on ${address} cannot listen: ${word.why}`));
  };
  process.on('message', hear);
  return promise;
}
