// "Stop what you are doing for this session", for one stage at a time. The shape is that of AbortSignal, which would cost every open
// an EventTarget and a finalizer.

export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', run: () => void): void;
  removeEventListener(type: 'abort', run: () => void): void;
}

export class Interrupt implements StopSignal {
  #aborted = false;
  #run: (() => void) | null = null;

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Once; later calls change nothing. */
  readonly abort = (): void => {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#run?.();
  };

  addEventListener(_type: 'abort', run: () => void): void {
    this.#run = run;
  }

  removeEventListener(_type: 'abort', run: () => void): void {
    if (this.#run === run) this.#run = null;
  }
}
