// Asks each listener on its own port, as a health check would: a carrier that says it accepts may be one that nobody reaches.

import { connect } from 'node:net';
import type { Cancel, Clock } from '../core/clock.ts';
import type { ListenerSettings } from '../core/settings.ts';
import { type OwnDoor, ownDoorOf } from './own-door.ts';

/** Route 53's own patience for an answer. */
const ANSWER_MS = 2_000;
const LATE = `no answer within ${ANSWER_MS / 1_000} s`;
/** Well below what makes carriers refuse. */
const QUICK_S = 0.1;
const ANSWER_BYTES_MAX = 4_096;
const QUESTION = 'GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
/** haproxy.org, proxy-protocol.txt, section 2.1: for whom the sender cannot say. */
const PROXY_HEADER = 'PROXY UNKNOWN\r\n';

interface Answer {
  /** What is wrong; empty where nothing is. */
  readonly why: string;
  readonly isLate: boolean;
  readonly tookS: number;
}

export class PortWatch {
  #listeners: readonly ListenerSettings[];
  readonly #clock: Clock;
  #isAsking = false;
  #answers: readonly Answer[] | null = null;
  /** Of the last two looks: how long the slowest listener took. */
  #tookS: readonly number[] = [];

  constructor(listeners: readonly ListenerSettings[], clock: Clock) {
    this.#listeners = listeners;
    this.#clock = clock;
  }

  /** The same listeners by other settings: their addresses stay while the node lives, and so does what they answered. */
  take(listeners: readonly ListenerSettings[]): void {
    this.#listeners = listeners;
  }

  /** What was wrong when it was last asked; empty where nothing was, null before that. */
  get wrong(): string | null {
    return (
      this.#answers &&
      this.#answers
        .map(({ why }) => why)
        .filter((why) => why !== '')
        .join(', ')
    );
  }

  /** All that is wrong is that some answer has not come yet. */
  get isOnlySlow(): boolean {
    return this.#answers?.every(({ why, isLate }) => why === '' || isLate) ?? false;
  }

  /** By the last answers all is well, and they came at once. */
  get isWell(): boolean {
    return this.wrong === '' && (this.#tookS.at(-1) ?? 0) < QUICK_S;
  }

  /** How long an answer takes: the shorter of the last two, since one may have met a pause; null before there were two. */
  get answerS(): number | null {
    return this.#tookS.length < 2 ? null : Math.min(...this.#tookS);
  }

  /** Asks all listeners, unless it is still asking. Never rejects. */
  async look(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#answers = await Promise.all(this.#listeners.map((listener) => this.#ask(listener)));
    this.#tookS = [...this.#tookS.slice(-1), Math.max(0, ...this.#answers.map(({ tookS }) => tookS))];
    this.#isAsking = false;
  }

  async #ask(listener: ListenerSettings): Promise<Answer> {
    const startMs = this.#clock.nowMs();
    const why = await askLive(ownDoorOf(listener), this.#clock);
    const tookS = (this.#clock.nowMs() - startMs) / 1_000;
    return { why: why === '' ? '' : `${listener.name} does not answer on its port (${why})`, isLate: why === LATE, tookS };
  }
}

/** Empty where the answer is that of something alive. */
function askLive({ address, port, wantsProxyHeader }: OwnDoor, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: address, port }, () => socket.write(`${wantsProxyHeader ? PROXY_HEADER : ''}${QUESTION}`));
    const cancel: Cancel = clock.after(ANSWER_MS, () => settle(LATE));
    function settle(why: string): void {
      cancel();
      resolve(why);
      socket.destroy();
    }
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > ANSWER_BYTES_MAX) settle('too long an answer');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? 'an error'));
    socket.on('close', () => settle(/^HTTP\/1\.1 200 .*\r\n\r\nlive\n$/s.test(text) ? '' : 'closed without the answer'));
  });
}
