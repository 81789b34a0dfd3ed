// Hands a configuration to the processes of a node in two steps, and knows who runs by which. First everybody makes what can fail; only when
// all have, and the settings are accepted, does everybody swap: so either all of them change, or none.

import type { Cancel, Clock } from '../core/clock.ts';
import type { StagingAnswer, SupervisorMessage, Taking } from '../core/supervision.ts';

/** Making takes milliseconds. A process that hangs is killed before this, and its successor takes the accepted settings. */
export const ANSWER_MS = 5_000;

const BEING_STARTED = 'it is being started, and takes the accepted settings when it is';
const SILENT = `it did not acknowledge within ${ANSWER_MS / 1_000} s`;

export interface Member {
  readonly who: string;
  tell(message: SupervisorMessage): void;
}

export interface Takings {
  readonly carriers: readonly Taking[];
  readonly control: Taking;
}

/** `made` waits for the word to swap; `swapping` has it. */
type Step = 'none' | 'making' | 'made' | 'refused' | 'swapping';

interface State {
  readonly member: Member;
  /** What it runs by; null while it does not serve. */
  version: string | null;
  step: Step;
  turn: number;
  why: string;
}

export interface HandOutOptions {
  readonly clock: Clock;
  readonly carriers: readonly Member[];
  readonly control: Member;
  /** The accepted settings, as a process that starts reads them. */
  readonly settingsFile: string;
  readonly policyVersion: string;
  /** Somebody took them, or could not, when nobody waited for it any more. */
  late(taking: Taking): void;
}

export class HandOut {
  readonly #options: HandOutOptions;
  readonly #carriers: readonly State[];
  readonly #control: State;
  #accepted: string;
  #turn = 0;
  #waiting: { readonly isOver: () => boolean; readonly done: () => void } | null = null;

  constructor(options: HandOutOptions) {
    this.#options = options;
    this.#accepted = options.policyVersion;
    this.#carriers = options.carriers.map(begin);
    this.#control = begin(options.control);
  }

  versionOf(who: string): string | null {
    return this.#stateOf(who)?.version ?? null;
  }

  /** It serves, by the settings that it read as it started: others may have been accepted meanwhile. */
  ready(who: string, version: string): void {
    const state = this.#stateOf(who);
    if (!state) return;
    state.version = version;
    state.step = 'none';
    if (version !== this.#accepted) this.#hand(state);
    this.#look();
  }

  died(who: string): void {
    const state = this.#stateOf(who);
    if (!state) return;
    state.version = null;
    state.step = 'none';
    state.turn = -1;
    this.#look();
  }

  answered(who: string, answer: StagingAnswer): void {
    const state = this.#stateOf(who);
    if (!state) return;
    // Of whatever turn: it is what it runs by now.
    if (answer.type === 'swapped') state.version = answer.policyVersion;
    if (answer.turn !== state.turn) return;
    if (answer.type === 'staged') {
      if (state.step === 'making') state.step = 'made';
      return this.#look();
    }
    state.step = answer.type === 'refused' ? 'refused' : 'none';
    if (answer.type === 'refused') state.why = answer.why;
    if (!this.#waiting) this.#options.late(this.#takingOf(state));
    this.#look();
  }

  /** Everybody who serves makes what these settings need. Gives back who cannot; who says nothing in time is not waited for. */
  async make(file: string): Promise<Taking[]> {
    const asked = this.#carriers.filter(({ version }) => version !== null);
    for (const state of asked) {
      state.step = 'making';
      state.turn = ++this.#turn;
      state.member.tell({ type: 'stage', turn: state.turn, file });
    }
    await this.#until(() => asked.every(({ step }) => step !== 'making'));
    return asked.filter(({ step }) => step === 'refused').map(({ member, why }) => ({ who: member.who, took: false, why }));
  }

  /** What was made is not wanted. */
  drop(): void {
    for (const state of this.#carriers) {
      if (state.step === 'making' || state.step === 'made') state.member.tell({ type: 'drop', turn: state.turn });
      state.step = 'none';
      state.turn = -1;
    }
  }

  /**
   * The settings file holds this version now, and whoever does not run by it is told to. A carrier that is being started is waited for: it says
   * by which it serves, and is told where it has read the ones before. What comes too late still counts.
   */
  async swap(version: string): Promise<Takings> {
    this.#accepted = version;
    for (const state of [...this.#carriers, this.#control]) {
      if (state.version === null || state.version === version) continue;
      if (state.step === 'made') {
        state.step = 'swapping';
        state.member.tell({ type: 'swap', turn: state.turn });
      } else this.#hand(state);
    }
    const isOver = (state: State): boolean => state.version === version || state.step === 'refused';
    await this.#until(() => this.#carriers.every(isOver) && (this.#control.version === null || isOver(this.#control)));
    return this.takings();
  }

  /** Nobody is waited for any more. */
  stop(): void {
    this.#waiting?.done();
  }

  takings(): Takings {
    return { carriers: this.#carriers.map((state) => this.#takingOf(state)), control: this.#takingOf(this.#control) };
  }

  /** Somebody serves by other settings than the accepted ones. */
  get isUneven(): boolean {
    return [...this.#carriers, this.#control].some(({ version }) => version !== null && version !== this.#accepted);
  }

  /** Both steps at once, from the accepted settings: for whoever had no part in the first. */
  #hand(state: State): void {
    state.step = 'swapping';
    state.turn = ++this.#turn;
    state.member.tell({ type: 'stage', turn: state.turn, file: this.#options.settingsFile });
    state.member.tell({ type: 'swap', turn: state.turn });
  }

  #takingOf({ member, version, step, why }: State): Taking {
    const took = version === this.#accepted;
    const reason = version === null ? BEING_STARTED : step === 'refused' ? why : SILENT;
    return { who: member.who, took, why: took ? null : reason };
  }

  #stateOf(who: string): State | undefined {
    return [...this.#carriers, this.#control].find(({ member }) => member.who === who);
  }

  #until(isOver: () => boolean): Promise<void> {
    if (isOver()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting = null;
        resolve();
      };
      const cancel: Cancel = this.#options.clock.after(ANSWER_MS, done);
      this.#waiting = { isOver, done };
    });
  }

  #look(): void {
    if (this.#waiting?.isOver()) this.#waiting.done();
  }
}

function begin(member: Member): State {
  return { member, version: null, step: 'none', turn: -1, why: '' };
}
