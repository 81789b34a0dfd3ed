// What the rig itself starts, and how all of it ends: every program is the head of a group of its own, and only these groups are signalled.
// A Ctrl-C in the terminal then reaches the rig alone, which ends things in order.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface Ended {
  /** Null where it was ended by a signal, or never began. */
  readonly code: number | null;
  /** In words. */
  readonly how: string;
}

export interface Started {
  readonly name: string;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly child: ChildProcess;
}

export interface ProgramPlan {
  /** For people. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Its standard input and output are pipes; without, output goes to the file. */
  readonly isSpokenTo?: boolean;
}

const KIND_MS = 8_000;
const LAST_LINES = 5;

export class Processes {
  readonly #running = new Set<Started>();
  readonly #told: (groups: readonly number[]) => void;

  /** `told`: hears of the groups that are there, at each start: whoever ends this program has to end them. */
  constructor(told: (groups: readonly number[]) => void = () => {}) {
    this.#told = told;
  }

  start({ name, command, logFile, env, isSpokenTo = false }: ProgramPlan): Started {
    const [program, ...args] = command;
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(program, args, {
      stdio: isSpokenTo ? ['pipe', 'pipe', log] : ['ignore', log, log],
      detached: true,
      ...(env === undefined ? {} : { env }),
    });
    closeSync(log);
    // Its input may be gone before we are done with it.
    child.stdin?.on('error', () => {});
    const ended = new Promise<Ended>((done) => {
      child.once('error', (error) => done({ code: null, how: `could not start: ${error.message}` }));
      child.once('exit', (code, signal) =>
        done({ code, how: signal === null ? `ended with exit code ${code}` : `was ended by ${signal}` }),
      );
    });
    const started: Started = { name, pid: child.pid ?? 0, ended, child };
    this.#running.add(started);
    void ended.then(() => this.#running.delete(started));
    this.#told(this.groups);
    return started;
  }

  /** Ids of the groups that are there now. */
  get groups(): number[] {
    return [...this.#running].map(({ pid }) => pid).filter((pid) => pid !== 0);
  }

  /** SIGTERM, time, then SIGKILL to all of its group. */
  async stop(started: Started, withinMs = KIND_MS): Promise<void> {
    if (this.#running.has(started)) {
      started.child.kill('SIGTERM');
      const late = new AbortController();
      await Promise.race([started.ended, delay(withinMs, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
    }
    killGroup(started);
    await started.ended;
  }

  /** At once, as a machine dies. */
  async kill(started: Started): Promise<void> {
    killGroup(started);
    await started.ended;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((started) => this.stop(started)));
  }

  /** For the very end of this process, when nothing can be waited for. */
  killAll(): void {
    for (const started of this.#running) killGroup(started);
  }
}

function killGroup({ pid }: Started): void {
  if (pid === 0) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody of it is left.
  }
}

export function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join(' | ');
  } catch {
    return '';
  }
}
