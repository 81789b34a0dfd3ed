import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { takeLock } from './lock.ts';

function place(t: TestContext): { folder: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return { folder, path: join(folder, 'supervisor.sock') };
}

function read(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    connect(path)
      .setEncoding('utf8')
      .on('data', (chunk: string) => (text += chunk))
      .on('end', () => resolve(text))
      .on('error', reject);
  });
}

/** A socket whose process was killed: the name is there, and nobody listens. */
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  assert.throws(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' }));
  assert.ok(statSync(path).isSocket());
}

test('the holder tells whoever connects, and leaves nothing behind', async (t) => {
  const { folder, path } = place(t);
  const lock = await takeLock(path, () => 'a view');
  assert.ok(lock);
  assert.equal(lock.wasStale, false);
  assert.equal(await read(path), 'a view');
  assert.deepEqual(readdirSync(folder), ['supervisor.sock']);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  lock.release();
  assert.deepEqual(readdirSync(folder), []);
});

test('nobody else gets it while it is held', async (t) => {
  const { folder, path } = place(t);
  const lock = await takeLock(path, () => 'first');
  assert.equal(await takeLock(path, () => 'second'), null);
  assert.equal(await read(path), 'first');
  assert.deepEqual(readdirSync(folder), ['supervisor.sock']);
  lock?.release();
});

test('the socket of a killed holder is no obstacle, and is known to have been one', async (t) => {
  const { folder, path } = place(t);
  leaveStaleSocket(path);
  const lock = await takeLock(path, () => 'next');
  assert.equal(lock?.wasStale, true);
  assert.equal(await read(path), 'next');
  assert.deepEqual(readdirSync(folder), ['supervisor.sock']);
  lock?.release();
});
