// `pinhole fleet run`, as a child whose lines are read.

import { Child, type Ended } from '../world/child.ts';
import { PINHOLE } from '../world/place.ts';
import type { Layout } from './layout.ts';

/** A line of `fleet run --json`. */
export interface RunLine {
  readonly event: string;
  readonly level: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A round that is under way ends in order. */
const STOP_WITHIN_MS = 10_000;

export interface ReconcilerDeps {
  readonly layout: Layout;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: RunLine) => void;
  readonly onDeath: (ended: Ended) => void;
}

export class Reconciler {
  readonly #child: Child;
  /** It has said so, and hears signals: before, one would end it. */
  #hasStarted = false;
  #isStopping = false;

  constructor({ layout, env, onLine, onDeath }: ReconcilerDeps) {
    this.#child = new Child({
      name: 'fleet run',
      command: PINHOLE,
      args: ['fleet', 'run', '-c', layout.fleetFile, '--json'],
      logFile: layout.logs.fleet,
      env,
      stopWithinMs: STOP_WITHIN_MS,
      onLine: (text) => {
        const line = readLine(text);
        if (line === null) return;
        if (line.event === 'started') this.#hasStarted = true;
        onLine(line);
      },
    });
    void this.#child.ended.then((ended) => {
      if (!this.#isStopping) onDeath(ended);
    });
  }

  /** A round begins at once, or as soon as the one that is under way has ended; while it starts, its first one is still to come. */
  lookNow(): void {
    if (this.#hasStarted && this.#child.pid !== null && !this.#child.isOver) process.kill(this.#child.pid, 'SIGHUP');
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#child.stop();
  }
}

/** Null for what is no line of its log, such as a warning of Node's. */
export function readLine(text: string): RunLine | null {
  try {
    const { event, level, time: _, ...facts } = Object(JSON.parse(text)) as Record<string, unknown>;
    return typeof event === 'string' ? { event, level: String(level), facts } : null;
  } catch {
    return null;
  }
}

/** One line for people; null for what is no news. */
export function tellRun({ event, facts }: RunLine): string | null {
  const text = (name: string): string => String(facts[name] ?? '');
  switch (event) {
    case 'failed':
      return `cannot: ${text('code')}: ${text('why')}`;
    case 'step':
      return text('step');
    case 'drift':
    case 'plan':
      return `${event === 'drift' ? 'the zone differs from the file' : 'to do'}: ${(facts['plan'] as string[] | undefined)?.map((line) => line.trim()).join('; ') ?? ''}`;
    case 'held-back':
      return `not done: ${text('slot')} ${text('how')}: ${text('why')}`;
    case 'file-bad':
      return `FLEET.yaml has mistakes, nothing is changed: ${(facts['problems'] as string[] | undefined)?.[0] ?? ''}`;
    default:
      return null;
  }
}
