// A program that the sandbox starts: its output goes to a file, its unexpected end is told with its last lines, and it is ended with us.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

export interface ChildPlan {
  /** For people: `the proxy`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** After SIGTERM; then SIGKILL. */
  readonly stopWithinMs: number;
  /** Its whole environment; ours where none is given. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Sees every line of its standard output, besides the file. */
  readonly onLine?: (line: string) => void;
}

export interface Ended {
  readonly name: string;
  readonly how: string;
  readonly code: number | null;
  readonly lastLines: readonly string[];
}

const LAST_LINES = 12;

/** However the sandbox ends (a second Ctrl-C, a mistake of its own), short of SIGKILL, nothing stays behind. */
const living = new Set<Child>();
process.on('exit', () => {
  for (const child of living) child.killGroup();
});

export class Child {
  readonly plan: ChildPlan;
  /** Resolves once, when the program has ended, wanted or not. */
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;
  #isOver = false;

  constructor(plan: ChildPlan) {
    this.plan = plan;
    const log = openSync(plan.logFile, 'a', 0o600);
    // A group of its own: Ctrl-C in the terminal then reaches the sandbox alone, which ends things in order.
    this.#process = spawn(plan.command, plan.args, {
      stdio: ['ignore', plan.onLine ? 'pipe' : log, log],
      detached: true,
      ...(plan.env === undefined ? {} : { env: plan.env }),
    });
    this.#copyLines(log);
    living.add(this);
    this.ended = this.#whenEnded().finally(() => living.delete(this));
  }

  get pid(): number | null {
    return this.#process.pid ?? null;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it and everything it started; quick if it is over already. */
  async stop(): Promise<void> {
    if (!this.#isOver) this.#process.kill('SIGTERM');
    const isGone = await Promise.race([this.ended.then(() => true), delay(this.plan.stopWithinMs, false, { ref: false })]);
    // Also where it ended by itself: what it may have left is in its group.
    this.killGroup();
    if (!isGone) await this.ended;
  }

  /** To it and everything it started, at once: a machine that dies, or one that hangs. */
  signalAll(name: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined || this.#isOver) return;
    try {
      process.kill(-pid, name);
    } catch {
      // ESRCH: it has just ended by itself.
    }
  }

  #copyLines(log: number): void {
    const { stdout } = this.#process;
    const { onLine } = this.plan;
    if (!stdout || !onLine) return closeSync(log);
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      writeSync(log, `${line}\n`);
      onLine(line);
    });
    lines.once('close', () => closeSync(log));
  }

  /** It and whatever it started and left. */
  killGroup(): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // ESRCH: nobody of the group is left, which is what was wanted.
    }
  }

  async #whenEnded(): Promise<Ended> {
    const failed = once(this.#process, 'error').then(([error]: unknown[]) => ({ code: null, how: `could not start: ${String(error)}` }));
    const exited = new Promise<{ code: number | null; how: string }>((resolve) => {
      this.#process.once('exit', (code, signal) =>
        resolve({ code, how: signal ? `was ended by ${signal}` : `ended with exit code ${code}` }),
      );
    });
    const { code, how } = await Promise.race([failed, exited]);
    this.#isOver = true;
    return { name: this.plan.name, how, code, lastLines: lastLines(this.plan.logFile) };
  }
}

export function lastLines(file: string, count = LAST_LINES): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count);
}
