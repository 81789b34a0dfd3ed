// The rules of the guide as a table: weights, health, and how often each record is in the answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordSet } from '../record-set.ts';
import { chooseRecords } from './choose.ts';

type Kind = 'weighted' | 'multivalue';

function records(kind: Kind, weights: readonly number[]): RecordSet[] {
  return weights.map((weight, index) => {
    const common = { name: 'x.', type: 'A', ttl: 60, values: [`192.0.2.${index}`], setIdentifier: String(index) };
    return kind === 'weighted' ? { ...common, weight } : { ...common, isMultivalue: true };
  });
}

const ROUNDS = 1_000;

/** Evenly spread chance: how many of a thousand answers hold each record. */
function counts(kind: Kind, weights: readonly number[], sick: readonly number[]): number[] {
  const all = records(kind, weights);
  const found = weights.map(() => 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    const chosen = chooseRecords(
      all,
      ({ setIdentifier }) => !sick.includes(Number(setIdentifier)),
      () => (round + 0.5) / ROUNDS,
    );
    if (kind === 'weighted') assert.equal(chosen.length, 1);
    for (const { setIdentifier } of chosen) found[Number(setIdentifier)]! += 1;
  }
  return found;
}

for (const [name, weights, sick, expected] of [
  ['by weight', [100, 300, 100], [], [200, 600, 200]],
  ['a sick one gets nothing, the others its part', [100, 100, 100], [1], [500, 0, 500]],
  ['weight 0 gets nothing while one with weight is healthy', [100, 0, 100], [0], [0, 0, 1_000]],
  ['weight 0 gets all when every one with weight is sick', [100, 0, 100], [0, 2], [0, 1_000, 0]],
  ['several of weight 0 get the same', [100, 0, 0], [0], [0, 500, 500]],
  ['a sick one of weight 0 gets nothing then', [100, 0, 0], [0, 1], [0, 0, 1_000]],
  ['all of weight 0: all the same', [0, 0], [], [500, 500]],
  ['all sick: all as if healthy, by weight', [300, 100, 0], [0, 1, 2], [750, 250, 0]],
  ['all sick and all of weight 0', [0, 0], [0, 1], [500, 500]],
  ['1 of 256', [255, 1], [], [996, 4]],
] as const) {
  test(`weighted: ${name}`, () => assert.deepEqual(counts('weighted', weights, sick), expected));
}

test('multivalue: every healthy one, and no other', () => {
  assert.deepEqual(counts('multivalue', [0, 0, 0], [1]), [1_000, 0, 1_000]);
});

test('multivalue: all where none is healthy', () => {
  assert.deepEqual(counts('multivalue', [0, 0, 0], [0, 1, 2]), [1_000, 1_000, 1_000]);
});

test('multivalue: eight at most, each with its turn', () => {
  const all = records(
    'multivalue',
    Array.from({ length: 12 }, () => 0),
  );
  const seen = new Set<string>();
  for (let round = 0; round < 200; round += 1) {
    const chosen = chooseRecords(all, () => true, Math.random);
    assert.equal(new Set(chosen).size, 8);
    for (const { values } of chosen) seen.add(values[0] ?? '');
  }
  assert.equal(seen.size, 12);
});

test('a simple record is given whole, healthy or not; nothing gives nothing', () => {
  const simple: RecordSet = { name: 'x.', type: 'A', ttl: 60, values: ['192.0.2.1', '192.0.2.2'] };
  assert.deepEqual(
    chooseRecords([simple], () => false, Math.random),
    [simple],
  );
  assert.deepEqual(
    chooseRecords([], () => true, Math.random),
    [],
  );
});
