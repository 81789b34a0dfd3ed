// One run of a node from a file to its end: asks a short-lived child what the configuration says, takes the runtime folder, looks whether the
// addresses are free, and then supervises.

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { ledgerFile, supervisorSocket } from '../core/runtime-files.ts';
import { createLedger } from '../limits/ledger-file.ts';
import { BindFailure, probeAddresses } from './listen-sockets.ts';
import { takeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { openLineLog } from './line-log.ts';
import type { LineLog } from './line-log.ts';
import { EXIT } from './plan.ts';
import type { ServePlan } from './plan.ts';
import { enterRuntimeFolder } from './runtime-folder.ts';
import { GENERATIONS_MAX, Supervisor } from './supervisor.ts';

/** Children of a supervisor that was killed end by themselves, but not before they have noticed. */
const LEFTOVER_PORTS_MS = 3_000;
const RETRY_MS = 100;
const FLUSH_MS = 500;

export interface ServeOptions {
  readonly configFile: string;
  /** The script that knows the roles; started with `prepare`, `carrier` and `control`. */
  readonly entry: string;
  readonly clock: Clock;
  /** One line for whoever started the node. */
  complain(line: string): void;
  /** Called with the supervisor once it runs, so that signals can reach it. */
  running(supervisor: Supervisor, log: LineLog): void;
}

/** Resolves with the process's exit code when the node has ended. */
export async function serveNode(options: ServeOptions): Promise<number> {
  const prepared = await prepare(options);
  if (typeof prepared === 'number') return prepared;
  let supervisor: Supervisor | null = null;
  let lock: Lock | null = null;
  try {
    lock = await takeLock(supervisorSocket(prepared.runtime), () => JSON.stringify(supervisor?.view() ?? { pid: process.pid }));
    if (!lock) return refuse(options, `another \`pinhole serve\` runs in ${prepared.runtime}; a second node needs its own \`runtime\``);
    const plan = await withFreeAddresses(prepared, lock.wasStale, options.clock);
    const { log: logSettings, node, version, runtime } = plan;
    const log = openLineLog({ log: logSettings, node, version, clock: options.clock });
    const generation = enterRuntimeFolder(plan);
    createLedger(ledgerFile(runtime), plan.carriers * GENERATIONS_MAX);

    const code = await new Promise<number>((ended) => {
      supervisor = new Supervisor({ plan, generation, entry: options.entry, clock: options.clock, log, ended });
      supervisor.start();
      options.running(supervisor, log);
    });
    await log.flush(FLUSH_MS);
    return code;
  } catch (error) {
    return refuse(options, error instanceof BindFailure ? error.message : `cannot start: ${(error as Error).message}`);
  } finally {
    rmSync(prepared.preparedSettings, { force: true });
    lock?.release();
  }
}

function refuse(options: ServeOptions, line: string): number {
  options.complain(line);
  return EXIT.unavailable;
}

/** The child has said on stderr what is wrong where it gives an exit code instead of a plan. */
function prepare({ configFile, entry }: ServeOptions): Promise<ServePlan | number> {
  const child = spawn(process.execPath, ['--disable-sigusr1', entry, 'prepare', configFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => (text += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(text) as ServePlan);
      else if (signal) reject(new Error(`the configuration was not read: ${signal}`));
      else resolve(code ?? EXIT.failed);
    });
  });
}

async function withFreeAddresses(plan: ServePlan, afterKill: boolean, clock: Clock): Promise<ServePlan> {
  const giveUpMs = clock.nowMs() + (afterKill ? LEFTOVER_PORTS_MS : 0);
  for (;;) {
    try {
      const named = plan.listeners.map((listener) => ({ ...listener }));
      const [health, admin, ...listeners] = await probeAddresses([
        { ...plan.health, name: 'health' },
        { ...plan.admin, name: 'admin' },
        ...named,
      ]);
      return { ...plan, health: health ?? plan.health, admin: admin ?? plan.admin, listeners };
    } catch (error) {
      if (!(error instanceof BindFailure) || clock.nowMs() >= giveUpMs) throw error;
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  }
}
