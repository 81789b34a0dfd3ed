// How long a process has waited for a CPU.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { runDelayMs } from './run-delay.ts';

test('one of two that want the same CPU waits for it, one that is stopped waits for none', async (t) => {
  const spin = ['taskset', '-c', '0', process.execPath, '-e', 'console.log(1); for (;;);'] as const;
  const pair = [0, 1].map(() => spawn(spin[0], spin.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] }));
  t.after(() => pair.forEach((child) => child.kill('SIGKILL')));
  await Promise.all(pair.map(({ stdout }) => once(stdout, 'data')));
  const [pid = assert.fail('no pid')] = pair.flatMap((child) => child.pid ?? []);
  const before = runDelayMs(pid);
  await until(() => runDelayMs(pid) > before + 50);
  process.kill(pid, 'SIGSTOP');
  await until(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T '));
  const stopped = runDelayMs(pid);
  await delay(100);
  assert.ok(runDelayMs(pid) - stopped < 50);
});

test('of a process that is not there nothing is known', () => {
  assert.equal(runDelayMs(4_194_304), 0);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(10);
}
