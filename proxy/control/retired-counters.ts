// What is kept of carriers that are gone: their counters, added up in one file, so that no counter of the node ever goes back.

import { merge } from './merge-metrics.ts';
import { readRetired, readSnapshots, removeSnapshot, writeRetired } from './metrics-files.ts';
import { countersOf } from './metrics-json.ts';

/** A name is needed until its file is gone, and a moment longer for onlookers that have read the file before. */
const FOLDED_NAMES_MAX = 1_000;

/**
 * Adds the files of runs that are over to the kept one and removes them. Only one process may do this: control. A kill between two steps
 * harms nothing, because the kept file is replaced whole and says which files are part of it.
 */
export async function retireCounters(runtime: string, over: readonly string[]): Promise<void> {
  if (over.length === 0) return;
  const retired = readRetired(runtime);
  const done = new Set(retired.folded);
  const files = readSnapshots(runtime);
  const due = [...files].filter(([name]) => over.includes(name) && !done.has(name));
  const metrics = merge([retired.metrics, ...due.map(([, snapshot]) => countersOf(snapshot.metrics))]);

  if (due.length > 0)
    writeRetired(runtime, { folded: [...retired.folded, ...due.map(([name]) => name)].slice(-FOLDED_NAMES_MAX), metrics });
  // One that could not be read is not counted yet.
  for (const name of over) if (done.has(name) || files.has(name)) removeSnapshot(runtime, name);
}
