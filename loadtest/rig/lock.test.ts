// Who may run, and what a rig that was killed has left.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { endLeftover, FOLDER_PREFIX, type Holder, LOCK_FILE, takeLock } from './lock.ts';

const LOCK_MODULE = new URL('./lock.ts', import.meta.url).href;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(`${FOLDER_PREFIX}lock-`);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Another process that holds it until it is killed. */
async function holderOf(t: TestContext, file: string): Promise<ChildProcess> {
  const script = `
    import { takeLock } from ${JSON.stringify(LOCK_MODULE)};
    console.log(takeLock(process.argv[1]).ok);
    setInterval(() => {}, 1_000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => other.kill('SIGKILL'));
  assert.equal(String((await once(other.stdout, 'data'))[0]).trim(), 'true');
  return other;
}

test('the first has it, a second does not while the first lives, and gets its pid', async (t) => {
  const file = join(folderOf(t), 'lock');
  const other = await holderOf(t, file);
  const refused = takeLock(file);
  assert.ok(!refused.ok && refused.why.includes(`process ${other.pid}`), JSON.stringify(refused));
  other.kill('SIGKILL');
  await once(other, 'exit');
  const taken = takeLock(file);
  assert.ok(taken.ok);
  assert.equal(taken.leftover?.pid, other.pid);
  taken.lock.release();
  assert.ok(!existsSync(file));
});

test('what this process has written itself is no leftover: it has replaced itself in between', (t) => {
  const file = join(folderOf(t), 'lock');
  writeFileSync(file, JSON.stringify({ pid: process.pid, folder: '/nowhere', groups: [] } satisfies Holder));
  const taken = takeLock(file);
  assert.ok(taken.ok);
  assert.equal(taken.leftover, null);
  taken.lock.release();
});

test('what was written last is all that is there, and a torn file is held by nobody', (t) => {
  const file = join(folderOf(t), 'lock');
  writeFileSync(file, '{"pid":');
  const taken = takeLock(file);
  assert.ok(taken.ok);
  assert.equal(taken.leftover, null);
  taken.lock.note({ folder: '/a/long/folder', groups: [1, 2, 3] });
  taken.lock.note({ folder: null, groups: [] });
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { pid: process.pid, folder: null, groups: [] });
  taken.lock.release();
});

test('there is one on a machine, whatever TMPDIR says', () => {
  const env = { ...process.env, TMPDIR: '/nowhere' };
  const script = `import { LOCK_FILE } from ${JSON.stringify(LOCK_MODULE)}; process.stdout.write(LOCK_FILE);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
  assert.equal(stdout, LOCK_FILE);
});

test('a file that nobody may open is told with what to do', (t) => {
  const file = join(folderOf(t), 'no-such-folder', 'lock');
  const refused = takeLock(file);
  assert.ok(!refused.ok && refused.why.includes('ENOENT') && refused.why.includes('or root'), JSON.stringify(refused));
});

test('what a killed rig has left is ended, and nothing else', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'lock');
  const left = spawn('sh', ['-c', `: ${folder}; echo up; sleep 60 & wait`], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  // Before it has come so far it may have no arguments yet.
  await once(left.stdout, 'data');
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  t.after(() => stranger.kill('SIGKILL'));
  writeFileSync(
    file,
    JSON.stringify({ pid: 1, folder, groups: [left.pid ?? assert.fail('no pid'), stranger.pid ?? assert.fail('no pid')] } satisfies Holder),
  );
  const gone = once(left, 'exit');
  assert.equal(endLeftover(JSON.parse(readFileSync(file, 'utf8')) as Holder), 1);
  await gone;
  assert.equal(stranger.exitCode, null);
  assert.equal(stranger.signalCode, null);
  assert.ok(!existsSync(folder));
});

test('only a folder that a rig made for itself is removed, whatever the lock names', (t) => {
  const own = folderOf(t);
  const inner = join(own, 'inner');
  mkdirSync(inner);
  const here = process.cwd();
  process.chdir(tmpdir());
  t.after(() => process.chdir(here));
  for (const folder of [inner, basename(own), `${own}/../${basename(own)}`, `${own}/`, tmpdir(), '/', ''])
    endLeftover({ pid: 1, folder, groups: [] });
  assert.ok(existsSync(inner));
});

