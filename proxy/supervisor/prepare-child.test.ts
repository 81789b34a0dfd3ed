import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { FakeClock } from '../test/support/fake-clock.ts';
import { PREPARE_MS, prepareReload, type Reading } from './prepare-child.ts';

interface Started extends Reading {
  readonly runtime: string;
  readonly clock: FakeClock;
}

/** A reader that is this script; `runtime` is the third of its last arguments. */
function read(t: TestContext, script: string): Started {
  return start(t, (folder) => {
    const entry = join(folder, 'entry.mjs');
    writeFileSync(entry, script);
    return [process.execPath, entry];
  });
}

/** One in words of the shell, which starts programs of its own. */
function readByShell(t: TestContext, words: string): Started {
  return start(t, () => ['/bin/sh', '-c', `${words}\n:`]);
}

function start(t: TestContext, commandIn: (folder: string) => readonly [string, ...string[]]): Started {
  const runtime = mkdtempSync(join(tmpdir(), 'prepare-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  const clock = new FakeClock();
  const reading = prepareReload({ command: commandIn(runtime), configFile: 'x', runtime, generation: 7, reason: 'upgrade', clock });
  return { ...reading, runtime, clock };
}

/** Resolves when there is no such process, or only what is left of one that nobody has asked about. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      if (readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) return;
    } catch {
      return;
    }
    await setTimeout(10);
  }
}

async function fileWith(path: string): Promise<string> {
  for (;;) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (text.endsWith('\n')) return text;
    await setTimeout(10);
  }
}

test('what it prints is the plan', async (t) => {
  const { plan } = read(
    t,
    'console.log(JSON.stringify({ kind: "unchanged", files: [], words: [...process.argv.slice(2, 4), ...process.argv.slice(5)] }))',
  );
  assert.deepEqual(await plan, { kind: 'unchanged', files: [], words: ['prepare', 'x', '7', 'upgrade'] });
});

for (const [what, script, expected] of [
  ['that crashes is a sentence with its last words', 'throw new Error("a bug")', /not read: exit code 1, Node\.js v/],
  ['that is killed says by what', 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)', /not read: SIGTERM$/],
  ['that prints half of it', 'console.log("{")', /printed something else; was the installation replaced\?$/],
  [
    'that prints the plan of a start, as another release may',
    'console.log(JSON.stringify({ node: "n", files: [] }))',
    /printed something else/,
  ],
  ['of a kind that is not known here', 'console.log(JSON.stringify({ kind: "merged", files: [] }))', /printed something else/],
  ['that leaves the plan out', 'console.log(JSON.stringify({ kind: "changed", files: [] }))', /printed something else/],
  ['without files', 'console.log(JSON.stringify({ kind: "unchanged" }))', /printed something else/],
  ['that prints nothing', '', /printed something else/],
  ['that prints without end', 'for (;;) await new Promise((done) => process.stdout.write("x".repeat(65536), done))', /too long$/],
] as const) {
  test(`one ${what}`, async (t) => {
    const plan = await read(t, script).plan;
    assert.match(String(plan), expected);
  });
}

test('one that hangs, as in a file of another machine, is killed after its time', async (t) => {
  const reading = read(t, 'setInterval(() => {}, 1000)');
  reading.clock.advance(PREPARE_MS);
  assert.match(String(await reading.plan), /was not read within 30 s$/);
});

test('what one has started ends with it, and is not waited for', async (t) => {
  const reading = readByShell(t, 'sleep 600 & echo $! >"$2/pid"; wait');
  const pid = Number(await fileWith(join(reading.runtime, 'pid')));
  reading.clock.advance(PREPARE_MS);
  assert.match(String(await reading.plan), /was not read within 30 s$/);
  await gone(pid);
});

test('one that has left what it started behind, in a session of its own, is not waited for either', async (t) => {
  // It tells its number itself, and by then it is in a session of its own.
  const reading = readByShell(t, `setsid sh -c 'echo $$ >"$0/pid"; exec sleep 600' "$2" & wait`);
  const pid = Number(await fileWith(join(reading.runtime, 'pid')));
  t.after(() => process.kill(pid));
  reading.clock.advance(PREPARE_MS);
  assert.match(String(await reading.plan), /was not read within 30 s$/);
});

test('of what is printed without end by a program that it has started nothing is kept', async (t) => {
  // It tells its number before it prints: the end comes too soon for anybody else to tell it.
  const reading = readByShell(t, `sh -c 'echo $$ >"$0/pid"; exec yes' "$2" & wait`);
  const pid = Number(await fileWith(join(reading.runtime, 'pid')));
  assert.match(String(await reading.plan), /too long$/);
  await gone(pid);
});

test('one whose node stops is ended', async (t) => {
  const reading = read(t, 'setInterval(() => {}, 1000)');
  reading.end();
  assert.match(String(await reading.plan), /the node stops$/);
});

test('a program that cannot be started is a sentence too', async (t) => {
  const { execPath } = process;
  t.after(() => (process.execPath = execPath));
  process.execPath = '/nonexistent/node';
  const reading = read(t, '');
  process.execPath = execPath;
  assert.match(String(await reading.plan), /not read: spawn .*ENOENT/);
  reading.cleanUp();
});

test('nor is one in a folder that is a file: the system says that at once', async (t) => {
  const { plan, end, cleanUp } = start(t, () => ['/dev/null/pinhole']);
  assert.match(String(await plan), /not read: \/dev\/null\/pinhole: spawn ENOTDIR$/);
  end();
  cleanUp();
});

test('what it left in the runtime folder is taken away, where nobody has taken it into use', async (t) => {
  const script = `import { writeFileSync } from 'node:fs';
    writeFileSync(process.argv.at(-3) + '/settings.' + process.pid + '.json', '{}');
    console.log('{}')`;
  const reading = read(t, script);
  await reading.plan;
  const left = readdirSync(reading.runtime).find((name) => name.startsWith('settings.'));
  assert.ok(left);
  reading.cleanUp();
  assert.equal(existsSync(join(reading.runtime, left)), false);
  reading.cleanUp();
});
