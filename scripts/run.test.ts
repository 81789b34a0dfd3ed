import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chooseTests, isComplete, isNewEnough, NODE_WANTED, planInstall } from './run.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A project of nothing but the script, in a path with spaces, and an npm that notes what it was asked and does what a test says. */
function project(t: TestContext, npm: string): { run: (...args: string[]) => SpawnSyncReturns<string>; calls: () => string[] } {
  const root = join(mkdtempSync(join(tmpdir(), 'pinhole run ')), 'a checkout');
  t.after(() => rmSync(join(root, '..'), { recursive: true, force: true }));
  for (const folder of ['scripts', 'sandbox', 'agent/node_modules/x']) mkdirSync(join(root, folder), { recursive: true });
  cpSync(join(HERE, 'run.mjs'), join(root, 'scripts', 'run.mjs'));
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } } }),
  );
  writeFileSync(
    join(root, 'sandbox', 'main.ts'),
    'const words: string[] = process.argv.slice(2); console.log(words.join(" ")); process.exitCode = Number(words.at(-1));',
  );
  const fake = join(root, 'npm-cli.js');
  writeFileSync(
    fake,
    `const fs = require('fs'); const path = require('path'); fs.appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n'); ${npm}`,
  );
  // The tests run inside node --test, whose own variables would make a child a part of this run.
  const env = { ...process.env, npm_execpath: fake, NODE_TEST_CONTEXT: undefined };
  return {
    run: (...args) => spawnSync(process.execPath, [join(root, 'scripts', 'run.mjs'), ...args], { cwd: tmpdir(), env, encoding: 'utf8' }),
    calls: () => readFileSync(join(root, 'calls'), 'utf8').trim().split('\n'),
  };
}

const INSTALLS = `
  if (process.argv[2] === 'ci') fs.rmSync('node_modules', { recursive: true, force: true });
  fs.mkdirSync('node_modules', { recursive: true });`;

test('start installs the small set once, runs the sandbox with its arguments and keeps its exit code', (t) => {
  const { run, calls } = project(t, INSTALLS);
  const first = run('start', '--dir', 'a b', '7');
  assert.equal(first.status, 7);
  assert.match(first.stdout, /^Installing .*\nInstalled in \d+ s\.\n--dir a b 7\n$/);
  assert.equal(run('start', '0').stdout, '0\n');
  assert.equal(calls().length, 1);
  assert.match(calls()[0] ?? '', /^ci .*--ignore-scripts.*--omit=dev -w agent -w healthcheck -w sandbox --include-workspace-root$/);
});

test('test after start adds to what is there, and start after test finds everything', (t) => {
  const { run, calls } = project(t, INSTALLS);
  run('start', '0');
  assert.equal(run('test').status, 64, 'there is no test file to run');
  run('start', '0');
  assert.equal(calls().length, 2);
  assert.match(calls()[1] ?? '', /^install --no-save /);
});

test('a failed installation shows the words of npm and starts nothing', (t) => {
  const { run } = project(t, `console.error('npm error network'); process.exit(1);`);
  const { status, stdout, stderr } = run('start', '0');
  assert.equal(status, 1);
  assert.match(stderr, /npm error network[^]*The installation failed/);
  assert.doesNotMatch(stdout, /Installed/);
});

test('warnings of npm are not shown where all went well', (t) => {
  const { run } = project(t, `${INSTALLS} console.error('npm warn EBADENGINE');`);
  const { stdout, stderr } = run('start', '0');
  assert.doesNotMatch(stdout + stderr, /EBADENGINE/);
});

test('an unknown command prints the usage', (t) => {
  const { run } = project(t, '');
  const { status, stderr } = run('stop');
  assert.equal(status, 64);
  assert.match(stderr, /^usage: /);
});

const STAMPS: readonly (readonly [string, 'run' | 'load' | 'all', { lock: string; set: string } | null, boolean, string | null])[] = [
  ['nothing is there', 'run', null, false, 'ci'],
  ['nothing is there', 'all', null, false, 'ci'],
  ['the same set is there', 'run', { lock: 'L', set: 'run' }, false, null],
  ['the larger set is there', 'run', { lock: 'L', set: 'all' }, false, null],
  ['the smaller set is there', 'all', { lock: 'L', set: 'run' }, false, 'install'],
  ['what the load rig needs is there', 'run', { lock: 'L', set: 'load' }, false, null],
  ['only what `npm start` needs is there', 'load', { lock: 'L', set: 'run' }, false, 'install'],
  ['everything is there', 'load', { lock: 'L', set: 'all' }, false, null],
  ['the lock has changed', 'run', { lock: 'older', set: 'all' }, false, 'ci'],
  ['somebody installed everything by hand', 'all', null, true, null],
];
for (const [name, needed, stamp, complete, verb] of STAMPS) {
  test(`for '${needed}', ${name}: ${verb ?? 'nothing to do'}`, () => {
    assert.equal(planInstall(needed, 'L', stamp, complete)?.[0] ?? null, verb);
  });
}

test('what is in node_modules is held against the lock, leaving out what other platforms need', () => {
  const a = { version: '1.0.0', integrity: 'sha512-a' };
  const foreign = { version: '1.0.0', optional: true, os: ['darwin'], cpu: ['arm64'] };
  const lock = { packages: { '': {}, agent: {}, 'node_modules/a': a, 'node_modules/foreign': foreign } };
  const here = { os: 'linux', cpu: 'x64', libc: 'glibc' };
  assert.ok(isComplete(lock, { packages: { 'node_modules/a': a } }, here));
  assert.ok(!isComplete(lock, { packages: { 'node_modules/a': { ...a, integrity: 'sha512-b' } } }, here));
  assert.ok(!isComplete(lock, { packages: {} }, here));
  assert.ok(!isComplete(lock, { packages: { 'node_modules/a': a } }, { os: 'darwin', cpu: 'arm64', libc: 'musl' }));
});

for (const [version, expected] of [
  ['v26.5.0', true],
  ['v26.10.1', true],
  ['v27.0.0', true],
  ['v26.4.9', false],
  ['v20.20.2', false],
  ['v0', false],
] as const) {
  test(`Node ${version} is ${expected ? 'new enough' : 'too old'}`, () => assert.equal(isNewEnough(version), expected));
}

test("the Node that is asked for is package.json's", () => {
  const manifest: unknown = JSON.parse(readFileSync(join(HERE, '..', 'package.json'), 'utf8'));
  assert.deepEqual((manifest as { engines: unknown }).engines, { node: `>=${NODE_WANTED.join('.')}` });
});

test('words choose test files, and flags do not', () => {
  const files = ['agent/a.test.ts', 'proxy/wire/b.test.ts'];
  assert.deepEqual(chooseTests(files, []), files);
  assert.deepEqual(chooseTests(files, ['--test-only']), files);
  assert.deepEqual(chooseTests(files, ['./agent']), ['agent/a.test.ts']);
  assert.deepEqual(chooseTests(files, ['nothing']), []);
});
