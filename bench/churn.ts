// Opens tunnels at a steady pace, one message there and back on each, and closes them: the devices that come and go beside those that stay.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const TICK_MS = 2;
/** More than AWS's own clients wait. */
const PATIENCE_MS = 10_000;

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
  let got = Buffer.alloc(0);
  let bodyAt = -1;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    got = Buffer.concat([got, chunk]);
    if (bodyAt < 0) {
      const end = got.indexOf('\r\n\r\n');
      if (end < 0) continue;
      const line = got.toString('latin1', 0, got.indexOf('\r\n'));
      if (line.split(' ')[1] !== '200') throw new Error(line);
      bodyAt = end + 4;
      socket.write(first);
    }
    if (got.length - bodyAt < first.length) continue;
    if (!got.subarray(bodyAt).equals(first)) throw new Error('other bytes came back');
    return;
  }
  throw new Error(bodyAt < 0 ? 'closed before the answer' : 'closed before the message was back');
}

function wordsOf({ code, message }: NodeJS.ErrnoException): string {
  return code ?? message;
}
