// The command line of the rig, row by row.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseLoadtestOptions, USAGE } from './options.ts';

const NOTHING = { tunnels: null, nodes: null, minutes: null, report: null, target: null, hasManifest: false, quota: null, isJson: false };

describe('what is taken', () => {
  for (const [line, options] of [
    ['smoke', { ...NOTHING, scenario: 'smoke' }],
    ['hold --tunnels 500 --minutes 1.5 --nodes 3', { ...NOTHING, scenario: 'hold', tunnels: 500, minutes: 1.5, nodes: 3 }],
    ['--json storm --report out', { ...NOTHING, scenario: 'storm', report: 'out', isJson: true }],
    [
      'hold --target fleet.yaml --i-have-quota 2000 --manifest',
      { ...NOTHING, scenario: 'hold', target: 'fleet.yaml', quota: 2_000, hasManifest: true },
    ],
  ] as const)
    test(line, () => assert.deepEqual(parseLoadtestOptions(line.split(' ')), { kind: 'run', options }));

  test('list, compare, card and help', () => {
    assert.deepEqual(parseLoadtestOptions(['list', '--json']), { kind: 'list', isJson: true });
    assert.deepEqual(parseLoadtestOptions(['compare', 'a', 'b']), { kind: 'compare', args: ['a', 'b'] });
    assert.deepEqual(parseLoadtestOptions(['card', 'a', 'b', 'c']), { kind: 'card', args: ['a', 'b', 'c'] });
    assert.deepEqual(parseLoadtestOptions(['smoke', '-h']), { kind: 'help' });
    assert.match(USAGE, /2 not a valid run/);
  });
});

describe('what is refused, in words', () => {
  for (const [line, words] of [
    ['', /which scenario\?/],
    ['smok', /no scenario is called smok; there are smoke, hold/],
    ['smoke hold', /one scenario at a time, got smoke hold/],
    ['hold --tunnels 0', /--tunnels: expected a whole number from 1 to 1000000, got ‘0’/],
    ['hold --tunnels 1e4', /--tunnels: .* got ‘1e4’/],
    ['hold --nodes 9', /--nodes: expected a whole number from 1 to 8, got ‘9’/],
    ['hold --minutes -1', /^Option '--minutes' argument is ambiguous\.$/],
    ['hold --minutes 0', /--minutes: expected a number from 0\.001 to 10080, with three places at most, got ‘0’$/],
    ['hold --minutes 1e-9', /got ‘1e-9’$/],
    ['hold --manifest', /--manifest: only together with --target/],
    ['hold --i-have-quota 5', /--i-have-quota: only together with --target/],
    ['hold --target f --nodes 2', /--nodes: the target has its own/],
    ['hold --target f --manifest --json', /--manifest: it is YAML/],
    ['list more', /list takes nothing but --json, got more/],
    ['list --tunnels 4 --manifest', /list takes nothing but --json, got --manifest --tunnels|got --tunnels --manifest/],
    ['hold --what', /Unknown option '--what'/],
  ] as const)
    test(line === '' ? 'nothing' : line, () => {
      const parsed = parseLoadtestOptions(line === '' ? [] : line.split(' '));
      assert.equal(parsed.kind, 'problem');
      assert.match(parsed.kind === 'problem' ? parsed.problem : '', words);
    });
});
