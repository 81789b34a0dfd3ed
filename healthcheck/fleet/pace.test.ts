import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObservedRecord } from './observed.ts';
import { Pace } from './pace.ts';
import { fleet, slot, zoneOf } from './test-support.ts';

const FLEET = fleet();
const { records: FULL } = zoneOf(FLEET);
const change = (more: Partial<ObservedRecord>): ObservedRecord[] =>
  FULL.map((record) => (record.setIdentifier === 'pinhole-eu/b' && record.weight !== null ? { ...record, ...more } : record));

test('nothing goes within two TTLs of the start', () => {
  const pace = new Pace(0);
  assert.ok(!pace.mayWithdraw(FLEET, FULL, 119_999));
  assert.ok(pace.mayWithdraw(FLEET, FULL, 120_000));
  assert.ok(new Pace(0).mayWithdraw(fleet({ ttlS: 30 }), FULL, 60_000), 'it is the TTL of the file');
});

for (const [name, records, expected] of [
  ['less weight', change({ weight: 50 }), false],
  ['no weight', change({ weight: 0 }), false],
  ['another address', change({ values: ['203.0.113.99'] }), false],
  ['no record', FULL.filter(({ setIdentifier }) => setIdentifier !== 'pinhole-eu/b'), false],
  ['more weight', change({ weight: 200 }), true],
  ['another TTL', change({ ttlS: 30 }), true],
  ['nothing', FULL, true],
  ['a new slot', zoneOf(fleet({ slots: [...FLEET.slots, slot('d', 5)] })).records, true],
  ['a spare that is gone', FULL.filter(({ setIdentifier }) => setIdentifier !== 'pinhole-eu/s'), true],
] as const) {
  test(`what somebody else did: ${name}${expected ? '' : ', and the next one waits two TTLs from then'}`, () => {
    const pace = new Pace(0);
    assert.ok(pace.mayWithdraw(FLEET, FULL, 500_000));
    assert.equal(pace.mayWithdraw(FLEET, records, 600_000), expected);
    assert.equal(pace.mayWithdraw(FLEET, records, 719_999), expected);
    assert.ok(pace.mayWithdraw(FLEET, records, 720_000));
  });
}

test('our own withdrawal counts once, from its beginning', () => {
  const pace = new Pace(0);
  assert.ok(pace.mayWithdraw(FLEET, FULL, 500_000));
  pace.withdrew('b', 500_000);
  assert.ok(!pace.mayWithdraw(FLEET, change({ weight: 0 }), 619_999));
  assert.ok(pace.mayWithdraw(FLEET, change({ weight: 0 }), 620_000));
});
