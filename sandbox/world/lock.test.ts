import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { noteProxy, releaseLock, takeLock } from './lock.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-lock-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** A program that stays, with these words on its command line: it has one once it says something. */
async function program(t: TestContext, ...words: string[]): Promise<{ pid: number; ended: Promise<unknown> }> {
  const script = `console.log('up'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', script, ...words], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return { pid: child.pid ?? assert.fail('no pid'), ended };
}

const write = (dir: string, holder: unknown): void => writeFileSync(join(dir, 'world.json'), JSON.stringify(holder));

test('an empty folder is taken, and given back', async (t) => {
  const dir = folder(t);
  assert.deepEqual(await takeLock(dir), { ok: true, leftover: null });
  noteProxy(dir, 1);
  releaseLock(dir);
  assert.deepEqual(await takeLock(dir), { ok: true, leftover: null });
});

test('a folder whose sandbox lives is not taken', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const dir = folder(t);
  const other = await program(t, 'sandbox/main.ts');
  write(dir, { sandbox: other.pid, proxy: null });
  assert.deepEqual(await takeLock(dir), { ok: false, holder: other.pid });
});

test('a proxy that a dead sandbox left is ended', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const dir = folder(t);
  const left = await program(t, 'serve', '-c', join(dir, 'pinhole.yaml'));
  write(dir, { sandbox: 2 ** 22 + 1, proxy: left.pid });
  assert.deepEqual(await takeLock(dir), { ok: true, leftover: left.pid });
  await left.ended;
});

test("a number that is somebody else's by now is left alone", { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const dir = folder(t);
  const stranger = await program(t, 'something', 'else');
  write(dir, { sandbox: stranger.pid, proxy: stranger.pid });
  assert.deepEqual(await takeLock(dir), { ok: true, leftover: null });
  assert.ok(process.kill(stranger.pid, 0));
});

test('a file that is not ours is no holder', async (t) => {
  for (const text of ['', 'null', '{"sandbox":"x"}', '[]']) {
    const dir = folder(t);
    writeFileSync(join(dir, 'world.json'), text);
    assert.equal((await takeLock(dir)).ok, true);
  }
});
