// What happens when: the ramp, the steps, and everything that is done to the fleet meanwhile, with a mark for each. Knows parts only by what
// they can do, and time only by the clock that it is given.

import { type Clock, sleep } from '../../agent/clock.ts';
import type { RigPlan } from '../plan.ts';
import type { Mark, Phase } from '../run-record.ts';
import type { Scenario, ScenarioEvent } from '../scenario.ts';

/** What can be done to whom. */
export interface Stage {
  nodeName(index: number): string;
  /** What it holds at this moment; null where nobody knows. */
  tunnelsOf(index: number): Promise<number | null>;
  kill(index: number): Promise<void>;
  start(index: number): Promise<void>;
  drain(index: number): void;
  undrain(index: number): Promise<void>;
  upgrade(index: number): Promise<void>;
  throttle(connectsPerSecond: number | null): void;
  farEndDies(): void;
  farEndReturns(): Promise<void>;
  hostile(event: Extract<ScenarioEvent, { do: 'slow-readers' | 'flood' }>): void;
  agents(): { readonly established: number; readonly wanted: number };
  /** Every part of k6 has told how things were until then; Unix ms. */
  agentsKnownUntilMs(): number;
}

export interface ConductDeps {
  readonly scenario: Scenario;
  readonly plan: Pick<RigPlan, 'rampSeconds' | 'seconds'>;
  readonly stage: Stage;
  readonly clock: Clock;
  /** Unix ms of the run's second 0, and of the first agent. */
  readonly beganMs: number;
  readonly beginsMs: number;
  readonly stop: AbortSignal;
  readonly marked: (mark: Mark) => void;
  readonly entered: (phase: string) => void;
}

const LOOK_EVERY_MS = 1_000;
/**
 * Agents notice within that time what befell them. It is counted by what k6 has told: a busy one is seconds late, and until then all looks as
 * it was.
 */
const SETTLE_MS = 3_000;
/** Agents are back when this share of those that should be is. */
const BACK = 0.99;

/** Which event ends what another one began. What is not here ends by itself. */
const ENDED_BY = { 'far-end-dies': 'far-end-returns' } as const;

/**
 * Goes through it all; resolves at the close, or when the signal comes. Gives the phases, without gaps. Throws where something that was
 * planned could not be done: the run is then no run of this scenario.
 */
export async function conduct(deps: ConductDeps): Promise<readonly Phase[]> {
  const { scenario, plan, clock, beganMs, beginsMs, stop, entered } = deps;
  const book = new PhaseBook((nowMs) => (nowMs - beganMs) / 1_000, entered);
  const closesMs = beginsMs + plan.seconds * 1_000;
  const moments = [...plannedPhases(scenario, plan, beginsMs), ...plannedEvents(scenario, plan, beginsMs)].sort(
    (one, other) => one.atMs - other.atMs,
  );
  const fault = new FaultWatch(deps, book);
  try {
    for (const moment of moments) {
      await fault.wait(moment.atMs);
      if (stop.aborted) return book.phases(clock.nowMs());
      if ('phase' in moment) book.calm(moment.phase, clock.nowMs());
      else await fault.begin(moment.event, moment.after);
    }
    await fault.wait(closesMs);
    return book.phases(clock.nowMs());
  } catch (error) {
    throw new Broken(error instanceof Error ? error.message : String(error), book.phases(clock.nowMs()));
  }
}

/** Something that was planned could not be done. */
export class Broken extends Error {
  readonly phases: readonly Phase[];

  constructor(message: string, phases: readonly Phase[]) {
    super(message);
    this.phases = phases;
  }
}

type CalmPhase = Pick<Phase, 'name' | 'kind' | 'askedPerSecond'>;

interface PlannedPhase {
  readonly atMs: number;
  readonly phase: CalmPhase;
}

interface PlannedEvent {
  readonly atMs: number;
  readonly event: ScenarioEvent;
  /** The event that ends it, in Unix ms. */
  readonly after: number;
}

