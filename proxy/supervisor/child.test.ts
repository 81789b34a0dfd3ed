// What a child says over its channel, with a channel that only listens.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChildMessage, SupervisorMessage, SupervisorView } from '../core/supervision.ts';
import { BEAT_MS, restAllowedMs } from '../core/supervision.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { connectToSupervisor } from './child.ts';

/** `reads`: whether somebody takes what is said out of the channel. */
function childWith(word?: () => unknown, { reads = true, restMs = (): number | null => null } = {}) {
  const clock = Object.defineProperty(new FakeClock(), 'restMs', { get: restMs });
  const said: ChildMessage[] = [];
  const failed: unknown[] = [];
  const send = (message: ChildMessage, _: undefined, __: undefined, sent: () => void): boolean => {
    said.push(message);
    if (reads) sent();
    return reads;
  };
  const handlers = {
    onStop: () => {},
    stage: () => Promise.reject(new Error('nothing is staged here')),
    ...(word && { word }),
    wordFailed: (error: unknown) => failed.push(error),
  };
  let hear: (message: unknown) => void = () => {};
  const on = (event: string, heard: (message: unknown) => void): void => {
    if (event === 'message') hear = heard;
  };
  const link = connectToSupervisor(handlers, clock, { send, on, pid: 1, kill: () => {} });
  return { clock, said, failed, link, hears: (message: SupervisorMessage) => hear(message) };
}

test('a beat tells how the child is as soon as it has something to tell', () => {
  const words = [undefined, { tunnels: 3 }, { tunnels: 4 }];
  const { clock, said } = childWith(() => words.shift());
  for (let beat = 0; beat < 3; beat += 1) clock.advance(BEAT_MS);
  assert.deepEqual(said, [{ type: 'beat' }, { type: 'beat', word: { tunnels: 3 } }, { type: 'beat', word: { tunnels: 4 } }]);
});

test('who serves from now on says at once how it is: what it said before was of a child that does not', () => {
  const { said, link } = childWith(() => ({ accepting: true }));
  link.ready('v1');
  assert.deepEqual(said, [
    { type: 'ready', policyVersion: 'v1' },
    { type: 'beat', word: { accepting: true } },
  ]);
});

test('one that has no word of itself only beats', () => {
  const { clock, said } = childWith();
  for (let beat = 0; beat < 2; beat += 1) clock.advance(BEAT_MS);
  assert.deepEqual(said, [{ type: 'beat' }, { type: 'beat' }]);
});

test('in a rest each beat says when the next one comes, and so does the one with which it begins', () => {
  const pace = { restMs: null as number | null };
  const { clock, said, link } = childWith(() => ({ tunnels: 3 }), { restMs: () => pace.restMs });
  clock.advance(BEAT_MS);
  pace.restMs = 4_000;
  link.rests();
  clock.advance(BEAT_MS);
  pace.restMs = null;
  clock.advance(BEAT_MS);
  const beat = { type: 'beat', word: { tunnels: 3 } };
  assert.deepEqual(said, [beat, { ...beat, withinMs: 4_000 }, { ...beat, withinMs: 4_000 }, beat]);
});

test('a child rests as seldom as its supervisor allows, and never where that one knows no rest', () => {
  for (const [value, expected] of [
    ['4000', 4_000],
    [undefined, null],
    ['', null],
    ['soon', null],
    ['-1', null],
    [String(BEAT_MS), null],
    ['Infinity', null],
  ] as const)
    assert.equal(restAllowedMs(value), expected, String(value));
});

test('a question gets its answer', async () => {
  const { said, link, hears } = childWith();
  const view = { pid: 7 } as SupervisorView;
  const asked = link.view();
  hears({ type: 'view', view });
  assert.equal(await asked, view);
  assert.deepEqual(said, [{ type: 'ask' }]);
});

test('while the supervisor reads nothing no second word piles up behind the first', () => {
  const { clock, said } = childWith(() => ({ tunnels: 3 }), { reads: false });
  for (let beat = 0; beat < 3; beat += 1) clock.advance(BEAT_MS);
  assert.deepEqual(said, [{ type: 'beat', word: { tunnels: 3 } }, { type: 'beat' }, { type: 'beat' }]);
});

test('a word that cannot be told does not keep the child from saying that it lives', () => {
  const bug = new Error('no such field');
  const { clock, said, failed } = childWith(() => {
    throw bug;
  });
  clock.advance(BEAT_MS);
  assert.deepEqual([said, failed], [[{ type: 'beat' }], [bug]]);
});
