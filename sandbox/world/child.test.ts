import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';

function start(
  t: TestContext,
  script: string,
  more: { stopWithinMs?: number; onLine?: (line: string) => void } = {},
): { child: Child; log: () => string } {
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-child-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const logFile = join(dir, 'log');
  const { stopWithinMs = 10_000, onLine } = more;
  const child = new Child({
    name: 'it',
    command: process.execPath,
    args: ['-e', script],
    logFile,
    stopWithinMs,
    ...(onLine ? { onLine } : {}),
  });
  return { child, log: () => readFileSync(logFile, 'utf8') };
}

/** Dead is also what only waits for pid 1 to take notice, as far as this system shows it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    // No /proc here, or gone since: the next look tells.
    return true;
  }
}

test('an end of its own is told with code and last lines of both outputs', async (t) => {
  const { child } = start(t, `for (let i = 0; i < 20; i++) console.log('line', i); console.error('why'); process.exit(3)`);
  const ended = await child.ended;
  assert.equal(ended.how, 'ended with exit code 3');
  assert.equal(ended.code, 3);
  assert.equal(ended.lastLines.length, 12);
  assert.ok(ended.lastLines.includes('why'));
});

test('a program that cannot be started is an end too', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-child-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const child = new Child({ name: 'it', command: join(dir, 'nothing'), args: [], logFile: join(dir, 'log'), stopWithinMs: 1_000 });
  assert.match((await child.ended).how, /could not start: .*ENOENT/);
  await child.stop();
});

test('lines are seen as they come, and are in the file as well', async (t) => {
  const seen: string[] = [];
  const { child, log } = start(t, `console.log('one'); console.log('two')`, { onLine: (line) => seen.push(line) });
  await child.ended;
  assert.deepEqual(seen, ['one', 'two']);
  assert.equal(log(), 'one\ntwo\n');
});

test('stop ends it kindly where it listens', async (t) => {
  const ready = Promise.withResolvers<void>();
  const { child, log } = start(
    t,
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); setInterval(() => {}, 1000); console.log('up')`,
    {
      onLine: () => ready.resolve(),
    },
  );
  await ready.promise;
  await child.stop();
  assert.equal((await child.ended).how, 'ended with exit code 0');
  assert.match(log(), /bye/);
});

test('stop ends it by force where it does not, and whatever it had started', async (t) => {
  const grandchild = Promise.withResolvers<number>();
  const { child } = start(
    t,
    `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
     const own = require('child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); console.log(process.pid); setInterval(() => {}, 1000)'], { stdio: 'inherit' });`,
    { stopWithinMs: 300, onLine: (line) => grandchild.resolve(Number(line)) },
  );
  const pid = await grandchild.promise;
  await child.stop();
  assert.equal((await child.ended).how, 'was ended by SIGKILL');
  for (let tries = 0; isAlive(pid) && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(!isAlive(pid));
});

test('a sandbox that ends by a mistake of its own takes its programs along', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-child-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const plan = {
    name: 'it',
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
    logFile: join(dir, 'log'),
    stopWithinMs: 1_000,
  };
  const script = `import { Child } from ${JSON.stringify(fileURLToPath(new URL('child.ts', import.meta.url)))};
    console.log(new Child(${JSON.stringify(plan)}).pid); setImmediate(() => { throw new Error('a mistake'); });`;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { encoding: 'utf8' });
  assert.notEqual(status, 0);
  const pid = Number(stdout);
  assert.ok(pid > 0);
  for (let tries = 0; isAlive(pid) && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(!isAlive(pid));
});
