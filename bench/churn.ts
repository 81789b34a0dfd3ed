// Opens tunnels at a steady pace, one message there and back on each, and closes them: the devices that come and go beside those that stay.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Answer, PATIENCE_MS } from './answer.ts';

const TICK_MS = 2;

export interface Churned {
  readonly seconds: number;
  readonly opened: number;
  /** By what was said or seen. */
  readonly failed: Readonly<Record<string, number>>;
}

export class Churn {
  readonly #failed = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #run: { readonly port: number; readonly target: string; readonly first: Buffer };
  readonly #beganMs = performance.now();
  #opened = 0;
  #isOver = false;
  readonly #opening: Promise<void>;

  /** `helloFile` has the first bytes of each tunnel. */
  constructor(run: { port: number; target: string; helloFile: string; perSecond: number }) {
    this.#run = { port: run.port, target: run.target, first: readFileSync(run.helloFile) };
    this.#opening = this.#openAt(run.perSecond);
  }

  async stop(): Promise<Churned> {
    this.#isOver = true;
    await this.#opening;
    const seconds = (performance.now() - this.#beganMs) / 1_000;
    await Promise.all(this.#underWay);
    return { seconds, opened: this.#opened, failed: Object.fromEntries(this.#failed) };
  }

  async #openAt(perSecond: number): Promise<void> {
    for (let dueMs = performance.now(); !this.#isOver; await delay(TICK_MS)) {
      for (; dueMs <= performance.now(); dueMs += 1_000 / perSecond) {
        const one = this.#openOne().then(
          () => void (this.#opened += 1),
          (error: Error) => void this.#failed.set(error.message, (this.#failed.get(error.message) ?? 0) + 1),
        );
        this.#underWay.add(one);
        void one.then(() => this.#underWay.delete(one));
      }
    }
  }

  async #openOne(): Promise<void> {
    const { port, target, first } = this.#run;
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`silent for ${PATIENCE_MS / 1_000} s`)));
    try {
      await once(socket, 'connect');
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      await backIn(socket, first);
    } catch (error) {
      throw new Error(wordsOf(error as NodeJS.ErrnoException), { cause: error });
    } finally {
      socket.destroy();
    }
  }
}

/** Resolves once the answer is 200 and the first bytes are back. */
async function backIn(socket: net.Socket, first: Buffer): Promise<void> {
  const answer = new Answer(first);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const step = answer.take(chunk);
    if (step === 'open') return;
    if (step === 'accepted') socket.write(first);
    else if (step !== 'more') break;
  }
  throw new Error(answer.words);
}

function wordsOf({ code, message }: NodeJS.ErrnoException): string {
  return code ?? message;
}
