import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Budget, REQUESTS_PER_SECOND } from './budget.ts';
import { Caller } from './caller.ts';

const CLIENT = { send: () => Promise.reject(new Error('never called')) };

function harness(random = 0.5) {
  const clock = new FakeClock(true);
  const caller = new Caller({ client: CLIENT, budget: new Budget(clock), clock, random: () => random });
  const atMs: number[] = [];
  /** Fails with these, one after the other, and then succeeds. */
  const attempt = (failures: readonly string[]): Promise<string> => {
    const left = [...failures];
    return caller.call(() => {
      atMs.push(clock.nowMs());
      const name = left.shift();
      return name === undefined ? Promise.resolve('done') : Promise.reject(Object.assign(new Error(name), { name }));
    });
  };
  return { clock, caller, attempt, atMs };
}

test('calls are apart as far as the budget says, whoever makes them', async () => {
  const { attempt, atMs } = harness();
  await Promise.all(Array.from({ length: 9 }, () => attempt([])));
  assert.deepEqual(atMs, [0, 250, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000]);
  for (const start of atMs) assert.ok(atMs.filter((at) => at >= start && at < start + 1_000).length <= REQUESTS_PER_SECOND);
});

test('throttled calls are made again, later each time, with jitter', async () => {
  const { attempt, atMs } = harness(0.5);
  assert.equal(await attempt(['Throttling', 'PriorRequestNotComplete', 'Throttling']), 'done');
  assert.deepEqual(
    atMs.slice(1).map((at, index) => at - (atMs[index] ?? 0)),
    [250, 500, 1_000],
  );
  const other = harness(0.9);
  await other.attempt(['Throttling', 'Throttling']);
  assert.deepEqual(other.atMs, [0, 450, 1_350]);
});

test('after eight tries it is enough', async () => {
  const { attempt, atMs } = harness(0.99);
  await assert.rejects(attempt(Array.from({ length: 20 }, () => 'Throttling')), { name: 'Throttling' });
  assert.equal(atMs.length, 8);
  assert.ok((atMs.at(-1) ?? 0) < 35_000);
});

test('what another try does not help is thrown at once', async () => {
  const { attempt, atMs } = harness();
  await assert.rejects(attempt(['AccessDenied']), { name: 'AccessDenied' });
  assert.equal(atMs.length, 1);
});
