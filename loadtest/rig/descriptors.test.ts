// A process that is there before a run and after it, and whether it has as many descriptors open as before.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { DescriptorWatch } from './descriptors.ts';

/** Leads a group of its own, and opens so many descriptors when it is told to. */
async function holding(t: TestContext, count: number): Promise<ChildProcess> {
  const script = `process.stdin.once('data', () => { for (let at = 0; at < ${count}; at += 1) require('node:fs').openSync('/dev/null'); console.log('open'); });
    process.stdin.resume(); console.log('ready');`;
  const child = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

for (const [spare, count] of [
  ['one more than before is a connection that asks the node how it is', 1],
  ['none more is none at all', 0],
] as const) {
  test(`${spare}: back, and at which moment`, async (t) => {
    const child = await holding(t, count);
    const watch = new DescriptorWatch();
    await watch.before([child.pid!]);
    child.stdin!.write('x');
    await once(child.stdout!, 'data');
    const fromMs = Date.now();
    await watch.watch([child.pid!]);
    const { before, after, backAtMs } = watch.seen!;
    assert.equal(after - before, count);
    assert.ok(backAtMs !== null && fromMs <= backAtMs && backAtMs <= Date.now());
  });
}

test('what opens while the node still starts belongs to it', async (t) => {
  const script = `const { openSync } = require('node:fs'); console.log('ready');
    const timer = setInterval(() => openSync('/dev/null'), 300); setTimeout(() => clearInterval(timer), 2_500); process.stdin.resume();`;
  const child = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const watch = new DescriptorWatch();
  await watch.before([child.pid!]);
  await watch.watch([child.pid!]);
  const { before, after } = watch.seen!;
  assert.equal(before, after);
});

test('a node that is gone has given nothing back: nobody knows', async (t) => {
  const child = await holding(t, 0);
  const watch = new DescriptorWatch();
  await watch.before([child.pid!]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await watch.watch([child.pid!]);
  assert.equal(watch.seen, null);
});
