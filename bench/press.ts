// Drives the program of unwanted crowds (press.c).

import { LineProgram } from './line-program.ts';
import type { Processes } from './processes.ts';

export interface Held {
  readonly asked: number;
  readonly held: number;
  /** Turned away without a word. */
  readonly closed: number;
  readonly failed: number;
  readonly seconds: number;
}

export interface Asked {
  readonly asked: number;
  readonly seconds: number;
  /** How many it was behind its pace at worst: the proxy, or the program itself, did not keep up. */
  readonly late: number;
  readonly failed: number;
  /** Without an answer. */
  readonly closed: number;
  readonly unanswered: number;
  /** By status. */
  readonly answers: Readonly<Record<string, number>>;
}

export function answeredIn({ answers }: Asked): number {
  return Object.values(answers).reduce((sum, count) => sum + count, 0);
}

export interface Crowd {
  readonly program: string;
  readonly port: number;
  /** The first of so many addresses that it comes from. */
  readonly from: string;
  readonly sources: number;
  readonly requestFile: string;
}

export class PressProgram extends LineProgram {
  static async start(processes: Processes, { program, port, from, sources, requestFile }: Crowd): Promise<PressProgram> {
    return new PressProgram(await PressProgram.run(processes, [program, '127.0.0.1', `${port}`, from, `${sources}`, requestFile]));
  }

  /** Connections on which nothing is ever said. */
  hold(count: number): Promise<Held> {
    return this.step(`hold ${count}`);
  }

  ask(perSecond: number, seconds: number): Promise<Asked> {
    return this.step(`ask ${perSecond} ${seconds}`);
  }

  async close(): Promise<void> {
    await this.step('close');
  }
}
