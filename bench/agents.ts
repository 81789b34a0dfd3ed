// Agents of a run in which tunnels are closed: each opens one, and opens another through another node as soon as it ends, without the pause that
// a real one makes, so that nothing but the drain paces them.

import net from 'node:net';
import { Answer, PATIENCE_MS } from './answer.ts';

const OPENING_MAX = 64;

export interface AgentsPlan {
  readonly target: string;
  /** The first bytes of each tunnel. */
  readonly first: Buffer;
  /** Where they begin, and where they come back. */
  readonly port: number;
  readonly nextPort: number;
}

export class Agents {
  readonly #plan: AgentsPlan;
  readonly #sockets = new Set<net.Socket>();
  /** When tunnels of the first node ended. */
  readonly endedMs: number[] = [];
  readonly failures: string[] = [];
  #back = 0;
  #isOver = false;

  constructor(plan: AgentsPlan) {
    this.#plan = plan;
  }

  /** Through the second node. */
  get back(): number {
    return this.#back;
  }

  async open(count: number): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left-- > 0) await this.#open(this.#plan.port, () => this.#comeBack());
    };
    await Promise.all(Array.from({ length: OPENING_MAX }, worker));
  }

  stop(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #comeBack(): void {
    if (this.#isOver) return;
    this.endedMs.push(performance.now());
    const fellOff = (): void => void (this.#isOver || this.failures.push('a tunnel of the second node ended'));
    void this.#open(this.#plan.nextPort, fellOff).then((isOpen) => (this.#back += Number(isOpen)));
  }

  /** Whether it opened; `ended` is called only behind that. */
  #open(port: number, ended: () => void): Promise<boolean> {
    const { target, first } = this.#plan;
    return new Promise((done) => {
      const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
      const answer = new Answer(first);
      let isOpen = false;
      this.#sockets.add(socket);
      socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`silent for ${PATIENCE_MS / 1_000} s`)));
      socket.on('connect', () => socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`));
      socket.on('data', (chunk: Buffer) => {
        const step = answer.take(chunk);
        if (step === 'accepted') socket.write(first);
        if (step === 'refused' || step === 'garbled') socket.destroy(new Error(answer.words));
        if (step !== 'open' || isOpen) return;
        isOpen = true;
        socket.setTimeout(0);
        done(true);
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!isOpen && !this.#isOver) this.failures.push(error.code ?? error.message);
      });
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (isOpen) ended();
        done(false);
      });
    });
  }
}
