// One agent of a load run as a state machine: what happened goes in, what to do and what to count comes out. It has no socket, no clock
// and no chance of its own. A connection that it hangs up is not its business any more: whatever the old one still says is not told here.
// No dependency: k6 runs this file too.

import type { AgentPlan } from './agent-plan.ts';
import type { FailureReason } from './reasons.ts';

export type AgentState = 'due' | 'dialling' | 'connecting' | 'up' | 'waiting' | 'closed';

/** Every legal step; one that is not here is a bug, and throws. */
const NEXT: Readonly<Record<AgentState, readonly AgentState[]>> = {
  due: ['dialling', 'waiting', 'closed'],
  dialling: ['connecting', 'waiting', 'closed'],
  connecting: ['up', 'waiting', 'closed'],
  up: ['waiting', 'closed'],
  waiting: ['dialling', 'waiting', 'closed'],
  closed: [],
};

export type Action =
  | { readonly do: 'dial' | 'send-connect' | 'send-subscribe' | 'send-ping' | 'send-disconnect' | 'hang-up' }
  | { readonly do: 'publish'; readonly intendedMs: number }
  | { readonly saw: 'tried' | 'closed' | 'sent' }
  | { readonly saw: 'dialled' | 'back'; readonly ms: number }
  | { readonly saw: 'unanswered'; readonly count: number }
  | { readonly saw: 'opened'; readonly openMs: number; readonly connackMs: number }
  | { readonly saw: 'failed'; readonly reason: FailureReason }
  | { readonly saw: 'dropped'; readonly how: string };

/** When an agent that is up speaks: what it answers is the intended moment, kept however late it is carried out. Null: never. */
export interface Cadence {
  readonly speaks: 'ping' | 'publish';
  first(upMs: number): number | null;
  /** The one behind `beforeMs`; it may be past already. */
  next(beforeMs: number, nowMs: number): number | null;
}

export interface AgentRules {
  readonly opensAtMs: number;
  readonly cadence: Cadence | null;
  /** Closes by itself after so long, and does not try again. Null: stays, and comes back. */
  readonly stayMs: number | null;
  readonly backoff: AgentPlan['backoff'];
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * MQTT 3.1.1 section 3.1.2.10 leaves a reasonable time to the client. A CONNECT without an answer fails when it is over; a ping is looked at
 * when the next one is due; a message that comes back after it, or is on its way for so long when its agent closes, was never answered.
 */
const ANSWER_MS = 10_000;
/** A session that lived this long was a good one, and the next wait is the shortest again (agent/backoff.ts has the same). */
const GOOD_SESSION_MS = 30_000;

interface Message {
  readonly intendedMs: number;
  readonly sentMs: number;
}

export class Agent {
  readonly #rules: AgentRules;
  #state: AgentState = 'due';
  #wakeMs: number;
  /** Of the open that runs. */
  #intendedMs: number;
  #dialledMs = 0;
  /** When the WebSocket opened, and then when CONNECT was accepted. */
  #sinceMs = 0;
  #failures = 0;
  #nextMessageMs = Infinity;
  /** Messages that have not come back yet, the oldest first: a tunnel keeps their order. One, or none, as long as all is well. */
  #onTheirWay: Message[] = [];

  constructor(rules: AgentRules) {
    this.#rules = rules;
    this.#intendedMs = rules.opensAtMs;
    this.#wakeMs = rules.opensAtMs;
  }

  get state(): AgentState {
    return this.#state;
  }

  /** When `wake` is to be called; Infinity: only something else can move it. */
  get wakeMs(): number {
    return this.#wakeMs;
  }

