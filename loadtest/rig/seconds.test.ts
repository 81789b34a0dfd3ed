// Ticks, samples and far ends become rows of seconds: in any order, late, or not at all.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tick } from '../shared/tick.ts';
import { type Sample, SecondsBook } from './seconds.ts';

const BEGAN = 1_000_000;
const tick = (second: number, vu: number, more: Partial<Tick> = {}): Tick => ({
  at: BEGAN + second,
  vu,
  established: 0,
  wanted: 0,
  ...more,
});
const SAMPLE: Sample = { nodes: { a: null }, roles: {}, carriersKib: [], kernel: { socketMemoryKib: 4, timeWait: 1 } };

test('the ticks of all VUs of a second are added up', () => {
  const book = new SecondsBook(BEGAN);
  book.heard(tick(0, 1, { established: 2, wanted: 3, tried: 3, opened: 2, failed: { DRAINING: 1 }, unanswered: 2, openUs: [7, 1] }));
  book.heard(
    tick(0, 2, { established: 5, wanted: 5, tried: 5, opened: 4, unanswered: 3, failed: { DRAINING: 1, reset: 2 }, openUs: [7, 2, 9, 1] }),
  );
  const [row] = book.finish(BEGAN);
  assert.deepEqual(row?.agents, {
    ...{
      established: 7,
      wanted: 8,
      tried: 8,
      opened: 6,
      failed: { DRAINING: 2, reset: 2 },
      dropped: {},
      closed: 0,
      sent: 0,
      back: 0,
      unanswered: 5,
    },
    ...{ openUs: [7, 3, 9, 1], dialUs: [], connackUs: [], roundTripUs: [] },
  });
});

test('what was not read in a second is null or missing, never zero', () => {
  const [row] = new SecondsBook(BEGAN).finish(BEGAN);
  assert.deepEqual(
    { kernel: row?.kernel, farEnd: row?.farEnd, nodes: row?.nodes, roles: row?.roles },
    { kernel: null, farEnd: null, nodes: {}, roles: {} },
  );
});

test('a VU that skips a second has in it what it had before, and its counts are not repeated', () => {
  const book = new SecondsBook(BEGAN);
  book.heard(tick(0, 1, { established: 9, wanted: 9, opened: 9 }));
  book.heard(tick(2, 1, { established: 8, wanted: 9 }));
  assert.deepEqual(
    book.finish(BEGAN + 2).map(({ agents }) => [agents.established, agents.opened]),
    [
      [9, 9],
      [9, 0],
      [8, 0],
    ],
  );
});

test('a VU that is silent for longer than ten seconds holds nothing any more', () => {
  const book = new SecondsBook(BEGAN);
  book.heard(tick(0, 1, { established: 9, wanted: 9 }));
  const established = book.finish(BEGAN + 12).map(({ agents }) => agents.established);
  assert.deepEqual(established, [...Array.from({ length: 11 }, () => 9), 0, 0]);
});

test('a second is closed ten seconds after it; a tick that comes later is counted as lost', () => {
  const book = new SecondsBook(BEGAN);
  book.heard(tick(1, 1, { opened: 1 }));
  assert.deepEqual(book.closeUntil(BEGAN + 9), []);
  book.heard(tick(0, 1, { opened: 1 }));
  assert.deepEqual(
    book.closeUntil(BEGAN + 11).map(({ at, agents }) => [at, agents.opened]),
    [
      [0, 1],
      [1, 1],
    ],
  );
  assert.equal(book.lost, 0);
  book.heard(tick(1, 2, { opened: 1 }));
  assert.equal(book.lost, 1);
  book.torn();
  assert.equal(book.lost, 2);
  assert.equal(book.rows.length, 2);
});

test('samples and far ends go to their second; what came before the run goes nowhere', () => {
  const book = new SecondsBook(BEGAN);
  book.sampled(BEGAN - 1, SAMPLE);
  book.sampled(BEGAN + 1, SAMPLE);
  book.farEnd(BEGAN + 1, { connects: 2, overQuota: 1, messages: 0 });
  const rows = book.finish(BEGAN + 1);
  assert.deepEqual(
    rows.map(({ at, kernel, farEnd }) => [at, kernel?.timeWait ?? null, farEnd?.connects ?? null]),
    [
      [0, null, null],
      [1, 1, 2],
    ],
  );
});

test('what is up now is known before the second is closed', () => {
  const book = new SecondsBook(BEGAN);
  book.heard(tick(3, 1, { established: 4, wanted: 5 }));
  book.heard(tick(3, 2, { established: 1, wanted: 1 }));
  assert.deepEqual(book.now(BEGAN + 4), { established: 5, wanted: 6 });
  assert.deepEqual(book.now(BEGAN + 14), { established: 0, wanted: 0 });
});

test('how things are is known until the end of the newest second of the VU that said least; of no VU nothing is', () => {
  const book = new SecondsBook(BEGAN);
  assert.equal(book.knownUntilS, 0);
  book.heard(tick(3, 1));
  book.heard(tick(5, 2));
  book.heard(tick(4, 2));
  assert.equal(book.knownUntilS, BEGAN + 4);
  book.heard(tick(6, 1));
  assert.equal(book.knownUntilS, BEGAN + 6);
  // One that is silent for long is still waited for: nobody knows what became of its sessions.
  for (let second = 7; second < 40; second += 1) book.heard(tick(second, 2));
  book.closeUntil(BEGAN + 40);
  assert.equal(book.knownUntilS, BEGAN + 7);
});
