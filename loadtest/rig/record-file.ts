// The record of a run on disk. A disk that is full does not take a run with it: what fits is kept, and what does not is said.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord, Second } from '../run-record.ts';

export const RECORD_FILE = 'run.json';

export interface Kept {
  readonly folder: string;
  readonly record: RunRecord;
  /** In words, what could not be kept; empty where all was. */
  readonly troubles: readonly string[];
}

/** Latencies are most of a record. */
const bare = (second: Second): Second => ({
  ...second,
  agents: { ...second.agents, openUs: [], dialUs: [], connackUs: [], roundTripUs: [] },
});

/** From the whole to the least that still says something. */
const THINNER: readonly (readonly [string, (record: RunRecord) => RunRecord])[] = [
  ['without its latencies second by second', (record) => ({ ...record, seconds: record.seconds.map(bare) })],
  [
    'with one second in ten, and without latencies',
    (record) => ({ ...record, seconds: record.seconds.filter(({ at }) => at % 10 === 0).map(bare) }),
  ],
  ['without its seconds', (record) => ({ ...record, seconds: [] })],
];

/** Into the first folder that takes it whole, else thinner into the first that takes that. Throws only where none takes anything. */
export function keepRecord(record: RunRecord, folders: readonly string[]): Kept {
  const troubles: string[] = [];
  for (const folder of folders) {
    const problem = tryWrite(folder, record);
    if (problem === null) return { folder, record: { ...record, troubles: [...record.troubles, ...troubles] }, troubles };
    troubles.push(`the record of the run could not be written to ${folder} (${problem})`);
  }
  for (const [how, thin] of THINNER) {
    for (const folder of folders) {
      const words = [...troubles, `the record was kept ${how}`];
      const thinner = { ...thin(record), troubles: [...record.troubles, ...words] };
      if (tryWrite(folder, thinner) === null) return { folder, record: thinner, troubles: words };
    }
  }
  throw new Error(troubles.join('; '));
}

/** Null where it is there, whole. Half a file helps nobody. */
function tryWrite(folder: string, record: RunRecord): string | null {
  const file = join(folder, RECORD_FILE);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${JSON.stringify(record)}\n`);
    return null;
  } catch (error) {
    removeQuietly(file);
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // ENOTDIR: it never was there.
  }
}
