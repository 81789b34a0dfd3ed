// Keeps the probe's process alive. It judges the node from outside, so it is a process of its own and is told what to do; when control ends,
// whatever the way, the channel closes and the probe ends with it.

import { type ChildProcess, spawn } from 'node:child_process';
import type { ProbeJob } from '../../healthcheck/probe/contract.ts';
import type { Cancel, Clock } from '../core/clock.ts';

const NODE_FLAGS = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning'];
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;
/** Whoever lived for so long is started again soon. */
const STEADY_MS = 60_000;

export interface ProbeDeath {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ProbeChildDeps {
  /** The script of the probe. */
  readonly entry: string;
  /** Null is none: no probe runs. */
  readonly job: ProbeJob | null;
  readonly clock: Clock;
  readonly died: (death: ProbeDeath) => void;
}

export class ProbeChild {
  readonly #deps: ProbeChildDeps;
  #job: ProbeJob | null;
  #isWanted = false;
  #child: ChildProcess | null = null;
  #startedMs = 0;
  #backoffMs = BACKOFF_FIRST_MS;
  #cancelRestart: Cancel = () => {};
  #isStopped = false;

  constructor(deps: ProbeChildDeps) {
    this.#deps = deps;
    this.#job = deps.job;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    const { entry, clock } = this.#deps;
    const job = this.#job;
    this.#isWanted = true;
    if (job === null) return;
    // What it writes to its standard error comes out where control's does.
    const child = spawn(process.execPath, [...NODE_FLAGS, entry], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child = child;
    this.#startedMs = clock.nowMs();
    child.once('exit', (code, signal) => this.#ended(child, { code, signal }));
    // One that could not be spawned has no exit.
    child.on('error', () => {
      if (child.pid === undefined) this.#ended(child, { code: null, signal: null });
    });
    child.send(job, () => {});
  }

  /** Another job, or none: who does the one before makes room. */
  take(job: ProbeJob | null): void {
    if (JSON.stringify(job) === JSON.stringify(this.#job)) return;
    this.#job = job;
    if (!this.#isWanted || this.#isStopped) return;
    this.#cancelRestart();
    const before = this.#child;
    this.#child = null;
    before?.kill('SIGKILL');
    this.start();
  }

  /** It lives and says nothing: a new one may do better. */
  replaceSilent(): void {
    if (this.#deps.clock.nowMs() - this.#startedMs >= STEADY_MS) this.#child?.kill('SIGKILL');
  }

  /** Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart();
    const child = this.#child;
    if (child === null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  #ended(child: ChildProcess, death: ProbeDeath): void {
    if (child !== this.#child) return;
    this.#child = null;
    if (this.#isStopped) return;
    const { clock, died } = this.#deps;
    died(death);
    if (clock.nowMs() - this.#startedMs >= STEADY_MS) this.#backoffMs = BACKOFF_FIRST_MS;
    this.#cancelRestart = clock.after(this.#backoffMs, () => this.start());
    this.#backoffMs = Math.min(BACKOFF_MAX_MS, this.#backoffMs * 2);
  }
}
