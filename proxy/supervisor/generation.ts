// The carriers of one start of one installation, one per slot, and the settings that they run by. It rises beside the current generation, is
// the current one, and is retired when another has taken over: then it only holds what could not be moved, until that is gone too.

import type { Clock } from '../core/clock.ts';
import { settingsFile } from '../core/runtime-files.ts';
import type { CarrierSurvey, GenerationView, SlotView, StagingAnswer } from '../core/supervision.ts';
import { CarrierSlot, type SharedSockets } from './carrier-slot.ts';
import { HandOut, type Member } from './hand-out.ts';
import { type Death, type Keeper, START_MS } from './keeper.ts';
import type { LineLog } from './line-log.ts';
import type { Launch } from './plan.ts';
import type { AcceptedSettings } from './runtime-folder.ts';
import { spawnCarrier } from './spawn-role.ts';
import { Surveying } from './surveying.ts';

/** What a child gets beyond its deadline before it is killed. */
export const STOP_GRACE_MS = 2_000;
/** A carrier is warm after a second or two; a machine under load takes several times that. */
export const WARM_MS = 60_000;
/** A generation rises in so many parts. */
const RISING_PARTS = 4;

export interface GenerationOptions {
  readonly number: number;
  readonly version: string;
  readonly launch: Launch;
  readonly runtime: string;
  readonly accepted: AcceptedSettings;
  readonly policyVersion: string;
  readonly isRising: boolean;
  /** By slot. */
  readonly sockets: readonly SharedSockets[];
  /** Its first row in the ledger. */
  readonly firstRow: number;
  readonly clock: Clock;
  readonly log: LineLog;
  readonly control: Member;
  /** Before a child is started: the settings must be there. */
  restoreSettings(): void;
  /** One of them is further. */
  warm(): void;
  /** As of a keeper of one of them. */
  stirred(): void;
  ready(generation: Generation, slot: number): void;
  died(generation: Generation, slot: number, death: Death): void;
  late: ConstructorParameters<typeof HandOut>[0]['late'];
}

export class Generation {
  readonly slots: readonly CarrierSlot[];
  readonly handOut: HandOut;
  readonly #options: GenerationOptions;
  readonly #members: readonly Member[];
  readonly #surveying: Surveying;
  #state: GenerationView['state'];
  #sinceMs: number;
  /** Of one that rises: those that are started when others are warm. */
  #waiting: Keeper[] = [];
  /** Of what is held: by the clock that nobody sets, and as people read it. */
  #deadline: { readonly endMs: number; readonly atMs: number } | null = null;

