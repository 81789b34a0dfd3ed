// What the probe last wrote, and what that means for readiness and for those who look. A probe that says nothing takes no node out.

import type { ProbeVerdict } from '../../healthcheck/probe/contract.ts';
import type { Clock } from '../core/clock.ts';
import { probeFile } from '../core/runtime-files.ts';
import { readJson } from './metrics-files.ts';

export interface ProbeReport {
  /** The verdict where it is fresh. */
  readonly verdict: ProbeVerdict | null;
  /** Why this node should leave; empty where it should not. */
  readonly withdraws: string;
  readonly concerns: readonly string[];
  /** It should have spoken. */
  readonly isLate: boolean;
}

/** The first round begins at once, whatever the schedule; it has ended by then. */
const FIRST_VERDICT_MS = 60_000;

export const NO_PROBE: ProbeReport = { verdict: null, withdraws: '', concerns: [], isLate: false };

/** The verdict as people read it. */
export type ProbeView = Omit<ProbeVerdict, 'atMs' | 'goodForMs'> & { readonly secondsAgo: number };

export function viewOf({ atMs, goodForMs: _, ...verdict }: ProbeVerdict, clock: Clock): ProbeView {
  return { secondsAgo: Math.max(0, Math.round((clock.nowMs() - atMs) / 1_000)), ...verdict };
}

/** `waitedMs`: for so long it has had the time to speak. */
export function readProbe(runtime: string, clock: Clock, waitedMs: number): ProbeReport {
  const verdict = readJson(probeFile(runtime)) as ProbeVerdict | null;
  if (verdict !== null && Math.abs(clock.nowMs() - verdict.atMs) <= verdict.goodForMs) {
    return {
      verdict,
      withdraws: verdict.withdraw ? verdict.troubles.join('; ') || 'the probe says so' : '',
      concerns: verdict.troubles,
      isLate: false,
    };
  }
  const isLate = verdict !== null || waitedMs >= FIRST_VERDICT_MS;
  return isLate ? { ...NO_PROBE, concerns: ['the probe says nothing'], isLate: true } : NO_PROBE;
}
