import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments } from './arguments.ts';

const OPTIONS = { config: { type: 'string', short: 'c' }, json: { type: 'boolean' } } as const;

test('options are read in both forms', () => {
  assert.deepEqual(readArguments(['-c', 'a.yaml', '--json'], OPTIONS), {
    ok: true,
    values: { __proto__: null, config: 'a.yaml', json: true },
    words: [],
  });
});

test('words beside them are given where there may be some', () => {
  const read = readArguments(['x', '--json', '-'], OPTIONS, true);
  assert.deepEqual(read.ok && read.words, ['x', '-']);
});

for (const args of [['--nope'], ['-c'], ['extra'], ['--json=yes'], ['--', 'x'], ['-x']]) {
  test(`one line says what is wrong with ${args.join(' ')}`, () => {
    const read = readArguments(args, OPTIONS);
    assert.equal(read.ok, false);
    assert.match(read.ok ? '' : read.why, /^[^\n]{5,120}[^.\n]$/);
  });
}
