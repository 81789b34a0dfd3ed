import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTags, TAG } from './desired.ts';
import { drainedSince, withDrained, withOneDrained } from './drained.ts';
import type { Observed } from './observed.ts';
import { isSettled, makePlan } from './plan.ts';
import { fleet, zoneOf } from './test-support.ts';

const SINCE = '2026-01-01T00:00:00.000Z';
const FLEET = fleet();

/** The zone after `fleet drain b`. */
function drainedZone(): Observed {
  return zoneOf(withOneDrained(FLEET, 'b', SINCE));
}

test('a slot that is drained has no weight, whatever the file says, and the zone is as it should be', () => {
  const zone = drainedZone();
  const drained = withDrained(FLEET, zone);
  assert.deepEqual(
    drained.slots.map(({ weight }) => weight),
    [100, 0, 100, 0],
  );
  assert.deepEqual(
    drained.slots.map(({ drainedSince: since }) => since),
    [null, SINCE, null, null],
  );
  assert.equal(isSettled(makePlan(drained, zone)), true);
  assert.deepEqual(
    zone.records.map(({ setIdentifier, weight }) => `${setIdentifier} ${weight}`),
    ['pinhole-eu/a 100', 'pinhole-eu/a null', 'pinhole-eu/b 0', 'pinhole-eu/c 100', 'pinhole-eu/c null', 'pinhole-eu/s 0'],
  );
});

test('without its mark it gets its weight and its place under the companion name back', () => {
  const { records } = makePlan(withDrained(FLEET, zoneOf(FLEET)), drainedZone());
  assert.deepEqual(
    records.map(({ kind, slot, before, after }) => [kind, slot, before?.weight, after?.weight]),
    [
      ['weighted', 'b', 0, 100],
      ['multivalue', 'b', undefined, null],
    ],
  );
});

test('to drain marks the check and takes the weight, in one plan, and nothing else', () => {
  const plan = makePlan(withOneDrained(FLEET, 'b', SINCE), zoneOf(FLEET));
  assert.deepEqual(plan.checks, { create: [], update: [], tag: [{ slot: 'b', id: 'check-b' }], remove: [] });
  assert.deepEqual([plan.withdraws, plan.heldBack, plan.records.map(({ slot }) => slot)], ['b', [], ['b', 'b']]);
});

test('a check that takes the place of another takes over the mark', () => {
  const changed = fleet({ check: { ...FLEET.check, intervalS: 30 } });
  const zone = drainedZone();
  const drained = withDrained(changed, zone);
  assert.equal(makePlan(drained, zone).checks.create.length, 4);
  assert.equal(checkTags(drained, 'b')[TAG.drained], SINCE);
  assert.equal(TAG.drained in checkTags(drained, 'a'), false);
});

test('the marks of other fleets are not ours', () => {
  const zone = drainedZone();
  const others = { ...zone, checks: zone.checks.map((check) => ({ ...check, tags: { ...check.tags, [TAG.name]: 'other.example.com' } })) };
  assert.equal(drainedSince(FLEET, others, 'b'), null);
  assert.equal(drainedSince(FLEET, zone, 'b'), SINCE);
  assert.equal(drainedSince(FLEET, zone, 'a'), null);
});
