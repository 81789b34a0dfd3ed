// What is played again: only what may be the machine's matter.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeView } from '../fleet/snapshot.ts';
import { busyWords, mayBeTheMachines } from './run.ts';
import { aStory, sampleAt } from './testing/stories.ts';

const CHECK = { objective: 'it holds', ok: false, seen: 'it does not' };

function busyWith(concern: string): string | null {
  const one: Partial<NodeView> = { concerns: [concern] };
  return busyWords(aStory({ samples: [sampleAt(0), sampleAt(100, { 'eu-1b': one }), sampleAt(200)] }));
}

test('a machine on which every look came in time was not busy', () => {
  assert.equal(busyWords(aStory({ samples: [0, 100, 600].map((atMs) => sampleAt(atMs)) })), null);
  assert.equal(busyWords(aStory({ samples: [] })), null);
});

test('one on which nobody could look was, and so was one on which a node refused because its loop was late', () => {
  assert.equal(
    busyWords(aStory({ samples: [0, 100, 1_300].map((atMs) => sampleAt(atMs)) })),
    'nothing could be looked at for 1.2 s at a time',
  );
  assert.equal(busyWith('new tunnels are refused for want of room: memory, event-loop'), 'event loops were late');
});

test('what a node complains of besides is no matter of the machine', () => {
  assert.equal(busyWith('new tunnels are refused for want of room: memory'), null);
  assert.equal(busyWith('no DNS server answers'), null);
});

test('played again is what was missed on a busy machine, or what came to no verdict', () => {
  const busy = 'event loops were late';
  assert.equal(mayBeTheMachines({ verdict: 'missed', busy, checks: [CHECK] }), true);
  assert.equal(mayBeTheMachines({ verdict: 'missed', busy: null, checks: [] }), true);
  assert.equal(mayBeTheMachines({ verdict: 'missed', busy: null, checks: [CHECK] }), false);
  assert.equal(mayBeTheMachines({ verdict: 'held', busy, checks: [{ ...CHECK, ok: true }] }), false);
  assert.equal(mayBeTheMachines({ verdict: 'cannot', busy: null, checks: [] }), false);
});
