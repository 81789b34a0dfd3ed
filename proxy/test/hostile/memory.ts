import { readFileSync } from 'node:fs';

/** Resident memory of these processes together (proc_pid_status(5)). */
export function residentBytes(pids: readonly number[]): number {
  let total = 0;
  for (const pid of pids) total += Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
  return total;
}
