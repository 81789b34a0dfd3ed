// `./pinhole fleet ...`: a program of its own, with a role of its own; no node runs it. The only file of the health plane that reads the
// environment, catches signals and ends the process.

import { readFileSync } from 'node:fs';
import { systemClock } from './clock.ts';

/** A second signal, later than the first one's echo from npm or a shell, is meant. */
const SECOND_SIGNAL_AFTER_MS = 1_000;
const EXIT_FAILED = 1;

async function main(args: readonly string[]): Promise<number> {
  const { runFleet } = await import('./fleet/command.ts');
  const { createClient } = await import('./fleet/route53/client.ts');
  return runFleet(args, {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    clock: systemClock,
    random: Math.random,
    connect: () => createClient(process.env),
    onSignal,
    columns: () => (process.stdout.isTTY ? process.stdout.columns : null),
  });
}

function onSignal(name: NodeJS.Signals, heard: () => void): void {
  let firstAtMs: number | null = null;
  process.on(name, () => {
    firstAtMs ??= systemClock.nowMs();
    if (name !== 'SIGHUP' && systemClock.nowMs() - firstAtMs > SECOND_SIGNAL_AFTER_MS) process.exit(EXIT_FAILED);
    heard();
  });
}

process.exitCode = await main(process.argv.slice(2));
