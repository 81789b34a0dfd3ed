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
  /** Sessions that ended unasked, by the close code of the WebSocket. */
  readonly dropped?: Readonly<Record<string, number>>;
  /** Sessions that the agent ended itself. */
  readonly closed?: number;
  /** Messages (pings among them), and answers to them. */
  readonly sent?: number;
  readonly back?: number;
  /** From the intended start of an open to its CONNACK. */
  readonly openUs?: SparseHistogram;
  /** From the true start of the dial to the open WebSocket, and from there to the CONNACK. */
  readonly dialUs?: SparseHistogram;
  readonly connackUs?: SparseHistogram;
  /** From the intended moment of a message to its answer. */
  readonly roundTripUs?: SparseHistogram;
}