  /** `wake` would dial. */
  isToDial(nowMs: number): boolean {
    return (this.#state === 'due' || this.#state === 'waiting') && nowMs >= this.#wakeMs;
  }

  /** `hasRoom`: whether its generator takes one more connection. */
  wake(nowMs: number, hasRoom = true): readonly Action[] {
    if (nowMs < this.#wakeMs) return [];
    switch (this.#state) {
      case 'due':
      case 'waiting':
        return hasRoom ? this.#dial(nowMs) : this.#failed('generator-full', nowMs);
      case 'connecting':
        return [{ do: 'hang-up' }, ...this.#failed('connack-timeout', nowMs)];
      case 'up':
        return nowMs >= this.#leavesMs ? this.end(nowMs) : this.#speak(nowMs);
      case 'dialling':
      case 'closed':
        return [];
    }
  }

  /** The WebSocket is open. */
  opened(nowMs: number): readonly Action[] {
    if (this.#state !== 'dialling') return [];
    this.#step('connecting', nowMs + ANSWER_MS);
    this.#sinceMs = nowMs;
    return [{ saw: 'dialled', ms: nowMs - this.#dialledMs }, { do: 'send-connect' }];
  }

  connack(code: number, nowMs: number): readonly Action[] {
    if (this.#state !== 'connecting') return [];
    if (code !== 0) return [{ do: 'hang-up' }, ...this.#failed('connack-refused', nowMs)];
    const connackMs = nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
    this.#nextMessageMs = this.#rules.cadence?.first(nowMs) ?? Infinity;
    this.#step('up', this.#nextUpMs);
    const opened = { saw: 'opened', openMs: nowMs - this.#intendedMs, connackMs } as const;
    // To its own messages: a broker sends nothing back to whoever did not ask for it.
    return this.#rules.cadence?.speaks === 'publish' ? [opened, { do: 'send-subscribe' }] : [opened];
  }

  pong(nowMs: number): readonly Action[] {
    const ping = this.#state === 'up' ? this.#onTheirWay.shift() : undefined;
    return ping === undefined ? [] : [answered(ping, nowMs)];
  }

  /** A message of its own has come back. */
  echoed(intendedMs: number, nowMs: number): readonly Action[] {
    const place = this.#state === 'up' ? this.#onTheirWay.findIndex((message) => message.intendedMs === intendedMs) : -1;
    // Of an earlier session, with which it was counted.
    if (place < 0) return [];
    // What it passed over is lost.
    return [
      ...unanswered(this.#onTheirWay.splice(0, place).length),
      ...this.#onTheirWay.splice(0, 1).map((message) => answered(message, nowMs)),
    ];
  }

  /** What came is not MQTT. */
  garbled(nowMs: number): readonly Action[] {
    return [{ do: 'hang-up' }, ...this.lost('garbled', 'mqtt', nowMs)];
  }

  /** The connection is gone, or never came. `how`: a close code of the WebSocket; `reason`: why, if it was not up yet. */
  lost(how: string, reason: FailureReason, nowMs: number): readonly Action[] {
    if (this.#state === 'dialling' || this.#state === 'connecting') return this.#failed(reason, nowMs);
    if (this.#state !== 'up') return [];
    if (nowMs - this.#sinceMs >= GOOD_SESSION_MS) this.#failures = 0;
    this.#retry(nowMs);
    return [{ saw: 'dropped', how }, ...unanswered(this.#onTheirWay.splice(0).length)];
  }

  /** Its part in the run is over. What it sent just now is neither answered nor lost. */
  end(nowMs: number): readonly Action[] {
    const before = this.#state;
    if (before === 'closed') return [];
    this.#step('closed', Infinity);
    if (before === 'up') {
      const waitedFor = this.#onTheirWay.splice(0).filter(({ sentMs }) => nowMs - sentMs >= ANSWER_MS);
      return [{ do: 'send-disconnect' }, { do: 'hang-up' }, { saw: 'closed' }, ...unanswered(waitedFor.length)];
    }
    return before === 'dialling' || before === 'connecting' ? [{ do: 'hang-up' }] : [];
  }

  #dial(nowMs: number): readonly Action[] {
    this.#intendedMs = this.#wakeMs;
    this.#dialledMs = nowMs;
    this.#step('dialling', Infinity);
    return [{ saw: 'tried' }, { do: 'dial' }];
  }

  #speak(nowMs: number): readonly Action[] {
    const { cadence } = this.#rules;
    if (cadence === null) return [];
    const oldest = cadence.speaks === 'ping' ? this.#onTheirWay[0] : undefined;
    if (oldest !== undefined && nowMs - oldest.sentMs >= ANSWER_MS) return [{ do: 'hang-up' }, ...this.lost('silent', 'other', nowMs)];
    const intendedMs = this.#nextMessageMs;
    this.#nextMessageMs = cadence.next(intendedMs, nowMs) ?? Infinity;
    this.#wakeMs = this.#nextUpMs;
    this.#onTheirWay.push({ intendedMs, sentMs: nowMs });
    return [cadence.speaks === 'ping' ? { do: 'send-ping' } : { do: 'publish', intendedMs }, { saw: 'sent' }];
  }

  #failed(reason: FailureReason, nowMs: number): readonly Action[] {
    this.#retry(nowMs);
    return [{ saw: 'failed', reason }];
  }

  /** Full jitter, so that agents that were lost in one moment do not come back in one. */
  #retry(nowMs: number): void {
    const { backoff, stayMs, random } = this.#rules;
    if (stayMs !== null) return this.#step('closed', Infinity);
    const windowMs = Math.min(backoff.capMs, backoff.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#step('waiting', nowMs + random() * windowMs);
  }

  get #leavesMs(): number {
    return this.#rules.stayMs === null ? Infinity : this.#sinceMs + this.#rules.stayMs;
  }

  get #nextUpMs(): number {
    return Math.min(this.#nextMessageMs, this.#leavesMs);
  }

  #step(to: AgentState, wakeMs: number): void {
    if (!NEXT[this.#state].includes(to)) throw new Error(`illegal step of an agent: ${this.#state} -> ${to}`);
    this.#state = to;
    this.#wakeMs = wakeMs;
  }
}

/** What comes after its time is no answer: whoever waited has gone. */
function answered({ intendedMs, sentMs }: Message, nowMs: number): Action {
  return nowMs - sentMs < ANSWER_MS ? { saw: 'back', ms: nowMs - intendedMs } : { saw: 'unanswered', count: 1 };
}

function unanswered(count: number): readonly Action[] {
  return count === 0 ? [] : [{ saw: 'unanswered', count }];
}
