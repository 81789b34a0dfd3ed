import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTenantsOptions, TENANTS_USAGE } from './tenants-options.ts';

test('without words everything is as usual', () => {
  const options = { tenants: 10_000, rounds: 5, seconds: 5, perSecond: 2_000, json: null };
  assert.deepEqual(parseTenantsOptions([]), { kind: 'run', options });
});

test('each word is taken', () => {
  const words = ['--tenants', '2', '--rounds', '1', '--seconds', '3', '--rate', '4', '--json', 'run.json'];
  const options = { tenants: 2, rounds: 1, seconds: 3, perSecond: 4, json: 'run.json' };
  assert.deepEqual(parseTenantsOptions(words), { kind: 'run', options });
});

for (const words of [['--tenants', '1'], ['--rate', '0'], ['--seconds', 'x'], ['--nonsense']])
  test(`${words.join(' ')} is a problem in words`, () => assert.equal(parseTenantsOptions(words).kind, 'problem'));

test('help is asked for, and names every word', () => {
  assert.deepEqual(parseTenantsOptions(['--help']), { kind: 'help' });
  for (const word of ['tenants', 'rounds', 'seconds', 'rate', 'json', 'help']) assert.match(TENANTS_USAGE, new RegExp(`--${word}\\b`));
});
