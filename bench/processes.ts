// What a run starts, and how all of it ends: every program is the head of a group of its own, and only these groups are ever signalled.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const KIND_MS = 8_000;

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<string>;
}

/** Where standard output goes: a file for a proxy, a pipe for a program of ours. */
export type Output = { readonly file: string } | 'pipe';

export class Processes {
  readonly #running = new Set<Started>();

  async start(command: readonly string[], output: Output, cwd: string): Promise<Started> {
    const [program = '', ...args] = command;
    const file = output === 'pipe' ? null : openSync(output.file, 'a');
    const stdio = file === null ? (['pipe', 'pipe', 'inherit'] as const) : (['ignore', file, file] as const);
    const child = spawn(program, args, { cwd, stdio: [...stdio], detached: true });
    if (file !== null) closeSync(file);
    const ended = new Promise<string>((done) => {
      child.on('error', (error) => done(error.message));
      child.on('exit', (code, signal) => done(signal ? `was ended by ${signal}` : `ended with ${code}`));
    });
    if (child.pid === undefined) throw new Error(`${program} did not start: ${await ended}`);
    const started = { child, pid: child.pid, ended };
    this.#running.add(started);
    void ended.then(() => this.#running.delete(started));
    return started;
  }

  async stop(started: Started): Promise<void> {
    if (!this.#running.has(started)) return;
    started.child.kill('SIGTERM');
    const late = new AbortController();
    await Promise.race([started.ended, delay(KIND_MS, undefined, { signal: late.signal }).catch(() => {})]);
    late.abort();
    if (this.#running.has(started)) killGroup(started);
    await started.ended;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((started) => this.stop(started)));
  }

  /** For the end of this very process, when nothing can be waited for any more. */
  killAll(): void {
    for (const started of this.#running) killGroup(started);
  }
}

function killGroup({ pid }: Started): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It went by itself in between.
  }
}
