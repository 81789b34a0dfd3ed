// Runs a program that is not ours, to its end or to a bound.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { eventually, TooLate } from '../hostile/bounded.ts';

const RUN_MS = 15_000;
/** How a shell counts what we end. */
const KILLED = 128 + constants.signals.SIGKILL;
/** A proxy of this machine's own, or an exception from one, would lead a client elsewhere; and no child is a part of this test run. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name) && name !== 'NODE_TEST_CONTEXT'),
);

export class Program {
  stdout = '';
  stderr = '';
  /** Resolves with its exit code when it has ended and its output is here; where a signal ended it, as a shell counts. */
  readonly ended: Promise<number>;
  readonly #name: string;
  readonly #child: ChildProcess;
  #isOver = false;

  constructor(command: string, args: readonly string[]) {
    this.#name = command;
    // A group of its own, so that what it starts is ended with it.
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: ENVIRONMENT,
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    const timer = setTimeout(() => this.kill(), RUN_MS);
    const killAtExit = (): void => this.kill();
    process.on('exit', killAtExit);
    this.ended = once(this.#child, 'close')
      .then(([code, signal]) => (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals])
      .finally(() => {
        this.#isOver = true;
        clearTimeout(timer);
        process.off('exit', killAtExit);
      });
    this.ended.catch(() => {});
  }

  get said(): string {
    return `${this.stdout}${this.stderr}`;
  }

  /** Until `look` finds something, or the program ends. */
  async until<T>(what: string, look: () => T | null): Promise<T> {
    const found = await eventually(RUN_MS, what, () => look() ?? (this.#isOver ? 'over' : null));
    if (found === 'over') throw new Error(`${this.#name} ended before ${what}: ${this.said}`);
    return found;
  }

  /** The whole group; nothing where nobody of it is left. */
  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // ESRCH: nobody of the group is left, which is what was wanted.
    }
  }
}

/** What it said; throws with that if its exit code is not 0. */
export async function run(command: string, args: readonly string[]): Promise<Program> {
  const { program, code } = await runToEnd(command, args);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${program.said}`);
  return program;
}

/** What it said when it failed; throws if it did not. */
export async function runToFailure(command: string, args: readonly string[]): Promise<string> {
  const { program, code } = await runToEnd(command, args);
  if (code === 0) throw new Error(`${command} did not fail: ${program.said}`);
  return program.said;
}

async function runToEnd(command: string, args: readonly string[]): Promise<{ program: Program; code: number }> {
  const program = new Program(command, args);
  const code = await program.ended;
  if (code === KILLED) throw new TooLate(`${command} had not ended after ${RUN_MS} ms: ${program.said}`);
  return { program, code };
}
