// Keeps one child alive: starts it, watches its beats, kills it when it is silent, starts it again when it is gone. What the child needs to
// be started with, and what its death means, is its owner's.

import type { ChildProcess } from 'node:child_process';
import type { Cancel, Clock } from '../core/clock.ts';
import type {
  ChildMessage,
  ChildState,
  ChildView,
  RetireMessage,
  StagingAnswer,
  SupervisorMessage,
  SurveyAnswer,
  Word,
} from '../core/supervision.ts';
import { BEAT_MS, REST_MS } from '../core/supervision.ts';

/**
 * No beat for so long, once ready, and a child is taken to hang; one that rests has said by how much later its beat comes. Time for which it could
 * have run: on a machine that has too much to do its beats are late, and killing it would add thousands of agents that come back to what there is to do.
 */
export const SILENT_MS = 3_000;
/** A beat may be so late, by its promise; */
const GRACE_MS = SILENT_MS - BEAT_MS;
/** and one that is so late is waited for. */
const CALM_MS = 250;
export const START_MS = 10_000;
/** Each start that was too slow gives the next one twice the time: on an overloaded machine killing and starting anew would never end. */
const START_MAX_MS = 80_000;
/** A child that was ready for so long is started again at once when it dies. */
const STEADY_MS = 10_000;
const BACKOFF_FIRST_MS = 100;
/** Clients wait in the queue of a slot while its carrier is down. */
const BACKOFF_MAX_MS = 1_000;

export type Cause = 'silent' | 'not-ready' | 'too-slow' | 'launch-failed' | 'stop-deadline' | 'second-signal';

export interface Death {
  readonly pid: number | null;
  readonly code: number | null;
  readonly signal: string | null;
  /** Why we killed it, or could not start it; null where it died by itself. */
  readonly cause: Cause | null;
  readonly wasReady: boolean;
  readonly error: string | null;
}

export interface KeeperOptions {
  readonly clock: Clock;
  /** What its first start may take; START_MS where clients wait for it. */
  readonly firstStartMs?: number;
  /** How long a process has waited for a CPU so far, in ms. */
  runDelayMs(pid: number): number;
  /** Starts the child with an IPC channel; may throw. */
  launch(): ChildProcess;
  /** It waits to be told `accept`. */
  warm?(): void;
  /** It serves, by this configuration. */
  ready(policyVersion: string): void;
  full(): void;
  room(): void;
  /** Of a change of the configuration. */
  answered(answer: StagingAnswer): void;
  /** It wants to know how its siblings are. */
  asked?(): void;
  /** Which of its tunnels a configuration would close. */
  surveyed?(answer: SurveyAnswer): void;
  /** It does not rest, or not any more, or is late: whoever watches it has to look soon. */
  stirred(): void;
  /** What the child wrote to its standard error: a crash's last words. */
  said(text: string): void;
  /** Called before the child is started again. */
  died(death: Death): void;
}