function plannedPhases(
  { work, tunnels, opensPerSecond, restSeconds }: Scenario,
  { rampSeconds }: ConductDeps['plan'],
  beginsMs: number,
): PlannedPhase[] {
  const phases: PlannedPhase[] = [];
  const ramp: CalmPhase = { name: 'ramp', kind: 'ramp', askedPerSecond: opensPerSecond };
  if (work.kind !== 'opens') phases.push({ atMs: beginsMs, phase: ramp });
  if (restSeconds > 0) {
    const restsMs = beginsMs + (Math.ceil(tunnels / 2) * 1_000) / opensPerSecond;
    phases.push({ atMs: restsMs, phase: { name: 'rest', kind: 'rest' } }, { atMs: restsMs + restSeconds * 1_000, phase: ramp });
  }
  let atMs = beginsMs + rampSeconds * 1_000;
  if (work.kind === 'ping') return [...phases, { atMs, phase: { name: 'hold', kind: 'hold' } }];
  for (const { perSecond, seconds } of work.steps) {
    phases.push({ atMs, phase: { name: `${perSecond} ${work.kind}/s`, kind: 'step', askedPerSecond: perSecond } });
    atMs += seconds * 1_000;
  }
  return phases;
}

function plannedEvents({ events }: Scenario, { rampSeconds }: ConductDeps['plan'], beginsMs: number): PlannedEvent[] {
  const atMs = ({ after }: ScenarioEvent): number => beginsMs + (rampSeconds + after) * 1_000;
  return events.map((event) => ({ atMs: atMs(event), event, after: endOf(event, events, atMs) }));
}

/** Before this moment its fault is not over, whatever the agents look like. */
function endOf(event: ScenarioEvent, all: readonly ScenarioEvent[], atMs: (event: ScenarioEvent) => number): number {
  const ending = event.do === 'throttle' ? event.connectsPerSecond !== null && nextThrottle(event, all) : endedBy(event, all);
  return ending ? atMs(ending) : atMs(event);
}

function endedBy(event: ScenarioEvent, all: readonly ScenarioEvent[]): ScenarioEvent | undefined {
  const word = (ENDED_BY as Partial<Record<ScenarioEvent['do'], ScenarioEvent['do']>>)[event.do];
  return word === undefined ? undefined : all.find((other) => other.do === word && other.after > event.after);
}

function nextThrottle(event: ScenarioEvent, all: readonly ScenarioEvent[]): ScenarioEvent | undefined {
  return all.find((other) => other.do === 'throttle' && other.after > event.after);
}

/** Phases follow each other: the end of one is the beginning of the next. A fault interrupts the one it came in. */
class PhaseBook {
  readonly #at: (nowMs: number) => number;
  readonly #entered: (name: string) => void;
  readonly #begun: (CalmPhase & { readonly from: number })[] = [];
  #calm: CalmPhase | null = null;
  #isFault = false;

  constructor(at: (nowMs: number) => number, entered: (name: string) => void) {
    this.#at = at;
    this.#entered = entered;
  }

  calm(phase: CalmPhase, nowMs: number): void {
    this.#calm = phase;
    if (!this.#isFault) this.#begin(phase, nowMs);
  }

  fault(name: string, nowMs: number): void {
    this.#isFault = true;
    this.#begin({ name, kind: 'fault' }, nowMs);
  }

  faultOver(nowMs: number): void {
    this.#isFault = false;
    if (this.#calm !== null) this.#begin(this.#calm, nowMs);
  }

  phases(nowMs: number): Phase[] {
    const all = this.#begun.map((phase, index) => ({ ...phase, to: this.#begun[index + 1]?.from ?? this.#at(nowMs) }));
    return all.filter(({ from, to }) => to > from);
  }

  #begin(phase: CalmPhase, nowMs: number): void {
    this.#begun.push({ ...phase, from: this.#at(nowMs) });
    this.#entered(phase.name);
  }
}

/** Over when it says so, and the agents are back. */
interface OpenFault {
  /** What was told of moments before this one says nothing of its end. */
  readonly notBeforeMs: number;
  readonly isOver: () => Promise<boolean>;
}

/** Does what is planned, and knows when what it caused is over. */
class FaultWatch {
  readonly #deps: ConductDeps;
  readonly #book: PhaseBook;
  readonly #open: OpenFault[] = [];

  constructor(deps: ConductDeps, book: PhaseBook) {
    this.#deps = deps;
    this.#book = book;
  }

