// What control last thought of the node, in a file that carriers read, so that health answers do not need control.

import type { Clock } from '../core/clock.ts';
import { verdictFile } from '../core/runtime-files.ts';
import { readJson, replaceFile } from './metrics-files.ts';

/** Control writes every second; after so many without a word it is gone, and its last word counts no more. */
export const VERDICT_STALE_MS = 5_000;

export interface Verdict {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** A moment of the machine-wide clock. */
  readonly atMs: number;
}

export function writeVerdict(runtime: string, verdict: Verdict): void {
  replaceFile(verdictFile(runtime), JSON.stringify(verdict));
}

/** Null where there is none, or it is too old to count. */
export function readVerdict(runtime: string, clock: Clock): Verdict | null {
  const verdict = readJson(verdictFile(runtime)) as Verdict | null;
  if (!verdict || Math.abs(clock.nowMs() - verdict.atMs) > VERDICT_STALE_MS) return null;
  return verdict;
}
