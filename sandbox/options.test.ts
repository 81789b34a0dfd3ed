import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSandboxOptions } from './options.ts';

for (const [args, expected] of [
  [[], { once: false, dir: null, json: false, fleet: null, broken: null }],
  [['--once', '--json'], { once: true, dir: null, json: true, fleet: null, broken: null }],
  [['--dir', 'a b'], { once: false, dir: 'a b', json: false, fleet: null, broken: null }],
  [['--break', 'captive-407', '--once'], { once: true, dir: null, json: false, fleet: null, broken: 'captive-407' }],
  [['--fleet', '3'], { once: false, dir: null, json: false, fleet: { nodes: 3, agents: 12, speed: null, restart: false }, broken: null }],
  [
    ['--fleet', '2', '--agents', '50', '--speed', '10', '--restart', '--json'],
    { once: false, dir: null, json: true, fleet: { nodes: 2, agents: 50, speed: 10, restart: true }, broken: null },
  ],
] as const) {
  test(`'${args.join(' ')}' is read`, () => {
    assert.deepEqual(parseSandboxOptions(args), { kind: 'options', options: expected });
  });
}

for (const [args, words] of [
  [['--json'], /--once/],
  [['--dir', ''], /--dir/],
  [['--fleet', '1'], /--fleet: .* from 2 to 8, got 1/],
  [['--fleet', '3.5'], /--fleet/],
  [['--fleet', '3', '--agents', '0'], /--agents/],
  [['--fleet', '3', '--speed', 'fast'], /--speed/],
  [['--agents', '3'], /--agents: only together with --fleet/],
  [['--restart'], /--restart: only together with --fleet/],
  [['--break', 'everything'], /--break: expected one of healthy, blocked-port/],
  [['--break', 'healthy', '--json'], /--break: goes with/],
  [['once'], /once/],
] as const) {
  test(`'${args.join(' ')}' is refused with words`, () => {
    const parsed = parseSandboxOptions(args);
    assert.match(parsed.kind === 'problem' ? parsed.problem : '', words);
  });
}

test('help wins', () => {
  assert.equal(parseSandboxOptions(['--once', '-h']).kind, 'help');
});
