// How a drain goes, as people see it: a bar on a terminal, a line now and then elsewhere. The same for one node and for a fleet.

import { renderDuration } from './durations.ts';

/** What is shown of a drain; a node's own view of it has more. */
export interface DrainProgress {
  readonly phase: 'settling' | 'closing' | 'paused' | 'drained';
  readonly tunnels: number;
  readonly tunnelsAtFirst: number;
  readonly settleLeftMs: number;
  /** Tunnels per second: asked for, and at the moment. */
  readonly rate: number;
  readonly rateNow: number;
  readonly why: string | null;
  readonly etaMs: number | null;
}

const BAR_MIN = 10;
const BAR_MAX = 40;
/** Between two lines of the same phase where there is no terminal. */
const LINE_MS = 10_000;

/** `closing: 240 of 600 closed, 8 a second, 46s left`. */
export function renderProgress(progress: DrainProgress): string {
  return `${progress.phase}: ${wordsOf(progress)}`;
}

/** The same with a bar, in one line of the terminal. */
export function renderBar(progress: DrainProgress, columns: number): string {
  const { phase, tunnels, tunnelsAtFirst } = progress;
  const words = wordsOf(progress);
  const width = Math.min(BAR_MAX, columns - phase.length - words.length - 6);
  if (width < BAR_MIN) return renderProgress(progress).slice(0, Math.max(0, columns - 1));
  const done = tunnelsAtFirst === 0 ? 1 : 1 - tunnels / tunnelsAtFirst;
  const filled = Math.floor(done * width);
  return `${phase.padEnd(8)} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${words}`;
}

function wordsOf(progress: DrainProgress): string {
  const { phase, tunnels, tunnelsAtFirst, settleLeftMs } = progress;
  const closed = `${tunnelsAtFirst - tunnels} of ${tunnelsAtFirst} closed`;
  switch (phase) {
    case 'settling':
      return `${tunnels} open, new tunnels are served for ${renderDuration(settleLeftMs)} more${leftOf(progress)}`;
    case 'closing':
      return `${closed}, ${paceOf(progress)}${leftOf(progress)}`;
    case 'paused':
      return `${closed}${settleLeftMs > 0 ? ', new tunnels are served' : ''}`;
    case 'drained':
      return 'no tunnel is left';
  }
}

function paceOf({ rate, rateNow, why }: DrainProgress): string {
  const pace = `${rateNow < 10 ? Math.round(rateNow * 10) / 10 : Math.round(rateNow)} a second`;
  return why === null ? pace : `${pace} instead of ${rate} (${why})`;
}

function leftOf({ etaMs }: DrainProgress): string {
  return etaMs === null ? '' : `, ${renderDuration(Math.max(1_000, etaMs))} left`;
}

export interface ProgressOutput {
  readonly stdout: (text: string) => void;
  /** Null where nobody watches a terminal. */
  readonly columns: () => number | null;
  /** Milliseconds that only go up. */
  readonly nowMs: () => number;
}

/** Writes what has changed since the last time, in the form that fits. */
export class ProgressLine {
  readonly #output: ProgressOutput;
  #phase = '';
  #why: string | null = null;
  #saidMs = -Infinity;
  #isBarShown = false;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  show(progress: DrainProgress): void {
    const { stdout, columns, nowMs } = this.#output;
    const width = columns();
    if (width !== null) {
      this.#isBarShown = true;
      return stdout(`\r\u001B[K${renderBar(progress, width)}`);
    }
    const isNew = progress.phase !== this.#phase || progress.why !== this.#why;
    if (!isNew && nowMs() - this.#saidMs < LINE_MS) return;
    this.#phase = progress.phase;
    this.#why = progress.why;
    this.#saidMs = nowMs();
    stdout(`${renderProgress(progress)}\n`);
  }

  /** A line of words goes under the bar. */
  say(line: string): void {
    this.close();
    this.#output.stdout(`${line}\n`);
  }

  /** Whatever comes next, and from whomever, begins in a line of its own. */
  close(): void {
    if (this.#isBarShown) this.#output.stdout('\n');
    this.#isBarShown = false;
  }
}
