import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHoldOptions } from './hold-options.ts';

const RIGHT: readonly (readonly [readonly string[], object])[] = [
  [[], { tunnels: 50_000, opensPerSecond: 1_000, minutes: 10, json: null }],
  [
    ['--tunnels', '6000', '--opens-per-second=50', '--minutes=1', '--json', 'run.json'],
    { tunnels: 6_000, opensPerSecond: 50, minutes: 1, json: 'run.json' },
  ],
];
for (const [args, options] of RIGHT)
  test(`"${args.join(' ')}" is a run`, () => assert.deepEqual(parseHoldOptions(args), { kind: 'run', options }));

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [['--tunnels', '99'], /^--tunnels: expected a whole number from 100 to 100000, got "99"$/],
  [['--tunnels', '1e3'], /got "1e3"/],
  [['--tunnels='], /got ""/],
  [['--minutes', '0'], /^--minutes: expected a whole number from 1 to 1440, got "0"$/],
  [['--opens-per-second', '0'], /^--opens-per-second: expected a whole number from 1 to 20000, got "0"$/],
  [['--minute', '1'], /--minute/],
  [['haproxy'], /haproxy/],
];
for (const [args, problem] of WRONG)
  test(`"${args.join(' ')}" is a problem that is named`, () => {
    const parsed = parseHoldOptions(args);
    assert.equal(parsed.kind, 'problem');
    assert.match(parsed.kind === 'problem' ? parsed.problem : '', problem);
  });

test('--help wins over wrong numbers', () => assert.deepEqual(parseHoldOptions(['--tunnels', '1', '--help']), { kind: 'help' }));
