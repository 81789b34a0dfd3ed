import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSpliceOptions } from './splice-options.ts';

const RIGHT: readonly (readonly [readonly string[], object])[] = [
  [[], { rounds: 5, json: null }],
  [['--rounds', '3', '--json=turns.json'], { rounds: 3, json: 'turns.json' }],
];
for (const [args, options] of RIGHT)
  test(`"${args.join(' ')}" is a run`, () => assert.deepEqual(parseSpliceOptions(args), { kind: 'run', options }));

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [['--rounds', '0'], /^--rounds: expected a whole number from 1 to 99, got "0"$/],
  [['--rounds', '1e1'], /got "1e1"/],
  [['--rounds='], /got ""/],
  [['--round', '1'], /--round/],
  [['haproxy'], /haproxy/],
];
for (const [args, problem] of WRONG)
  test(`"${args.join(' ')}" is a problem that is named`, () => {
    const parsed = parseSpliceOptions(args);
    assert.equal(parsed.kind, 'problem');
    assert.match(parsed.kind === 'problem' ? parsed.problem : '', problem);
  });

test('--help wins over wrong numbers', () => assert.deepEqual(parseSpliceOptions(['--rounds', '0', '--help']), { kind: 'help' }));
