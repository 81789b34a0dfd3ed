import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const REPORTER = fileURLToPath(new URL('./skipped.mjs', import.meta.url));

function run(code: string, env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'skipped-'));
  try {
    writeFileSync(join(folder, 'some.test.mjs'), `import { test } from 'node:test';\n${code}`);
    const args = ['--test', `--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout'];
    const { PINHOLE_NO_SKIPS: _, NODE_TEST_CONTEXT: __, ...rest } = process.env;
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, env: { ...rest, ...env }, encoding: 'utf8' });
    return { status, stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SKIPS = `test('one', (t) => t.skip('no zsh'));
test('other', { skip: true }, () => {});
test('todo', { todo: true }, () => { throw new Error(); });
test('runs', () => {});`;

test('what was skipped is said, with its reason', () => {
  const { status, stdout } = run(SKIPS, {});
  assert.equal(status, 0);
  assert.equal(stdout, '\n*** NOT RUN: 2\n  some.test.mjs: one: no zsh\n  some.test.mjs: other\n');
});

test('and is a failure where everything was to run', () => {
  const { status, stdout } = run(SKIPS, { PINHOLE_NO_SKIPS: '1' });
  assert.equal(status, 1);
  assert.match(stdout, /NOT RUN: 2\n[^]*all was to run/);
});

test('where nothing was skipped nothing is said', () => {
  assert.deepEqual(run(`test('runs', () => {});`, { PINHOLE_NO_SKIPS: '1' }), { status: 0, stdout: '' });
});
