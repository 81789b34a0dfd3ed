import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt, Outcome } from './contract.ts';
import { nextState, reached } from './counts.ts';
import { HOST, state } from './testing/job.ts';

const attempt = (outcome: Outcome): Attempt => ({
  way: 'connect',
  endpoint: 'production',
  host: HOST,
  port: 443,
  outcome,
  why: null,
  ms: {},
});

for (const [outcomes, expected] of [
  [['through'], true],
  [['through', 'through'], true],
  [['through', 'upstream'], false],
  [['through', 'ours'], false],
  [['through', 'unclear'], true],
  [['upstream', 'unclear'], false],
  [['unclear'], null],
  [[], null],
] as const) {
  test(`attempts that are ${outcomes.join(', ') || 'none'} mean ${expected}`, () => assert.equal(reached(outcomes.map(attempt)), expected));
}

/** Rounds, one letter each (g got through, b failed, - could not tell), and below it whether the endpoint counts as failing (#). */
for (const [what, rounds, failing] of [
  ['three in a row', 'bbbb', '..##'],
  ['two and a good one', 'bbgbbg', '......'],
  ['a round that cannot tell breaks no row', 'bb-b', '...#'],
  ['three good ones make it well', 'bbbgggg', '..###..'],
  ['two good ones do not', 'bbbggbgg', '..######'],
  ['nothing is told', '----', '....'],
] as const) {
  test(`failing after: ${what}`, () => {
    let now = state();
    const seen = [...rounds].map((round) => {
      now = nextState(now, round === '-' ? null : round === 'g', 3);
      return now.isFailing ? '#' : '.';
    });
    assert.equal(seen.join(''), failing);
  });
}

test('with one failure the first bad round counts, and the first good one', () => {
  const failing = nextState(state(), false, 1);
  assert.equal(failing.isFailing, true);
  assert.equal(nextState(failing, true, 1).isFailing, false);
});
