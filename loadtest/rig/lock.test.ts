// Who may run, and what a rig that was killed has left.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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

test('a group is ended also where only others than its leader are left, and one that is gone hurts nobody', async (t) => {
  const folder = folderOf(t);
  const output = openSync(join(folder, 'log'), 'a');
  const leader = spawn('sh', ['-c', 'sleep 60 & echo $!'], { stdio: ['ignore', 'pipe', output], detached: true });
  const [said] = (await once(leader.stdout!, 'data')) as [Buffer];
  const member = Number(said);
  t.after(() => killQuietly(member));
  if (leader.exitCode === null) await once(leader, 'exit');
  assert.equal(endLeftover({ pid: 1, startedAt: '', folder, groups: [leader.pid ?? 0, 4_194_303] }), 1);
  while (existsSync(`/proc/${member}`) && !readFileSync(`/proc/${member}/stat`, 'utf8').includes(') Z ')) await delay(10);
});

test('of several that start at once after a rig that was killed, one has it', { timeout: 30_000 }, async (t) => {
  const folder = folderOf(t);
  const rounds = Array.from({ length: 30 }, (_, round) => join(folder, `lock-${round}`));
  for (const file of rounds)
    writeFileSync(file, JSON.stringify({ pid: process.ppid, startedAt: '1', folder: null, groups: [] } satisfies Holder));
  const script = `
    import { takeLock } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
    const beginsMs = Number(process.argv[1]);
    const won = [];
    for (const [round, file] of process.argv.slice(2).entries()) {
      while (Date.now() < beginsMs + round * 30);
      if (takeLock(file).ok) won.push(round);
    }
    console.log(JSON.stringify(won));
    process.stdin.resume().on('end', () => process.exit());`;
  const beginsMs = String(Date.now() + 1_500);
  const starters = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script, beginsMs, ...rounds], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const said = await Promise.all(starters.map(async ({ stdout }) => String((await once(stdout, 'data'))[0])));
  for (const { stdin } of starters) stdin.end();
  const winners = said.flatMap((text) => JSON.parse(text) as number[]).sort((one, other) => one - other);
  assert.deepEqual(
    winners,
    rounds.map((_, round) => round),
  );
});

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: as it should be.
  }
}
