// What one VU of k6 saw in one second. It is a line of k6's console, so it has to be small; the rig adds the lines of all VUs up.
// No dependency: k6 runs this file too.

import type { SparseHistogram } from './histogram.ts';

/** Counts are of this second alone; what is zero or empty is left out of the line. */
export interface Tick {
  /** Unix time, whole seconds. */
  readonly at: number;
  /** `exec.vu.idInTest`: one of its kind over all processes of a run. */
  readonly vu: number;
  /** Sessions that stand at the end of the second, and those that should by the schedule. */
  readonly established: number;
  readonly wanted: number;
  readonly tried?: number;
  readonly opened?: number;
  /** Opens that failed, by reason: a reason code of Pinhole where a refusal's phrase has one, else a word of shared/reasons.ts. */
  readonly failed?: Readonly<Record<string, number>>;
  /** Sessions that ended unasked, by the close code of the WebSocket, or `silent` where a ping was never answered. */
  readonly dropped?: Readonly<Record<string, number>>;
  /** Sessions that the agent ended itself. */
  readonly closed?: number;
  /** Messages (pings among them), and answers to them. */
  readonly sent?: number;
  readonly back?: number;
  /** Messages to which no answer came: those on their way in a session that was lost, and those waited for in vain in one that the agent closed. */
  readonly unanswered?: number;
  /** From the intended start of an open to its CONNACK. */
  readonly openUs?: SparseHistogram;
  /** From the true start of the dial to the open WebSocket, and from there to the CONNACK. */
  readonly dialUs?: SparseHistogram;
  readonly connackUs?: SparseHistogram;
  /** From the intended moment of a message to its answer. */
  readonly roundTripUs?: SparseHistogram;
}

/** Tells a tick from whatever else k6 has to say. */
const PREFIX = 'TICK ';

export function encodeTick(tick: Tick): string {
  return PREFIX + JSON.stringify(Object.fromEntries(Object.entries(tick).filter(([, value]) => !isNothing(value))));
}

function isNothing(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

export type TickLine = { readonly kind: 'tick'; readonly tick: Tick } | { readonly kind: 'torn' | 'foreign'; readonly line: string };

/** `torn`: it began as a tick, and is none. `foreign`: k6's own words. */
export function parseTick(line: string): TickLine {
  if (!line.startsWith(PREFIX)) return { kind: 'foreign', line };
  try {
    const value: unknown = JSON.parse(line.slice(PREFIX.length));
    return isTick(value) ? { kind: 'tick', tick: value } : { kind: 'torn', line };
  } catch {
    return { kind: 'torn', line };
  }
}

const NEEDED = ['at', 'vu', 'established', 'wanted'];
const COUNTS = ['tried', 'opened', 'closed', 'sent', 'back', 'unanswered'];
const BY_WORD = ['failed', 'dropped'];
const HISTOGRAMS = ['openUs', 'dialUs', 'connackUs', 'roundTripUs'];

function isTick(value: unknown): value is Tick {
  if (!isRecord(value)) return false;
  return (
    NEEDED.every((name) => isCount(value[name])) &&
    COUNTS.every((name) => value[name] === undefined || isCount(value[name])) &&
    BY_WORD.every((name) => value[name] === undefined || (isRecord(value[name]) && Object.values(value[name]).every(isCount))) &&
    HISTOGRAMS.every((name) => value[name] === undefined || isSparse(value[name]))
  );
}

function isSparse(value: unknown): boolean {
  return Array.isArray(value) && value.length % 2 === 0 && value.every(isCount);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