  /** Until this moment, with an eye on the agents. */
  async wait(untilMs: number): Promise<void> {
    const { clock, stop } = this.#deps;
    while (!stop.aborted && clock.nowMs() < untilMs) {
      await sleep(clock, Math.min(LOOK_EVERY_MS, untilMs - clock.nowMs()), stop);
      await this.#look();
    }
  }

  async begin(event: ScenarioEvent, endsMs: number): Promise<void> {
    const { stage, clock, marked, beganMs } = this.#deps;
    const index = 'node' in event ? event.node : null;
    const node = index === null ? null : stage.nodeName(index);
    const tunnels = index === null ? null : await stage.tunnelsOf(index);
    const at = (clock.nowMs() - beganMs) / 1_000;
    const what = describe(event, node);
    const isOver = isFault(event) ? this.#overWhen(event, clock.nowMs(), endsMs) : null;
    if (isOver !== null) {
      this.#open.push(isOver);
      this.#book.fault(what, clock.nowMs());
    }
    marked({ at, what, event: event.do, isPlanned: true, node, tunnels });
    await perform(event, stage);
  }

  #overWhen(event: ScenarioEvent, nowMs: number, endsMs: number): OpenFault {
    const { stage } = this.#deps;
    const isEmpty = async (index: number): Promise<boolean> => ((await stage.tunnelsOf(index)) ?? 0) === 0;
    return {
      notBeforeMs: Math.max(nowMs, endsMs) + SETTLE_MS,
      isOver: () => (event.do === 'drain-node' ? isEmpty(event.node) : Promise.resolve(true)),
    };
  }

  async #look(): Promise<void> {
    const { clock, stage } = this.#deps;
    const [oldest] = this.#open;
    if (oldest === undefined) return;
    const { established, wanted } = stage.agents();
    const isBack = established >= wanted * BACK;
    if (!isBack || stage.agentsKnownUntilMs() < oldest.notBeforeMs || !(await oldest.isOver())) return;
    this.#open.shift();
    if (this.#open.length === 0) this.#book.faultOver(clock.nowMs());
  }
}

/** What must not cost an agent its session is no fault: the figures of the phase it comes in are judged as ever. */
function isFault(event: ScenarioEvent): boolean {
  return event.do === 'kill-node' || event.do === 'drain-node' || event.do === 'throttle' || event.do === 'far-end-dies';
}

async function perform(event: ScenarioEvent, stage: Stage): Promise<void> {
  switch (event.do) {
    case 'kill-node':
      return await stage.kill(event.node);
    case 'start-node':
      return await stage.start(event.node);
    case 'drain-node':
      return stage.drain(event.node);
    case 'undrain-node':
      return await stage.undrain(event.node);
    case 'upgrade-node':
      return await stage.upgrade(event.node);
    case 'throttle':
      return stage.throttle(event.connectsPerSecond);
    case 'far-end-dies':
      return stage.farEndDies();
    case 'far-end-returns':
      return await stage.farEndReturns();
    case 'slow-readers':
    case 'flood':
      return stage.hostile(event);
    default:
      return event satisfies never;
  }
}

function describe(event: ScenarioEvent, node: string | null): string {
  switch (event.do) {
    case 'kill-node':
      return `${node} dies`;
    case 'start-node':
      return `${node} starts again`;
    case 'drain-node':
      return `${node} is drained`;
    case 'undrain-node':
      return `${node} is taken back`;
    case 'upgrade-node':
      return `${node} is upgraded`;
    case 'throttle':
      return event.connectsPerSecond === null
        ? 'the far end takes any number of connects'
        : `the far end takes ${event.connectsPerSecond} connects a second`;
    case 'far-end-dies':
      return 'the far end dies';
    case 'far-end-returns':
      return 'the far end is back';
    case 'slow-readers':
      return `${event.count} clients read ${event.bytesPerSecond === 0 ? 'nothing' : `${event.bytesPerSecond} byte a second`} for ${event.seconds} s`;
    case 'flood':
      return `${event.perSecond} ${FLOODS[event.kind]} a second for ${event.seconds} s`;
    default:
      return event satisfies never;
  }
}

const FLOODS = {
  refused: 'connections that are refused',
  'half-open': 'connections that say nothing',
  'stalled-head': 'heads that stall',
} as const;
