import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PHASES } from '../core/record.ts';
import { step } from './phase.ts';

test('every phase can end at once, and closed is the end', () => {
  for (const phase of PHASES) {
    if (phase === 'closed') assert.throws(() => step('closed', 'sniffing'), /illegal step/);
    else assert.equal(step(phase, 'closed'), 'closed');
  }
});

test('a step that is not in the table throws', () => {
  assert.throws(() => step('sniffing', 'relaying'), /illegal step: sniffing -> relaying/);
});
