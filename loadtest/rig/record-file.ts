// The record of a run on disk. A disk that is full does not take a run with it: what fits is kept, and what does not is said.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord, Second } from '../run-record.ts';

export const RECORD_FILE = 'run.json';

export interface Kept {
  /** Where the record is; the first that was wanted where none took anything. */
  readonly folder: string;
  /** Whole, with these troubles among its own, however little of it is on the disk: a verdict is of all that was seen. */
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

/** Into the first folder that takes it whole, else thinner into the first that takes that. */
export function keepRecord(record: RunRecord, folders: readonly [string, ...string[]]): Kept {
  const troubles: string[] = [];
  const kept = (folder: string, words: readonly string[]): Kept => ({
    folder,
    record: { ...record, troubles: [...record.troubles, ...words] },
    troubles: words,
  });
  for (const folder of folders) {
    const problem = tryWrite(folder, record);
    if (problem === null) return kept(folder, troubles);
    troubles.push(`the record of the run could not be written to ${folder} (${problem})`);
  }
  for (const [how, thin] of THINNER) {
    for (const folder of folders) {
      const words = [...troubles, `the record was kept ${how}`];
      if (tryWrite(folder, { ...thin(record), troubles: [...record.troubles, ...words] }) === null) return kept(folder, words);
    }
  }
  return kept(folders[0], [...troubles, 'no record of the run was kept']);
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
