import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChildMessage } from '../core/supervision.ts';
import { Staging } from './staging.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A child whose stages the test finishes, one by one. */
function harness() {
  const said: ChildMessage[] = [];
  const used: string[] = [];
  const begun: string[] = [];
  const waiting: { done(): void; fail(why: string): void }[] = [];
  const staging = new Staging(
    (file) => {
      begun.push(file);
      return new Promise((resolve, reject) =>
        waiting.push({
          done: () => resolve({ policyVersion: file, swap: () => used.push(file), drop: () => used.push(`not ${file}`) }),
          fail: (why) => reject(new Error(why)),
        }),
      );
    },
    (message) => said.push(message),
  );
  return {
    said,
    used,
    begun,
    stage: (turn: number, file: string) => staging.heard({ type: 'stage', turn, file }),
    swap: (turn: number) => staging.heard({ type: 'swap', turn }),
    drop: (turn: number) => staging.heard({ type: 'drop', turn }),
    done: async () => (await settled(), waiting.shift()?.done(), settled()),
    fail: async (why: string) => (await settled(), waiting.shift()?.fail(why), settled()),
  };
}

test('what is staged is used when the supervisor says so, and not before', async () => {
  const { said, used, stage, swap, done } = harness();
  stage(1, 'a');
  await done();
  assert.deepEqual([said, used], [[{ type: 'staged', turn: 1 }], []]);
  swap(1);
  await settled();
  assert.deepEqual(used, ['a']);
  assert.deepEqual(said.at(-1), { type: 'swapped', turn: 1, policyVersion: 'a' });
});

test('a swap that comes while it is being made waits for it', async () => {
  const { said, used, stage, swap, done } = harness();
  stage(1, 'a');
  swap(1);
  await settled();
  assert.deepEqual([said, used], [[], []]);
  await done();
  assert.deepEqual([said.map(({ type }) => type), used], [['staged', 'swapped'], ['a']]);
});

test('what cannot be made is refused with its reason, and a swap of it changes nothing', async () => {
  const { said, used, stage, swap, fail } = harness();
  stage(1, 'a');
  swap(1);
  await fail('no descriptor left');
  assert.deepEqual([said, used], [[{ type: 'refused', turn: 1, why: 'no descriptor left' }], []]);
});

for (const [what, end] of [
  ['that is dropped', (child: ReturnType<typeof harness>) => child.drop(1)],
  ['that a later one takes the place of', (child: ReturnType<typeof harness>) => child.stage(2, 'b')],
] as const) {
  test(`one ${what} is let go, whenever it is ready, and is never used`, async () => {
    for (const isReady of [true, false]) {
      const child = harness();
      child.stage(1, 'a');
      if (isReady) await child.done();
      end(child);
      child.swap(1);
      if (!isReady) await child.done();
      await settled();
      assert.deepEqual(child.used, ['not a']);
    }
  });
}

test('a swap of another turn is not for what is staged', async () => {
  const { used, stage, swap, done } = harness();
  stage(2, 'b');
  await done();
  swap(1);
  swap(3);
  await settled();
  assert.deepEqual(used, []);
  swap(2);
  await settled();
  assert.deepEqual(used, ['b']);
});

test('a later one is begun only when the one before is in use: what takes longer never comes last', async () => {
  const { begun, used, stage, swap, done } = harness();
  stage(1, 'slow');
  swap(1);
  stage(2, 'fast');
  swap(2);
  await settled();
  assert.deepEqual(begun, ['slow']);
  await done();
  assert.deepEqual([begun, used], [['slow', 'fast'], ['slow']]);
  await done();
  assert.deepEqual(used, ['slow', 'fast']);
});
