/** A stand-in in a folder of its own, and what the clients of the tests need to find it. */

import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PkiFiles } from '../../pki/files.ts';
import { type AwsIot, type AwsIotOptions, startAwsIot } from '../../start.ts';

export interface World {
  readonly aws: AwsIot;
  readonly lines: string[];
  /** A file's text. */
  read(file: keyof PkiFiles): Promise<string>;
  stop(): Promise<void>;
}

/** One folder for a test file: keys take a second to make. */
let shared: Promise<string> | undefined;

async function makeDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'aws-iot-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function startWorld(options: Partial<AwsIotOptions> = {}): Promise<World> {
  shared ??= makeDir();
  const dir = await shared;
  const lines: string[] = [];
  const aws = await startAwsIot({ dir, log: (line) => lines.push(line), ...options });
  return {
    aws,
    lines,
    read: (file) => readFile(aws.files[file], 'utf8'),
    stop: () => aws.stop(),
  };
}

/** Waits for a fact that arrives by itself; fails with its name if it does not. */
export async function until(name: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
