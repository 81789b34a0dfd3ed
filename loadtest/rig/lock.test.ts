// Who may run, and what a rig that was killed has left.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { endLeftover, type Holder, noteLock, releaseLock, takeLock } from './lock.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-lock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the first has it, a second does not while the first lives, and gets its pid', async (t) => {
  const file = join(folderOf(t), 'lock');
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  const pid = other.pid ?? 0;
  assert.deepEqual(takeLock(file, pid), { ok: true, leftover: null });
  const refused = takeLock(file);
  assert.ok(!refused.ok && refused.why.includes(`process ${pid}`), JSON.stringify(refused));
  other.kill('SIGKILL');
  await once(other, 'exit');
  const taken = takeLock(file);
  assert.ok(taken.ok);
  assert.equal(taken.leftover?.pid, pid);
});

test('it is ours again after the process has replaced itself', (t) => {
  const file = join(folderOf(t), 'lock');
  assert.ok(takeLock(file).ok);
  assert.deepEqual(takeLock(file), { ok: true, leftover: null });
  releaseLock(file);
  assert.ok(!existsSync(file));
});

test('a pid that is somebody else’s by now holds nothing, nor does a torn file', (t) => {
  const file = join(folderOf(t), 'lock');
  writeFileSync(file, JSON.stringify({ pid: process.ppid, startedAt: '1', folder: null, groups: [] } satisfies Holder));
  assert.ok(takeLock(file).ok);
  writeFileSync(file, '{"pid":');
  assert.deepEqual(takeLock(file), { ok: true, leftover: null });
});

test('what a killed rig has left is ended, and nothing else', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'lock');
  const left = spawn('sh', ['-c', `: ${folder}; sleep 60 & wait`], { stdio: 'ignore', detached: true });
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  t.after(() => stranger.kill('SIGKILL'));
  noteLock({ folder, groups: [left.pid ?? 0, stranger.pid ?? 0] }, file);
  const gone = once(left, 'exit');
  assert.equal(endLeftover(JSON.parse(readFileSync(file, 'utf8')) as Holder), 1);
  await gone;
  assert.equal(stranger.exitCode, null);
  assert.equal(stranger.signalCode, null);
  assert.ok(!existsSync(folder));
});
