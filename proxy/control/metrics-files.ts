// Each carrier's counters in a file of their own, so that they are still known when it has been killed.

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Incarnation } from '../core/runtime-files.ts';
import { metricsFileName, parseMetricsFileName, retiredMetricsFile } from '../core/runtime-files.ts';
import type { MetricJson } from './metrics-json.ts';

export interface CarrierSnapshot {
  readonly startedMs: number;
  readonly metrics: readonly MetricJson[];
  /** Open upstream sockets by the address they go to: local ports are used up per address. */
  readonly upstreams: Readonly<Record<string, number>>;
}

export interface Retired {
  /** Names of the files that are part of it already; one of them may still be there if control died before it removed it. */
  readonly folded: readonly string[];
  readonly metrics: readonly MetricJson[];
}

export function writeSnapshot(runtime: string, carrier: Omit<Incarnation, 'startedMs'>, snapshot: CarrierSnapshot): void {
  replaceFile(join(runtime, metricsFileName({ ...carrier, startedMs: snapshot.startedMs })), JSON.stringify(snapshot));
}

/** Of every carrier's file, living or dead. With many tenants the files are large: who only asks whose they are does not read them. */
export function snapshotNames(runtime: string): string[] {
  return readdirSync(runtime).filter((name) => parseMetricsFileName(name) !== null);
}

/** Every carrier's file, living or dead. One that cannot be read is left out. */
export function readSnapshots(runtime: string): Map<string, CarrierSnapshot> {
  const found = new Map<string, CarrierSnapshot>();
  for (const name of snapshotNames(runtime)) {
    const snapshot = readJson(join(runtime, name)) as CarrierSnapshot | null;
    if (snapshot) found.set(name, snapshot);
  }
  return found;
}

export function readRetired(runtime: string): Retired {
  return (readJson(retiredMetricsFile(runtime)) as Retired | null) ?? { folded: [], metrics: [] };
}

export function writeRetired(runtime: string, retired: Retired): void {
  replaceFile(retiredMetricsFile(runtime), JSON.stringify(retired));
}

export function removeSnapshot(runtime: string, name: string): void {
  rmSync(join(runtime, name), { force: true });
}

/**
 * Whole or not at all: somebody may read it at any moment. The supervisor has the same two lines (runtime-folder.ts): all that both may import is
 * core, which opens no files.
 */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

/** Null where the file is not there, or is no JSON. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
