import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDrainOptions } from './drain-options.ts';

test('what is not said is usual', () => {
  assert.deepEqual(parseDrainOptions([]), { kind: 'run', options: { tunnels: 1_000, rate: 50, json: null } });
});

test('what is said is taken', () => {
  assert.deepEqual(parseDrainOptions(['--tunnels', '7', '--rate', '8', '--json', 'x.json']), {
    kind: 'run',
    options: { tunnels: 7, rate: 8, json: 'x.json' },
  });
});

for (const words of [['--tunnels', '0'], ['--tunnels', '5001'], ['--rate', '0'], ['--rate', '1.5'], ['--unknown'], ['word']]) {
  test(`${words.join(' ')} is a problem`, () => assert.equal(parseDrainOptions(words).kind, 'problem'));
}

test('help is help', () => assert.deepEqual(parseDrainOptions(['--help']), { kind: 'help' }));
