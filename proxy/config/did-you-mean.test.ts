import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean } from './did-you-mean.ts';

const KEYS = ['tunnels', 'opensPerSecond', 'idle', 'maxAge', 'perTunnelBuffer', 'pending', 'perSource'];

for (const [word, expected] of [
  ['idel', 'idle'],
  ['tunels', 'tunnels'],
  ['max_age', 'maxAge'],
  ['MAXAGE', 'maxAge'],
  ['opens-per-second', 'opensPerSecond'],
  ['perTunelBufer', 'perTunnelBuffer'],
  ['tenants', null],
  ['x', null],
  ['', null],
  ['i'.repeat(10_000), null],
] as const) {
  test(`didYouMean says ${expected} for ${JSON.stringify(word.slice(0, 20))}`, () => assert.equal(didYouMean(word, KEYS), expected));
}
