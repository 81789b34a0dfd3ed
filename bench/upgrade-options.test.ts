import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUpgradeOptions } from './upgrade-options.ts';

test('what is not said is usual', () => {
  assert.deepEqual(parseUpgradeOptions([]), {
    kind: 'run',
    options: { tunnels: 5_000, secureTunnels: 0, opensPerSecond: 500, upgrades: 10, json: null },
  });
});

test('what is said is taken', () => {
  const words = ['--tunnels', '7', '--tls', '8', '--opens', '9', '--upgrades', '3', '--json', 'x.json'];
  assert.deepEqual(parseUpgradeOptions(words), {
    kind: 'run',
    options: { tunnels: 7, secureTunnels: 8, opensPerSecond: 9, upgrades: 3, json: 'x.json' },
  });
});

for (const words of [['--tunnels', '0'], ['--tls', 'x'], ['--opens', '0'], ['--upgrades', '-1'], ['--unknown'], ['word']]) {
  test(`${words.join(' ')} is a problem`, () => assert.equal(parseUpgradeOptions(words).kind, 'problem'));
}

test('help is help', () => assert.deepEqual(parseUpgradeOptions(['--help']), { kind: 'help' }));
