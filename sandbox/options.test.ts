import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSandboxOptions } from './options.ts';

for (const [args, expected] of [
  [[], { once: false, dir: null, json: false }],
  [['--once', '--json'], { once: true, dir: null, json: true }],
  [['--dir', 'a b'], { once: false, dir: 'a b', json: false }],
] as const) {
  test(`'${args.join(' ')}' is read`, () => {
    assert.deepEqual(parseSandboxOptions(args), { kind: 'options', options: expected });
  });
}

for (const [args, words] of [
  [['--json'], /--once/],
  [['--dir', ''], /--dir/],
  [['--fleet', '3'], /--fleet/],
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
