import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GAME_DAYS } from './all-days.ts';
import { parseGameDayOptions } from './options.ts';

const parse = (...args: readonly string[]) => parseGameDayOptions(args, GAME_DAYS);

test('a day by its name, several, or all of them', () => {
  const named = (...args: readonly string[]): string[] => {
    const parsed = parse(...args);
    return parsed.kind === 'options' ? parsed.options.days.map(({ name }) => name) : [parsed.kind];
  };
  assert.deepEqual(named('node-killed'), ['node-killed']);
  assert.deepEqual(named('dns-dead', 'aws-down', '--json'), ['aws-down', 'dns-dead']);
  assert.equal(named('all', '--at-once', '3').length, GAME_DAYS.length);
});

test('speed and how many at once', () => {
  const parsed = parse('aws-down', '--speed', '1', '--at-once', '2');
  assert.ok(parsed.kind === 'options');
  assert.deepEqual([parsed.options.speed, parsed.options.atOnce, parsed.options.isJson], [1, 2, false]);
});

for (const [args, words] of [
  [[], /which game day/],
  [['node-kiled'], /no game day is called node-kiled; there are node-killed, /],
  [['aws-down', '--speed', '0'], /--speed: .* got 0/],
  [['aws-down', '--at-once', 'x'], /--at-once: .* got x/],
  [['--nope'], /nope/],
] as const) {
  test(`'${args.join(' ')}' is refused with words`, () => {
    const parsed = parse(...args);
    assert.match(parsed.kind === 'problem' ? parsed.problem : '', words);
  });
}