  constructor(options: GenerationOptions) {
    const { sockets, clock, isRising, runtime, number, policyVersion, control, late } = options;
    this.#options = options;
    this.#state = isRising ? 'rising' : 'current';
    this.#sinceMs = clock.wallMs();
    this.slots = sockets.map((shared, slot) => this.#createSlot(shared, slot));
    this.#surveying = new Surveying(clock, number);
    this.#members = this.slots.map(({ keeper }, slot) => ({ who: carrierName(slot), tell: (message) => keeper.tell(message) }));
    this.handOut = new HandOut({
      ...{ clock, control, policyVersion, late },
      carriers: this.#members,
      settingsFile: settingsFile(runtime, number),
    });
  }

  get number(): number {
    return this.#options.number;
  }

  get version(): string {
    return this.#options.version;
  }

  get launch(): Launch {
    return this.#options.launch;
  }

  get accepted(): AcceptedSettings {
    return this.#options.accepted;
  }

  get state(): GenerationView['state'] {
    return this.#state;
  }

  get isAlive(): boolean {
    return this.slots.some(({ keeper }) => keeper.isAlive);
  }

  isEvery(state: 'warm' | 'ready'): boolean {
    return this.slots.every(({ keeper }) => keeper.state === state);
  }

  rowOf(slot: number): number {
    return this.#options.firstRow + slot;
  }

  view(): GenerationView {
    const { number, version, launch } = this.#options;
    return {
      generation: number,
      version,
      from: launch.root,
      state: this.#state,
      sinceMs: this.#sinceMs,
      deadlineAtMs: this.#deadline?.atMs ?? null,
    };
  }

  slotViews(): SlotView[] {
    const views = this.slots.map((slot, index) => {
      return { generation: this.number, ...slot.view(), policyVersion: this.handOut.versionOf(carrierName(index)) };
    });
    return this.#state === 'retired' ? views.filter(({ pid }) => pid !== null) : views;
  }

  start(): void {
    for (const { keeper } of this.slots) keeper.start();
  }

  /** Which tunnels of it the settings in this file would close. A carrier that is not there has none. */
  survey(file: string): Promise<CarrierSurvey[]> {
    const living = this.#members.filter((_, slot) => this.slots[slot]?.keeper.isAlive === true);
    return this.#surveying.ask(living, file);
  }

  /**
   * Beside another one that serves: a few carriers at a time, since each takes a processor for a second or two that clients of that one wait for.
   * Gives back how many times one start has to be waited for.
   */
  rise(): number {
    const atOnce = Math.ceil(this.slots.length / RISING_PARTS);
    for (const { keeper } of this.slots.slice(0, atOnce)) keeper.start();
    this.#waiting = this.slots.slice(atOnce).map(({ keeper }) => keeper);
    return Math.ceil(this.slots.length / atOnce);
  }

  watch(late: boolean): void {
    for (const slot of this.slots) slot.watch(late);
  }

  /** All of it is warm: from now on it takes connections too. */
  accept(): void {
    for (const { keeper } of this.slots) keeper.tell({ type: 'accept' });
  }

  takeOver(): void {
    this.#state = 'current';
    this.#sinceMs = this.#options.clock.wallMs();
  }

  /** Another one accepts; said again, only the numbers are others. Gives back the deadline by the wall clock. */
  retire(heir: number, rate: number, deadlineMs: number): number {
    const { clock } = this.#options;
    if (this.#state !== 'retired') this.#sinceMs = clock.wallMs();
    this.#state = 'retired';
    // Control is the current one's: a change that is handed to this one later is none for it.
    this.handOut.died(this.#options.control.who);
    this.#deadline ??= { endMs: clock.nowMs() + deadlineMs, atMs: clock.wallMs() + deadlineMs };
    const leftMs = Math.max(0, this.#deadline.endMs - clock.nowMs());
    for (const slot of this.slots) slot.retire({ type: 'retire', heir, rate, deadlineMs: leftMs }, STOP_GRACE_MS);
    return this.#deadline.atMs;
  }

  stop(deadlineMs: number): void {
    for (const { keeper } of this.slots) keeper.stop(deadlineMs, STOP_GRACE_MS);
  }

  #createSlot(sockets: SharedSockets, slot: number): CarrierSlot {
    const { launch, runtime, number: generation, clock, log, restoreSettings, warm, stirred, ready, died } = this.#options;
    const row = this.rowOf(slot);
    const who = carrierName(slot);
    return new CarrierSlot({
      ...{ slot, row, clock, log, sockets, stirred },
      isServing: () => this.#state === 'current',
      // Nobody waits for one that rises, and a machine that is busy is busier with two generations.
      firstStartMs: this.#state === 'rising' ? WARM_MS : START_MS,
      spawn: (fds) => {
        restoreSettings();
        return spawnCarrier(launch, { runtime, slot, generation, row, isRising: this.#state === 'rising' }, fds);
      },
      warm: () => {
        this.#waiting.shift()?.start();
        warm();
      },
      ready: (policyVersion) => {
        ready(this, slot);
        this.handOut.ready(who, policyVersion);
      },
      answered: (answer: StagingAnswer) => this.handOut.answered(who, answer),
      surveyed: (answer) => this.#surveying.heard(who, answer),
      died: (death) => {
        this.handOut.died(who);
        this.#surveying.died(who);
        died(this, slot, death);
      },
    });
  }
}

function carrierName(slot: number): string {
  return `carrier ${slot}`;
}
