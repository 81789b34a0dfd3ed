/**
 * Which client id is connected, and which sessions outlive their connection. One live session per client id: the second
 * connection is accepted and the first is disconnected (guide, "AWS IoT differences from MQTT specifications").
 */

import type { Version } from './codec.ts';

export interface Holder {
  /** Ends the connection because another one has come with its client id. */
  takeOver(): void;
  /** Ends it for another reason; false where it was ending already. */
  disconnect(reason: number, why: string): boolean;
  /** Fulfilled when the broker has let go of this connection. */
  readonly left: Promise<void>;
}

export interface SavedSession {
  readonly version: Version;
  readonly filters: ReadonlySet<string>;
  readonly expiresAtMs: number;
}

export class SessionBook {
  readonly #holders = new Map<string, Holder>();
  readonly #saved = new Map<string, SavedSession>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes the client id over. Wait for the result before the broker hears of the new connection. */
  enter(clientId: string, holder: Holder): Promise<void> {
    const previous = this.#holders.get(clientId);
    this.#holders.set(clientId, holder);
    previous?.takeOver();
    return previous?.left ?? Promise.resolve();
  }

  exit(clientId: string, holder: Holder): void {
    if (this.#holders.get(clientId) === holder) this.#holders.delete(clientId);
  }

  holder(clientId: string): Holder | undefined {
    return this.#holders.get(clientId);
  }

  get connected(): number {
    return this.#holders.size;
  }

  /** "An MQTT 3 persistent session can't be resumed as an MQTT 5 session, and vice versa." */
  find(clientId: string, version: Version): SavedSession | undefined {
    const saved = this.#saved.get(clientId);
    return saved && saved.version === version && saved.expiresAtMs > this.#now() ? saved : undefined;
  }

  /** Called when a connection has ended: its session lives on for so many seconds, or ends with it. */
  settle(clientId: string, version: Version, filters: ReadonlySet<string>, expirySeconds: number): void {
    const nowMs = this.#now();
    for (const [id, { expiresAtMs }] of this.#saved) if (expiresAtMs <= nowMs) this.#saved.delete(id);
    if (expirySeconds === 0) this.#saved.delete(clientId);
    else this.#saved.set(clientId, { version, filters, expiresAtMs: nowMs + expirySeconds * 1_000 });
  }
}
