// How busy the machine was, on which what was missed is played again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeView } from '../fleet/snapshot.ts';
import { busyWords } from './run.ts';
import { aStory, sampleAt } from './testing/stories.ts';

function busyWith(concern: string): string | null {
  const one: Partial<NodeView> = { concerns: [concern] };
  return busyWords(aStory({ samples: [sampleAt(0), sampleAt(100, { 'eu-1b': one }), sampleAt(200)] }));
}

test('a machine on which every look came in time was not busy', () => {
  assert.equal(busyWords(aStory({ samples: [0, 100, 600].map((atMs) => sampleAt(atMs)) })), null);
  assert.equal(busyWords(aStory({ samples: [] })), null);
});

test('one on which nobody could look was, and so was one on which a node refused because it was late', () => {
  assert.equal(
    busyWords(aStory({ samples: [0, 100, 1_300].map((atMs) => sampleAt(atMs)) })),
    'nothing could be looked at for 1.2 s at a time',
  );
  assert.equal(busyWith('new tunnels are refused for want of room: memory, event-loop'), 'a node refused tunnels, since it was late');
});

test('what a node complains of besides is no matter of the machine', () => {
  assert.equal(busyWith('new tunnels are refused for want of room: memory'), null);
  assert.equal(busyWith('no DNS server answers'), null);
});
