import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ENGINES } from '../test/support/relay.ts';
import { addonFile, buildAddon } from './build.ts';
import { chooseRelay } from './choose.ts';

function emptyFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-native-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const PATH = process.env['PATH'];
const NO_COMPILER = '/nonexistent';

test('node is node, whatever could be built', (context) => {
  const folder = emptyFolder(context);
  assert.deepEqual(chooseRelay('node', PATH, folder), { engine: 'node', why: 'asked for' });
  assert.deepEqual(readdirSync(folder), []);
});

test('without a compiler auto goes on with node and says why, and native is refused', (context) => {
  const folder = emptyFolder(context);
  const why = 'no C compiler (cc) on the PATH';
  assert.deepEqual(chooseRelay('auto', NO_COMPILER, folder), { engine: 'node', why });
  assert.deepEqual(chooseRelay('native', NO_COMPILER, folder), { refused: why });
});

test('a compiler that fails is told of by its first line, and leaves nothing behind', (context) => {
  const folder = emptyFolder(context);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'cc'), '#!/bin/sh\necho "engine.c:1: no such header" >&2\necho "and more" >&2\nexit 1\n', { mode: 0o755 });
  const build = join(folder, 'build');
  assert.deepEqual(chooseRelay('auto', bin, build), { engine: 'node', why: 'cc failed: engine.c:1: no such header' });
  assert.deepEqual(readdirSync(build), []);
});

test('a folder that cannot be written to is a reason, not a crash', (context) => {
  const folder = emptyFolder(context);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const chosen = chooseRelay('native', PATH, join(file, 'build'));
  assert.match('refused' in chosen ? chosen.refused : '', /ENOTDIR|EEXIST/);
});

test('a file that is no addon is not used', (context) => {
  const folder = emptyFolder(context);
  writeFileSync(addonFile(folder), 'not a library');
  const chosen = chooseRelay('auto', PATH, folder);
  assert.ok('engine' in chosen);
  assert.equal(chosen.engine, 'node');
  assert.match(chosen.why, /invalid ELF header|file too short/);
});

if (ENGINES.includes('native')) {
  test('it is built once, and found the next time, also where the compiler is gone', (context) => {
    const folder = emptyFolder(context);
    assert.deepEqual(chooseRelay('auto', PATH, folder), { engine: 'native', why: 'built now' });
    assert.deepEqual(chooseRelay('native', NO_COMPILER, folder), { engine: 'native', why: 'built before' });
    assert.deepEqual(buildAddon(NO_COMPILER, folder), { ok: true, file: addonFile(folder), how: 'found' });
  });
}
