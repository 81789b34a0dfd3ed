// What a proxy costs, as the kernel counts it: for the whole tree of processes under one PID.

import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: what /proc counts in, 100 on every Linux that Node runs on, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;

/** Fields of /proc/PID/stat behind the name, which may hold anything: see proc_pid_stat(5). */
const FIELD = { parent: 1, user: 11, system: 12, endedChildrenUser: 13, endedChildrenSystem: 14 } as const;

/** CPU seconds that a proxy and its children have used, those that have ended included. */
export function cpuSeconds(pid: number): number {
  const stats = readStats();
  const ticks = treeOf(pid, stats).flatMap((member) => {
    const fields = stats.get(member) ?? [];
    return [FIELD.user, FIELD.system, FIELD.endedChildrenUser, FIELD.endedChildrenSystem].map((at) => Number(fields[at] ?? 0));
  });
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_PER_SECOND;
}

/** Memory of a proxy and its children in KiB; a page that they share counts once (Pss), the kernel's buffers do not count. */
export function memoryKib(pid: number): number {
  const sizes = treeOf(pid, readStats()).map((member) => {
    const text = readProc(`/proc/${member}/smaps_rollup`);
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text ?? '')?.[1] ?? 0);
  });
  return sizes.reduce((sum, value) => sum + value, 0);
}

/** Descriptors that this process, and so what it starts, may have. */
export function descriptorsMax(): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readProc('/proc/self/limits') ?? '')?.[1];
  return hard === 'unlimited' ? Infinity : Number(hard ?? 0);
}

function treeOf(root: number, stats: ReadonlyMap<number, readonly string[]>): number[] {
  const members = [root];
  for (const member of members) for (const [pid, fields] of stats) if (Number(fields[FIELD.parent]) === member) members.push(pid);
  return members;
}

function readStats(): Map<number, readonly string[]> {
  const stats = new Map<number, readonly string[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const text = readProc(`/proc/${name}/stat`);
    if (text !== null) stats.set(Number(name), text.slice(text.lastIndexOf(')') + 2).split(' '));
  }
  return stats;
}

/** A process may be gone between the listing and the look. */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
