import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import { SharedLook } from './shared-look.ts';

/** Each look takes as long as the test says, and gives its number. */
function harness(freshMs: number) {
  const clock = new FakeClock();
  let looks = 0;
  let finish: (() => void)[] = [];
  const look = new SharedLook(clock, freshMs, async () => {
    looks += 1;
    const mine = looks;
    await new Promise<void>((resolve) => finish.push(resolve));
    return mine;
  });
  const end = async (): Promise<void> => {
    for (const resolve of finish) resolve();
    finish = [];
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { clock, look, end, count: () => looks };
}

test('all who ask at once have one look', async () => {
  const { look, end, count } = harness(1_000);
  const asked = [look.get(), look.get(), look.get()];
  await end();
  assert.deepEqual([await Promise.all(asked), count()], [[1, 1, 1], 1]);
});

test('an answer is taken for new as long as it is said to be', async () => {
  const { clock, look, end, count } = harness(1_000);
  void look.get();
  await end();
  clock.advance(999);
  assert.equal(await look.get(), 1);
  clock.advance(1);
  const next = look.get();
  await end();
  assert.deepEqual([await next, count()], [2, 2]);
});

test('a look that takes long is not made again for ten times as long', async () => {
  const { clock, look, end, count } = harness(1_000);
  void look.get();
  clock.advance(500);
  await end();
  clock.advance(4_999);
  await look.get();
  assert.equal(count(), 1);
  clock.advance(1);
  void look.get();
  assert.equal(count(), 2);
});

test('whoever asks while a long look is made has the answer before, and what was forgotten is waited for', async () => {
  const { clock, look, end } = harness(1_000);
  void look.get();
  await end();
  clock.advance(1_000);
  const impatient = look.get();
  clock.advance(40);
  assert.equal(await impatient, 1);
  await end();
  assert.equal(await look.get(), 2);
  look.forget();
  const patient = look.get();
  clock.advance(300);
  await end();
  assert.equal(await patient, 3);
});

test('where a look takes long, the answer before is given at once, and can be put right', async () => {
  const { clock, look, end, count } = harness(1_000);
  void look.get();
  clock.advance(200);
  await end();
  clock.advance(2_000);
  assert.deepEqual([await look.get(), count()], [1, 2]);
  look.patch((value) => value + 10);
  assert.equal(await look.get(), 11);
  await end();
  assert.equal(await look.get(), 2);
});

test('a look that fails says so to whoever has no answer, and the next one is made', async () => {
  let fails = true;
  const look = new SharedLook(new FakeClock(), 1_000, async () => {
    if (fails) throw new Error('no');
    return 1;
  });
  await assert.rejects(look.get(), /no/);
  fails = false;
  assert.equal(await look.get(), 1);
});
