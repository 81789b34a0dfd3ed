// Whether what is told of a network of our own is believed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Inside, readInside } from './inside.ts';

const inside: Inside = { k6: '/usr/bin/k6', isIsolated: true, why: null, loadBefore: 0.5, from: 'net:[1]' };

test('nothing told is nothing known', () => assert.equal(readInside(undefined, 'net:[1]'), null));

test('what it told itself before it went into another network is believed', () =>
  assert.deepEqual(readInside(JSON.stringify(inside), 'net:[2]'), inside));

for (const [what, told] of [
  ['of the network that we are still in', JSON.stringify(inside)],
  ['without a network', JSON.stringify({ ...inside, from: undefined })],
  ['of no network of its own', JSON.stringify({ ...inside, isIsolated: false, from: 'net:[2]' })],
  ['that is no JSON', '1;'],
  ['that is null', 'null'],
  ['that is empty', ''],
] as const)
  test(`a word ${what} is refused: the machine's own network would be set up by it`, () =>
    assert.match(String(readInside(told, 'net:[1]')), /PINHOLE_LOADTEST_INSIDE is set.* unset it/));
