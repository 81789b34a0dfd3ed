// What control last thought of the node, in a file that carriers read, so that health answers do not need control.

import type { Clock } from '../core/clock.ts';
import { verdictFile } from '../core/runtime-files.ts';
import type { LatchView } from './latches.ts';
import { readJson, replaceFile } from './metrics-files.ts';

/** Control writes every second, or says that it rests; after so many without a word it is gone, and its last word counts no more. */
export const VERDICT_STALE_MS = 5_000;

export interface Verdict {
  readonly ready: boolean;
  /** Why not; empty where it is ready. */
  readonly reasons: readonly string[];
  /** What somebody should look at though the node is ready, or besides why it is not. */
  readonly concerns: readonly string[];
  readonly latches: readonly LatchView[];
  /** Upstreams, as `ADDRESS:PORT`, towards which the node has hardly a local port left. */
  readonly fullUpstreams: readonly string[];
  /** How long the node's own port took to answer; null before it was asked. */
  readonly answerS: number | null;
  /** A moment of the machine-wide clock. */
  readonly atMs: number;
  /** Control rests, and writes the next one so much later; missing where it does not. */
  readonly restMs?: number;
}

export function writeVerdict(runtime: string, verdict: Verdict): void {
  replaceFile(verdictFile(runtime), JSON.stringify(verdict));
}

/** Null where there is none, or it is too old to count: for readiness, or for what `staleMs` says. */
export function readVerdict(runtime: string, clock: Clock, staleMs = VERDICT_STALE_MS): Verdict | null {
  const verdict = readJson(verdictFile(runtime)) as Verdict | null;
  return verdict && isFresh(verdict, clock, staleMs) ? verdict : null;
}

export function isFresh({ atMs, restMs = 0 }: Pick<Verdict, 'atMs' | 'restMs'>, clock: Clock, staleMs = VERDICT_STALE_MS): boolean {
  return Math.abs(clock.nowMs() - atMs) <= staleMs + restMs;
}
