// A program of the bench that is told what to do: a step is a line to it, its answer a line of JSON back.

import { createInterface } from 'node:readline';
import type { Processes, Started } from './processes.ts';

export class LineProgram {
  readonly started: Started;
  readonly #lines: AsyncIterator<string>;

  protected constructor(started: Started) {
    if (!started.child.stdout) throw new Error('the program has no output');
    this.started = started;
    this.#lines = createInterface({ input: started.child.stdout })[Symbol.asyncIterator]();
  }

  protected static run(processes: Processes, command: readonly string[]): Promise<Started> {
    return processes.start(command, 'pipe', import.meta.dirname);
  }

  protected async step<Answer>(line: string): Promise<Answer> {
    this.started.child.stdin?.write(`${line}\n`);
    return JSON.parse(await this.line()) as Answer;
  }

  /** The next line that it says, asked or not. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the program ${await this.started.ended}`);
    return value;
  }
}
