// What the rig itself starts, and how all of it ends: every program is the head of a group of its own, and only these groups are signalled.
// A Ctrl-C in the terminal then reaches the rig alone, which ends things in order.

import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readLines } from './lines.ts';

export interface Ended {
  /** Null where it was ended by a signal, or never began. */
  readonly code: number | null;
  /** In words: `ended with exit code 3`, `was ended by SIGKILL`, or why it never began. */
  readonly how: string;
  readonly lastLines: readonly string[];
}

export interface Started {
  readonly name: string;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has said last, until now. */
  readonly lastLines: () => readonly string[];
  readonly child: ChildProcess;
}

export type ProgramPlan = {
  /** For people. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly folder?: string;
  readonly env?: NodeJS.ProcessEnv;
} & (
  | {
      readonly logFile: string;
      /** Its standard input and output are pipes; without, output goes to the file. */
      readonly isSpokenTo?: boolean;
    }
  | {
      /** Each line that it says; true for one that is not worth keeping. */
      readonly heard: (line: string) => boolean;
      /** Messages go both ways, as `fork` has it. */
      readonly hasChannel?: boolean;
    }
);

const KIND_MS = 8_000;
const LAST_LINES = 10;

export class Processes {
  readonly #running = new Set<Started>();
  readonly #told: (groups: readonly number[]) => void;

  /** `told`: hears of the groups that are there, at each start: whoever ends this program has to end them. */
  constructor(told: (groups: readonly number[]) => void = () => {}) {
    this.#told = told;
  }

  start(plan: ProgramPlan): Started {
    const [program, ...args] = plan.command;
    const log = 'logFile' in plan ? openSync(plan.logFile, 'a', 0o600) : null;
    const child = spawn(program, args, {
      stdio: stdioOf(plan, log),
      detached: true,
      ...(plan.folder === undefined ? {} : { cwd: plan.folder }),
      ...(plan.env === undefined ? {} : { env: plan.env }),
    });
    if (log !== null) closeSync(log);
    // Its input may be gone before we are done with it.
    child.stdin?.on('error', () => {});
    const lastLines = 'logFile' in plan ? () => lastLinesOf(plan.logFile) : keepLines(child, plan.heard);
    const { promise: ended, resolve } = Promise.withResolvers<Ended>();
    const end = (code: number | null, how: string): void => resolve({ code, how, lastLines: lastLines() });
    child.once('error', (error) => end(null, `could not be started: ${error.message}`));
    // Where we read what it says, its last words may still be in its pipes when it is gone.
    child.once('logFile' in plan ? 'exit' : 'close', (code: number | null, signal: NodeJS.Signals | null) =>
      end(code, signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    );
    const started: Started = { name: plan.name, pid: child.pid ?? 0, ended, lastLines, child };
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

export function wordsOf({ how, lastLines }: Pick<Ended, 'how' | 'lastLines'>): string {
  return lastLines.length === 0 ? `${how}, and said nothing` : `${how}; its last lines:\n  ${lastLines.join('\n  ')}`;
}

function stdioOf(plan: ProgramPlan, log: number | null): StdioOptions {
  if ('heard' in plan) return plan.hasChannel === true ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'];
  return plan.isSpokenTo === true ? ['pipe', 'pipe', log] : ['ignore', log, log];
}

function keepLines({ stdout, stderr }: ChildProcess, heard: (line: string) => boolean): () => readonly string[] {
  const kept: string[] = [];
  const keep = (line: string): void => {
    kept.push(line);
    if (kept.length > LAST_LINES) kept.shift();
  };
  for (const stream of [stdout, stderr]) if (stream !== null) readLines(stream, (line) => void (heard(line) || keep(line)));
  return () => kept;
}

function lastLinesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-LAST_LINES)
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
