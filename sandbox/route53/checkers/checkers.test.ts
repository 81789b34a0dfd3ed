import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CheckConfig, HealthCheckBook } from '../health-check-book.ts';
import { REGIONS } from '../limits.ts';
import { HandClock } from '../test/support/hand-clock.ts';
import { Checkers } from './checkers.ts';

const CONFIG: CheckConfig = {
  type: 'HTTP',
  address: '192.0.2.1',
  port: 80,
  intervalS: 10,
  threshold: 3,
  inverted: false,
  disabled: false,
  measureLatency: false,
  regions: [],
};

const CHECKERS = REGIONS.length * 2;

function harness(config: Partial<CheckConfig> = {}) {
  const clock = new HandClock();
  let ids = 0;
  const book = new HealthCheckBook(() => `check-${++ids}`);
  const world = { isUp: true, asked: 0, config: { ...CONFIG, ...config } };
  const turns: string[] = [];
  // Chance in even steps, so that the checkers' moments are spread over the interval.
  let step = 0;
  const checkers = new Checkers({
    clock,
    book,
    random: () => (step++ % CHECKERS) / CHECKERS,
    probe: () => {
      world.asked += 1;
      return Promise.resolve({ isGood: world.isUp, words: world.isUp ? 'fine' : 'refused' });
    },
    onTurn: (_, isHealthy, atMs) => turns.push(`${isHealthy ? 'up' : 'down'} ${atMs}`),
  });
  const { check } = book.create('reference', world.config);
  return { clock, book, world, checkers, turns, id: check.id };
}

test('a new check is healthy before anybody has asked', () => {
  const { checkers, id } = harness();
  assert.ok(checkers.isHealthy(id));
  assert.deepEqual(checkers.observations(id), []);
});

for (const [intervalS, threshold, latestS] of [
  [10, 3, 30],
  [30, 3, 90],
  [10, 1, 10],
] as const) {
  test(`${intervalS} s and threshold ${threshold}: a dead endpoint is unhealthy within ${latestS} s, and not at the first failure of one`, async () => {
    const { clock, world, checkers, turns, id } = harness({ intervalS, threshold });
    await clock.advance(intervalS * 1_000 - 1);
    assert.equal(world.asked, CHECKERS);
    world.isUp = false;
    await clock.advance(intervalS * (threshold - 1) * 1_000);
    assert.ok(checkers.isHealthy(id));
    await clock.advance(intervalS * 1_000);
    assert.ok(!checkers.isHealthy(id));
    assert.equal(turns.length, 1);
    assert.ok(Number(turns[0]?.replace('down ', '')) <= (intervalS + latestS) * 1_000, turns.join());
  });
}

test('it is unhealthy only when at most 18 % of the checkers are left, and healthy again when more come back', async () => {
  const { clock, world, checkers, id } = harness({ threshold: 1 });
  await clock.advance(10_000);
  world.isUp = false;
  const good = (): number => checkers.observations(id).filter(({ isGood }) => isGood).length;
  while (checkers.isHealthy(id)) await clock.advance(100);
  assert.equal(good(), 2, '2 of 16 are 12.5 %');
  world.isUp = true;
  while (!checkers.isHealthy(id)) await clock.advance(100);
  assert.ok(good() >= 3, '3 of 16 are 18.75 %');
});

test('one failure between successes changes no mind', async () => {
  const { clock, world, checkers, turns, id } = harness();
  for (let round = 0; round < 6; round += 1) {
    world.isUp = round % 2 === 0;
    await clock.advance(10_000);
  }
  assert.ok(checkers.isHealthy(id));
  assert.deepEqual(turns, []);
});

test('disabled is healthy and is not asked; inverted turns it round', async () => {
  const { clock, book, world, checkers, id } = harness({ threshold: 1 });
  world.isUp = false;
  await clock.advance(20_000);
  assert.ok(!checkers.isHealthy(id));
  book.update(id, undefined, { disabled: true });
  assert.ok(checkers.isHealthy(id));
  const { asked } = world;
  await clock.advance(60_000);
  assert.equal(world.asked, asked);
  book.update(id, undefined, { disabled: false, inverted: true });
  await clock.advance(20_000);
  assert.ok(checkers.isHealthy(id), 'down and inverted');
});

test('another address is asked from the start', async () => {
  const { clock, book, world, checkers, id } = harness({ threshold: 1 });
  world.isUp = false;
  await clock.advance(20_000);
  book.update(id, undefined, { address: '192.0.2.2' });
  assert.deepEqual(checkers.observations(id), []);
  assert.ok(checkers.isHealthy(id));
});

test('an observation is in the words of GetHealthCheckStatus', async () => {
  const { clock, world, checkers, id } = harness({ threshold: 1, regions: ['us-east-1', 'eu-west-1', 'sa-east-1'] });
  await clock.advance(10_000);
  assert.equal(checkers.observations(id).length, 6);
  assert.equal(checkers.observations(id)[0]?.text, 'Success: fine');
  world.isUp = false;
  await clock.advance(10_000);
  assert.equal(checkers.observations(id)[0]?.text, 'Failure: refused');
});

test('a deleted check, and a stop, leave no timer', async () => {
  const { clock, book, checkers, id } = harness();
  await clock.advance(25_000);
  assert.equal(clock.pending, CHECKERS);
  book.delete(id);
  assert.equal(clock.pending, 0);
  book.create('another', CONFIG);
  checkers.stop();
  assert.equal(clock.pending, 0);
});
