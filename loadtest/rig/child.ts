// A process that the rig has started: its last words, how it ended, and how it is ended.

import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { readLines } from './lines.ts';

const LAST_LINES = 10;

export interface Ended {
  readonly code: number | null;
  /** In words: `ended with 3`, `was ended by SIGKILL`, or why it never began. */
  readonly how: string;
  readonly lastLines: readonly string[];
}

export class Child {
  readonly #child: ChildProcess;
  readonly #lastLines: string[] = [];
  readonly ended: Promise<Ended>;

  /** `heard`: true for a line that is not worth keeping. */
  constructor(child: ChildProcess, heard: (line: string) => boolean = () => false) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) readLines(stream, (line) => void (heard(line) || this.#keep(line)));
    }
    const { promise, resolve } = Promise.withResolvers<Ended>();
    const end = (code: number | null, how: string): void => resolve({ code, how, lastLines: this.#lastLines });
    child.on('error', (error) => end(null, `could not be started: ${error.message}`));
    // Not `exit`: what it wrote last may still be in its pipes.
    child.on('close', (code, signal) => end(code, signal === null ? `ended with ${code}` : `was ended by ${signal}`));
    this.ended = promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** SIGTERM, and SIGKILL for one that does not go. */
  async stop(patienceMs: number): Promise<void> {
    this.#child.kill('SIGTERM');
    const late = new AbortController();
    const patience = delay(patienceMs, undefined, { signal: late.signal }).then(
      () => this.#child.kill('SIGKILL'),
      () => {},
    );
    await this.ended;
    late.abort();
    await patience;
  }

  #keep(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
  }
}

export function wordsOf({ how, lastLines }: Ended): string {
  return lastLines.length === 0 ? `${how}, and said nothing` : `${how}; its last lines:\n  ${lastLines.join('\n  ')}`;
}