export class Keeper {
  readonly #options: KeeperOptions;
  #state: ChildState = 'down';
  #child: ChildProcess | null = null;
  #launchedMs = 0;
  #startMs: number;
  #readyMs: number | null = null;
  #beatMs = 0;
  /** The next beat is due so long after the last. */
  #withinMs = BEAT_MS;
  #word: { readonly said: unknown; readonly atMs: number } | null = null;
  /** The beat after which the child's run delay was read, what it was, and when. */
  #delayRead = { beatMs: 0, delayMs: 0, atMs: 0 };
  #cause: Cause | null = null;
  /** Deaths in a row without a steady life in between. */
  #deaths = 0;
  #restarts = 0;
  #stopDeadlineMs: number | null = null;
  #cancelRestart: Cancel = () => {};
  #cancelLate: Cancel = () => {};

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#startMs = options.firstStartMs ?? START_MS;
  }

  get state(): ChildState {
    return this.#state;
  }

  /** True while a child process exists. */
  get isAlive(): boolean {
    return this.#child !== null;
  }

  view(): Omit<ChildView, 'policyVersion'> {
    return { state: this.#state, pid: this.#child?.pid ?? null, restarts: this.#restarts };
  }

  /** Of the child that is there. */
  get word(): Word | null {
    return this.#word && { said: this.#word.said, ageMs: this.#options.clock.nowMs() - this.#word.atMs, withinMs: this.#withinMs };
  }

  start(): void {
    if (this.#child || this.#stopDeadlineMs !== null) return;
    this.#state = 'starting';
    this.#cause = null;
    this.#readyMs = null;
    this.#withinMs = BEAT_MS;
    this.#launchedMs = this.#options.clock.nowMs();
    this.#options.stirred();
    let child: ChildProcess;
    try {
      child = this.#options.launch();
    } catch (error) {
      this.#gone({ code: null, signal: null, pid: null, error: (error as Error).message });
      return;
    }
    this.#child = child;
    child.on('message', (message) => this.#heard(child, message as ChildMessage));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#options.said(text));
    child.once('exit', (code, signal) => this.#ended(child, { code, signal, error: null }));
    // A child that could not be spawned has no exit; errors of a living one's channel mean nothing here, its silence does.
    child.on('error', (error) => {
      if (child.pid === undefined) this.#ended(child, { code: null, signal: null, error: error.message });
    });
  }

  /** Nothing about it can become due before the next beats. */
  get isCalm(): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (!this.#child) return this.#stopDeadlineMs !== null;
    const isBeating = nowMs - this.#beatMs < this.#withinMs + CALM_MS;
    if (this.#stopDeadlineMs === null) return this.#readyMs !== null && isBeating;
    return this.#state === 'retired' && isBeating && this.#stopDeadlineMs - nowMs > BEAT_MS + CALM_MS;
  }

  /** It serves, and said with its last beat that the next one comes seldom. */
  get isResting(): boolean {
    return this.#withinMs > BEAT_MS && this.#stopDeadlineMs === null && this.isCalm;
  }

  /** Looks whether the child still lives. `late` forgives silence: we were stopped ourselves and have not read what was said. */
  watch(late: boolean): void {
    const nowMs = this.#options.clock.nowMs();
    if (late) {
      this.#beatMs = nowMs;
      this.#launchedMs = Math.max(this.#launchedMs, nowMs - START_MS / 2);
      // What it promised counts from now on, too.
      if (this.#child) this.#expectBeat();
    }
    if (this.#stopDeadlineMs !== null) {
      // A retired child that lives knows its deadline, which a drain of the node may put off.
      const mayGoOn = this.#state === 'retired' && !this.#isSilent(nowMs);
      if (nowMs >= this.#stopDeadlineMs && !mayGoOn) this.kill('stop-deadline');
    } else if (this.#readyMs === null) {
      if (nowMs - this.#launchedMs >= this.#startMs) this.kill('not-ready');
    } else if (this.#isSilent(nowMs)) {
      this.kill('silent');
    }
  }

  /** Asks the child to end within `deadlineMs` from now and does not start it again; it is killed `graceMs` after that. */
  stop(deadlineMs: number, graceMs: number): void {
    this.#stopDeadlineMs = this.#options.clock.nowMs() + deadlineMs + graceMs;
    this.#cancelRestart();
    this.#options.stirred();
    if (!this.#child) return;
    this.#state = 'stopping';
    this.tell({ type: 'stop', deadlineMs });
  }

  /**
   * Has the child hold only what it has, and end when nothing is left: it is not started again, and is killed `graceMs` after its deadline where
   * it is silent by then. Silence alone is no reason any more, since its tunnels need none of what is silent. Said again where a number is another.
   */
  retire(message: RetireMessage, graceMs: number): void {
    if (this.#stopDeadlineMs !== null && this.#state !== 'retired') return;
    this.#stopDeadlineMs = this.#options.clock.nowMs() + message.deadlineMs + graceMs;
    this.#cancelRestart();
    this.#options.stirred();
    if (!this.#child) return;
    this.#state = 'retired';
    this.tell(message);
  }

  tell(message: SupervisorMessage): void {
    // The channel closes a moment before the exit is known; a message that comes too late is no failure.
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  kill(cause: Cause): void {
    if (!this.#child || this.#cause) return;
    this.#cause = cause;
    this.#child.kill('SIGKILL');
  }

  /** By what has passed since its last beat, without what it has waited for a CPU since the next one was due. */
  #isSilent(nowMs: number): boolean {
    const passedMs = nowMs - this.#beatMs;
    // What it waits for is in a file: not to be read at each look while all is well.
    if (passedMs < this.#withinMs) return false;
    const pid = this.#child?.pid;
    const delayMs = pid === undefined ? 0 : this.#options.runDelayMs(pid);
    if (this.#delayRead.beatMs !== this.#beatMs) {
      this.#delayRead = { beatMs: this.#beatMs, delayMs, atMs: nowMs };
      // What it waited for before this first look is not known.
      return false;
    }
    // Both of us may have stood still, and it speaks after us.
    if (nowMs - this.#delayRead.atMs < BEAT_MS) return false;
    return passedMs - (delayMs - this.#delayRead.delayMs) >= this.#withinMs + GRACE_MS;
  }

  #heard(child: ChildProcess, message: ChildMessage): void {
    if (child !== this.#child) return;
    this.#beatMs = this.#options.clock.nowMs();
    if (message.type === 'beat') this.#withinMs = promised(message.withinMs);
    this.#expectBeat();
    if (message.type === 'beat' && message.word !== undefined) this.#word = { said: message.word, atMs: this.#beatMs };
    if (message.type === 'ask') this.#options.asked?.();
    if (this.#stopDeadlineMs !== null && this.#state !== 'retired') return;
    if (message.type === 'warm' && this.#state === 'starting') {
      this.#state = 'warm';
      // The others of its generation may take as long again.
      this.#launchedMs = this.#beatMs;
      this.#options.warm?.();
    } else if (message.type === 'ready' && (this.#state === 'starting' || this.#state === 'warm')) {
      this.#readyMs = this.#beatMs;
      this.#state = 'ready';
      this.#options.ready(message.policyVersion);
    } else if (message.type === 'full' && this.#state === 'ready') {
      this.#state = 'full';
      this.#options.full();
    } else if (message.type === 'room' && this.#state === 'full') {
      this.#state = 'ready';
      this.#options.room();
    } else if (message.type === 'staged' || message.type === 'refused' || message.type === 'swapped') {
      this.#options.answered(message);
    } else if (message.type === 'surveyed') {
      this.#options.surveyed?.(message);
    }
  }

  /** Whoever watches a child that rests looks too seldom to see a promise that is not kept. */
  #expectBeat(): void {
    const { clock, stirred } = this.#options;
    this.#cancelLate();
    if (this.#withinMs === BEAT_MS) stirred();
    else this.#cancelLate = clock.after(this.#withinMs + CALM_MS, stirred);
  }

  #ended(child: ChildProcess, end: Pick<Death, 'code' | 'signal' | 'error'>): void {
    if (child !== this.#child) return;
    this.#child = null;
    this.#word = null;
    this.#cancelLate();
    this.#gone({ ...end, pid: child.pid ?? null });
  }

  #gone(end: Pick<Death, 'code' | 'signal' | 'error' | 'pid'>): void {
    const { clock, died, stirred } = this.#options;
    this.#state = 'down';
    stirred();
    const steady = this.#readyMs !== null && clock.nowMs() - this.#readyMs >= STEADY_MS;
    const delayMs = restartDelay(steady ? 0 : this.#deaths);
    this.#deaths = steady ? 1 : this.#deaths + 1;
    this.#startMs = this.#cause === 'not-ready' ? Math.min(START_MAX_MS, this.#startMs * 2) : START_MS;
    died({ ...end, cause: end.error === null ? this.#cause : 'launch-failed', wasReady: this.#readyMs !== null });
    if (this.#stopDeadlineMs !== null) return;
    this.#restarts += 1;
    this.#cancelRestart = clock.after(delayMs, () => this.start());
  }
}

/** It is not bound by what would keep it from being killed. */
function promised(ms: unknown): number {
  return typeof ms === 'number' && ms >= BEAT_MS && ms <= REST_MS ? ms : BEAT_MS;
}

/** At once the first time, then 100 ms, doubled up to a second. */
export function restartDelay(deathsBefore: number): number {
  return deathsBefore === 0 ? 0 : Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (deathsBefore - 1));
}