test('what lies in its place and is no file of this user alone is neither believed nor written over', (t) => {
  const folder = folderOf(t);
  const victim = join(folder, 'victim');
  const words = JSON.stringify({ pid: 1, folder, groups: [] } satisfies Holder);
  writeFileSync(victim, words);
  const [soft, hard] = [join(folder, 'soft'), join(folder, 'hard')];
  symlinkSync(victim, soft);
  linkSync(victim, hard);
  for (const file of [soft, hard]) {
    const refused = takeLock(file);
    assert.ok(!refused.ok && refused.why.startsWith(`${file}: `), JSON.stringify(refused));
  }
  assert.equal(readFileSync(victim, 'utf8'), words);
});

const noOther = process.getuid?.() === 0 || process.env['PINHOLE_NO_SKIPS'] === '1' ? false : 'only root can make a file of another user';
test("another user's file is refused with whose it is, also by root", { skip: noOther }, (t) => {
  const file = join(folderOf(t), 'lock');
  writeFileSync(file, JSON.stringify({ pid: 1, folder: '/', groups: [] } satisfies Holder));
  chownSync(file, 65_534, 65_534);
  const refused = takeLock(file);
  assert.ok(!refused.ok && refused.why.includes('uid 65534'), JSON.stringify(refused));
});

test('words that are not those of a rig are no leftover', (t) => {
  const file = join(folderOf(t), 'lock');
  for (const words of ['5', 'null', '[]', '{"pid":1}', '{"pid":1,"folder":7,"groups":[]}', '{"pid":1,"folder":null,"groups":["-1"]}']) {
    writeFileSync(file, words);
    const taken = takeLock(file);
    assert.ok(taken.ok);
    assert.equal(taken.leftover, null, words);
    taken.lock.release();
  }
});

test('a group is ended also where only others than its leader are left, and one that is gone hurts nobody', async (t) => {
  const folder = folderOf(t);
  const output = openSync(join(folder, 'log'), 'a');
  const leader = spawn('sh', ['-c', 'sleep 60 & echo $!'], { stdio: ['ignore', 'pipe', output], detached: true });
  const [said] = (await once(leader.stdout!, 'data')) as [Buffer];
  const member = Number(said);
  t.after(() => killQuietly(member));
  if (leader.exitCode === null) await once(leader, 'exit');
  assert.equal(endLeftover({ pid: 1, folder, groups: [leader.pid ?? assert.fail('no pid'), 4_194_303] }), 1);
  while (lives(member)) await delay(10);
});

test('of several that start at once after a rig that was killed, one has it', { timeout: 30_000 }, async (t) => {
  const folder = folderOf(t);
  const rounds = Array.from({ length: 30 }, (_, round) => join(folder, `lock-${round}`));
  for (const file of rounds) writeFileSync(file, JSON.stringify({ pid: 1, folder: null, groups: [] } satisfies Holder));
  const script = `
    import { takeLock } from ${JSON.stringify(LOCK_MODULE)};
    const beginsMs = Number(process.argv[1]);
    const won = [];
    for (const [round, file] of process.argv.slice(2).entries()) {
      while (Date.now() < beginsMs + round * 50);
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

test('of several that take and release it again and again, never two are inside', { timeout: 60_000 }, async (t) => {
  const file = join(folderOf(t), 'lock');
  const script = `
    import { mkdirSync, rmdirSync } from 'node:fs';
    import { takeLock } from ${JSON.stringify(LOCK_MODULE)};
    const [, file] = process.argv;
    let had = 0;
    while (had < 20) {
      const taken = takeLock(file);
      if (!taken.ok) continue;
      mkdirSync(file + '.inside');
      rmdirSync(file + '.inside');
      taken.lock.release();
      had += 1;
    }`;
  const takers = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script, file], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  const codes = await Promise.all(takers.map(async (taker) => (await once(taker, 'exit'))[0] as number));
  assert.deepEqual(codes, [0, 0, 0]);
});

/** One that is dead, and whose parent has not taken notice, lives no more; nor does one that goes while it is looked at. */
function lives(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: as it should be.
  }
}
