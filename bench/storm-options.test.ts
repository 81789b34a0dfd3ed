import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStormOptions, STORM_USAGE } from './storm-options.ts';

test('without words everything is as usual', () => {
  const sizes = { storm: 2_000, silent: 10_000, refused: 10_000 };
  assert.deepEqual(parseStormOptions([]), { kind: 'run', options: { rounds: 5, seconds: 16, sizes, json: null } });
});

test('each word is taken', () => {
  const words = ['--rounds', '1', '--seconds', '2', '--storm', '3', '--silent', '4', '--refused', '5', '--json', 'run.json'];
  const sizes = { storm: 3, silent: 4, refused: 5 };
  assert.deepEqual(parseStormOptions(words), { kind: 'run', options: { rounds: 1, seconds: 2, sizes, json: 'run.json' } });
});

test('help is asked for', () => assert.deepEqual(parseStormOptions(['--help']), { kind: 'help' }));

for (const words of [['--rounds', '0'], ['--silent', '15001'], ['--storm', 'many'], ['--nonsense'], ['word']])
  test(`${words.join(' ')} is a problem in words`, () => assert.equal(parseStormOptions(words).kind, 'problem'));

test('the usage names every word', () => {
  for (const word of ['rounds', 'seconds', 'storm', 'silent', 'refused', 'json', 'help'])
    assert.match(STORM_USAGE, new RegExp(`--${word}\\b`));
});
