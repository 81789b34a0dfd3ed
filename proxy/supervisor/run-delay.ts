// How long a process has waited for a CPU: what it did not say meanwhile tells nothing of it.

import { readFileSync } from 'node:fs';

/** Of its main thread, in ms since its start: what is ready to run and is not run (proc(5), schedstat). 0 where the kernel does not count it. */
export function runDelayMs(pid: number): number {
  try {
    const [, waitedNs = '0'] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    return 0;
  }
}
