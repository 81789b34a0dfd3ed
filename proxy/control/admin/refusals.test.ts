import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { MetricJson } from '../metrics-json.ts';
import { Refusals } from './refusals.ts';

function opens(...values: readonly (readonly [reason: string, tenant: string, value: number])[]): MetricJson[] {
  const rows = values.map(([reason, tenant, value]) => ({ value, labels: { door: 'connect', tenant, reason } }));
  return [{ name: 'pinhole_opens_total', help: '', type: 'counter', values: rows, aggregator: 'sum' } as unknown as MetricJson];
}

test('refusals are summed up over carriers, by reason and tenant, without what was allowed', async () => {
  const groups = [opens(['OK', 'acme', 9], ['AUTH_INVALID', '', 2]), opens(['AUTH_INVALID', '', 3], ['TENANT_TUNNELS_FULL', 'acme', 4])];
  const found = await new Refusals(new FakeClock(), async () => groups).find(10);
  assert.deepEqual([found.total, found.recent, found.pairs], [9, 0, 2]);
  assert.deepEqual(
    found.rows.map(({ reason, tenant, blame, count }) => [reason, tenant, blame, count]),
    [
      ['AUTH_INVALID', '', 'client', 5],
      ['TENANT_TUNNELS_FULL', 'acme', 'client', 4],
    ],
  );
});

test('what is recent counts from when somebody began to look, five minutes at most, and comes first', async () => {
  const clock = new FakeClock();
  let late = 0;
  const refusals = new Refusals(clock, async () => [opens(['AUTH_INVALID', '', 100], ['NODE_FULL', '', late])]);
  await refusals.find(10);
  for (let turn = 1; turn <= 60; turn += 1) {
    clock.advance(10_000);
    late = turn;
    await refusals.find(10);
  }
  const { rows, recent, recentMs } = await refusals.find(1);
  assert.deepEqual(
    rows.map(({ reason, recent: of, count }) => [reason, of, count]),
    [['NODE_FULL', 30, 60]],
  );
  assert.deepEqual([recent, recentMs], [30, 300_000]);
});

test('after nobody has looked for long, what is recent begins anew', async () => {
  const clock = new FakeClock();
  let count = 1;
  const refusals = new Refusals(clock, async () => [opens(['NODE_FULL', '', count])]);
  await refusals.find(10);
  clock.advance(3_600_000);
  count = 1_000;
  const { total, recent } = await refusals.find(10);
  assert.deepEqual([total, recent], [1_000, 0]);
});

test('a reason of another version has no message, and is shown all the same', async () => {
  const { rows } = await new Refusals(new FakeClock(), async () => [opens(['NEW_REASON', '', 1], ['toString', '', 1])]).find(10);
  assert.deepEqual(
    rows.map(({ blame, message }) => [blame, message]),
    [
      [null, ''],
      [null, ''],
    ],
  );
});
