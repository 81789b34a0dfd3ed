// The `pinhole` script: finds its own folder and a Node that is new enough, and gets out of the way.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../core/version.ts';

const PINHOLE = fileURLToPath(new URL('../../pinhole', import.meta.url));
const TOOLS = '/usr/bin:/bin';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, args: readonly string[], env: Record<string, string> = {}, cwd = '/'): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(script, args, { env: { PATH: TOOLS, ...env }, cwd }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** A folder with a copy of the script and nothing else, and a folder for the PATH with a `node` that says this version. */
function elsewhere(t: TestContext, nodeVersion: string | null): { script: string; root: string; path: string } {
  const root = mkdtempSync(join(tmpdir(), 'wrapper-'));
  t.after(() => rmSync(root, { recursive: true }));
  const script = join(root, 'pinhole');
  copyFileSync(PINHOLE, script);
  for (const main of ['proxy/main.ts', 'sandbox/main.ts', 'sandbox/gameday/main.ts', 'agent/main.ts', 'loadtest/main.ts']) {
    mkdirSync(dirname(join(root, main)), { recursive: true });
    writeFileSync(join(root, main), '');
  }
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const tool of ['sh', 'readlink', 'dirname', 'uname']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
  if (nodeVersion !== null) fakeNode(join(bin, 'node'), nodeVersion);
  return { script, root, path: bin };
}

function fakeNode(file: string, version: string, says = 'ran'): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else echo "${says} $*"; fi\n`);
  chmodSync(file, 0o755);
}

test('the version', async () => {
  assert.deepEqual(await run(PINHOLE, ['--version']), { code: 0, stdout: `${VERSION}\n`, stderr: '' });
});

test('a command that is none is one line and exit 64', async () => {
  const { code, stdout, stderr } = await run(PINHOLE, ['srve']);
  assert.equal(code, 64);
  assert.equal(stdout, '');
  assert.equal(stderr, 'pinhole: no such command: srve; did you mean serve?; see `pinhole help`\n');
});

for (const word of ['help', '--help', '-h', '']) {
  test(`help by ${JSON.stringify(word)}`, async () => {
    const { code, stdout } = await run(PINHOLE, word === '' ? [] : [word]);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: pinhole COMMAND/);
  });
}

test('it finds its folder through symbolic links, whatever the current folder is', async (t) => {
  const { root } = elsewhere(t, null);
  mkdirSync(join(root, 'a'));
  symlinkSync(PINHOLE, join(root, 'a', 'absolute'));
  symlinkSync('a/absolute', join(root, 'relative'));
  assert.equal((await run(join(root, 'relative'), ['--version'], {}, root)).stdout, `${VERSION}\n`);
  assert.equal((await run('./relative', ['--version'], {}, root)).stdout, `${VERSION}\n`);
});

test('options meant for some other Node do not reach this one', async () => {
  const { code, stderr } = await run(PINHOLE, ['--version'], { NODE_OPTIONS: '--require /nonexistent.js' });
  assert.equal(code, 0, stderr);
});

test('without its packages it says what to type', async (t) => {
  const { script, root, path } = elsewhere(t, 'v26.10.0');
  const { code, stderr } = await run(script, ['--version'], { PATH: path });
  assert.equal(code, 69);
  assert.equal(stderr, `pinhole: its packages are not installed; type: cd ${root} && npm ci\n`);
});

for (const [version, expected] of [
  ['v26.5.0', 0],
  ['v26.10.0', 0],
  ['v27.0.0', 0],
  ['v26.4.9', 69],
  ['v20.20.2', 69],
  ['nonsense', 69],
  [null, 69],
] as const) {
  test(`with ${version ?? 'no node'} on the PATH and none in node_modules it exits ${expected}`, async (t) => {
    const { script, root, path } = elsewhere(t, version);
    mkdirSync(join(root, 'node_modules'));
    const { code, stdout, stderr } = await run(script, ['check', '-c', 'my file'], { PATH: path });
    assert.equal(code, expected, stderr);
    if (expected === 0) assert.match(stdout, new RegExp(`^ran .*${root}/proxy/main.ts check -c my file$`, 'm'));
    else assert.match(stderr, /needs Node 26\.5 or later/);
  });
}

for (const [command, program] of [
  ['sandbox', 'sandbox'],
  ['agent', 'agent'],
  ['gameday', 'sandbox/gameday'],
  ['loadtest', 'loadtest'],
] as const) {
  test(`${command} goes to its own program`, async (t) => {
    const { script, root, path } = elsewhere(t, 'v26.10.0');
    mkdirSync(join(root, 'node_modules'));
    const { stdout } = await run(script, [command, '--once'], { PATH: path });
    assert.match(stdout, new RegExp(`${root}/${program}/main.ts --once$`, 'm'));
  });
}

for (const [version, whose] of [
  ['v26.10.0', "its installation's"],
  ['v26.4.0', "the path's"],
] as const) {
  test(`a Node ${version} beside it, as a host has it: ${whose} runs`, async (t) => {
    const { script, root, path } = elsewhere(t, 'v26.10.0');
    mkdirSync(join(root, 'node_modules'));
    fakeNode(join(root, 'node/bin/node'), version, "its installation's");
    fakeNode(join(root, 'bin/node'), 'v26.10.0', "the path's");
    const { stdout } = await run(script, ['status'], { PATH: path });
    assert.match(stdout, new RegExp(`^${whose} .*main.ts status$`, 'm'));
  });
}

for (const [place, expected] of [
  [`node_modules/node-linux-${process.arch}`, '/node_modules/.cache/pinhole'],
  ['node', ''],
] as const) {
  test(`the Node in ${place} keeps what it makes of the sources ${expected === '' ? 'nowhere' : 'beside the packages'}`, async (t) => {
    const { script, root, path } = elsewhere(t, null);
    mkdirSync(join(root, 'node_modules'));
    fakeNode(join(root, place, 'bin/node'), 'v26.10.0', 'kept in <$NODE_COMPILE_CACHE>');
    const { stdout } = await run(script, ['status'], { PATH: path, NODE_COMPILE_CACHE: '/tmp/of-somebody-else' });
    assert.match(stdout, new RegExp(`^kept in <${expected === '' ? '' : root + expected}> `, 'm'));
  });
}

test('a command that a release leaves out says so', async (t) => {
  const { script, root, path } = elsewhere(t, 'v26.10.0');
  mkdirSync(join(root, 'node_modules'));
  rmSync(join(root, 'sandbox'), { recursive: true });
  const { code, stdout, stderr } = await run(script, ['gameday', 'all'], { PATH: path });
  assert.deepEqual([code, stdout], [69, '']);
  assert.equal(stderr, 'pinhole: a release has no `sandbox/gameday/main.ts`: that runs from a checkout\n');
});
