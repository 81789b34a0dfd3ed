// A child's side of a change of the configuration, in two steps: first everything is made that can fail, then one reference is swapped, when
// the supervisor says that all are ready for it.

import type { ChildMessage, StagingMessage } from '../core/supervision.ts';

/** A configuration that is ready to be used, and is not yet. */
export interface Staged {
  readonly policyVersion: string;
  /** From the next connection on. Never fails. */
  swap(): void;
  /** It will not be used. */
  drop(): void;
}

export class Staging {
  readonly #stage: (file: string) => Promise<Staged>;
  readonly #say: (message: ChildMessage) => void;
  /** The turn that may still be swapped. */
  #turn = -1;
  #staged: Promise<Staged | null> = Promise.resolve(null);
  /** Everything before is swapped or dropped. */
  #settled: Promise<void> = Promise.resolve();

  /** `stage` makes what is needed of the settings in that file; it rejects, and nothing is different, where it cannot. */
  constructor(stage: (file: string) => Promise<Staged>, say: (message: ChildMessage) => void) {
    this.#stage = stage;
    this.#say = say;
  }

  /** One after the other: a later configuration must not be overtaken by an earlier one that takes longer. */
  heard(message: StagingMessage): void {
    if (message.type === 'stage') this.#begin(message.turn, message.file);
    else if (message.turn === this.#turn) this.#finish(message.type === 'swap');
  }

  #begin(turn: number, file: string): void {
    this.#finish(false);
    this.#turn = turn;
    this.#staged = this.#settled
      .then(() => this.#stage(file))
      .then(
        (staged) => {
          this.#say({ type: 'staged', turn });
          return staged;
        },
        (error: unknown) => {
          this.#say({ type: 'refused', turn, why: error instanceof Error ? error.message : String(error) });
          return null;
        },
      );
  }

  #finish(isWanted: boolean): void {
    const turn = this.#turn;
    if (turn === -1) return;
    const done = this.#staged;
    this.#turn = -1;
    this.#staged = Promise.resolve(null);
    this.#settled = done.then((staged) => {
      if (!staged) return;
      if (!isWanted) return staged.drop();
      staged.swap();
      this.#say({ type: 'swapped', turn, policyVersion: staged.policyVersion });
    });
  }
}
