// The verdict as a file: control reads it, and so does the next probe, which goes on counting where this one ended.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ProbeVerdict } from './contract.ts';

/** Whole or not at all: somebody may read it at any moment. Throws where there is no room: control then takes the last one until it is old. */
export function writeVerdict(file: string, verdict: ProbeVerdict): void {
  writeFileSync(`${file}.tmp`, JSON.stringify(verdict), { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

/** Null where there is none that still counts. */
export function readVerdict(file: string, nowMs: number): ProbeVerdict | null {
  try {
    const verdict = JSON.parse(readFileSync(file, 'utf8')) as ProbeVerdict;
    return Math.abs(nowMs - verdict.atMs) <= verdict.goodForMs ? verdict : null;
  } catch {
    return null;
  }
}
