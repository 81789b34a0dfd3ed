import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentFailure } from '../../agent/failure.ts';
import { drive } from './case.ts';
import { renderJson, renderOutcome, renderTotal } from './table.ts';

const base = { door: 'connect', what: 'w', expected: 'yes' } as const;

test('a row is fine only if exactly what was expected was seen', async () => {
  const outcomes = await drive(
    [
      { ...base, run: () => Promise.resolve('yes') },
      { ...base, run: () => Promise.resolve('yes, but') },
      { ...base, run: () => Promise.reject(new Error('boom')) },
      { ...base, run: () => Promise.reject(new AgentFailure({ leg: 'mqtt', code: 'CLOSED', fixer: 'account', detail: 'd' })) },
    ],
    () => {},
  );
  assert.deepEqual(
    outcomes.map(({ ok, seen }) => [ok, seen]),
    [
      [true, 'yes'],
      [false, 'yes, but'],
      [false, 'failed'],
      [false, 'CLOSED (mqtt)'],
    ],
  );
  assert.match(renderOutcome(outcomes[2]!), /NO\n {4}Error: boom$/);
  assert.match(renderOutcome(outcomes[3]!), /failed at: MQTT with AWS IoT/);
  assert.equal(renderTotal(outcomes, 1.25), '3 of 4 NOT as expected, in 1.3 s');
  assert.equal((JSON.parse(renderJson(outcomes, 1)) as { ok: boolean }).ok, false);
  assert.equal(renderTotal(outcomes.slice(0, 1), 0.94), 'all 1 as expected, in 0.9 s');
});
