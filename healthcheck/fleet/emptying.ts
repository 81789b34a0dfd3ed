// What `fleet drain` and `fleet undrain` share: how they say what they do, and how they wait.

import { type DrainProgress, ProgressLine } from '../../proxy/cli/progress.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from './route53/caller.ts';

export interface EmptyingDeps {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly stdout: (text: string) => void;
  readonly isJson: boolean;
  /** Null where standard output is no terminal. */
  readonly columns: () => number | null;
  /** Who asks, for the node's log. */
  readonly actor: string;
  readonly onSignal: (name: NodeJS.Signals, heard: () => void) => void;
}

/** It cannot go on, and why; whoever asked is told what stays as it is. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}

export class Teller {
  readonly #deps: EmptyingDeps;
  readonly #line: ProgressLine;
  #isInterrupted = false;
  #wake: () => void = () => {};

  constructor(deps: EmptyingDeps) {
    this.#deps = deps;
    this.#line = new ProgressLine({ stdout: deps.stdout, columns: deps.columns, nowMs: () => deps.clock.nowMs() });
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      deps.onSignal(name, () => {
        this.#isInterrupted = true;
        this.#wake();
      });
    }
  }

  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  step(words: string): void {
    if (this.#deps.isJson) this.#event('step', { step: words });
    else this.#line.say(words);
  }

  progress(drain: DrainProgress): void {
    if (this.#deps.isJson) this.#event('progress', drain);
    else this.#line.show(drain);
  }

  /** The last line, and what to do next. */
  done(event: string, words: string): void {
    if (this.#deps.isJson) this.#event(event, { message: words });
    else this.#line.say(words);
  }

  /** Nothing more is shown. */
  close(): void {
    this.#line.close();
  }

  /** Ends early when somebody has seen enough. */
  wait(delayMs: number): Promise<void> {
    if (this.#isInterrupted) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #event(event: string, facts: object): void {
    const time = new Date(this.#deps.clock.wallMs()).toISOString();
    this.#deps.stdout(`${JSON.stringify({ time, event, ...facts })}\n`);
  }
}
