import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecisionTurn, TenantsSeen } from './tenants.ts';
import { decisionUs, flawsOf, renderTenants, timesOf } from './tenants-report.ts';

function turn(cpuS: number, answers: Readonly<Record<string, number>> = { 403: 10_000 }): DecisionTurn {
  return { cpuS, asked: { asked: 10_000, seconds: 5, late: 0, failed: 0, closed: 0, unanswered: 0, answers } };
}

function seen(...many: readonly DecisionTurn[]): TenantsSeen {
  return { tenants: 10_000, rounds: many.map((one) => ({ one: turn(1), many: one })) };
}

test('a decision is its share of the CPU', () => assert.equal(decisionUs(turn(1)), 100));

test('the ratio is the median of those of the rounds', () => assert.equal(timesOf(seen(turn(1.1), turn(9), turn(1.2))), 1.2));

for (const [what, turns, flaw] of [
  ['as wanted', [turn(1.2)], null],
  ['dearer', [turn(1.21)], /1\.21 times/],
  ['a request that was let in by nobody', [turn(1, { 403: 9_998, 407: 2 })], /^2 requests/],
] as const)
  test(`a run that is ${what}`, () => {
    const flaws = flawsOf(seen(...turns));
    assert.equal(flaws.length, flaw === null ? 0 : 1);
    if (flaw !== null) assert.match(flaws[0] ?? '', flaw);
  });

test('the table has both, with least and most', () => {
  assert.match(renderTenants(seen(turn(1.1), turn(1.3))), /\| 10000 \| 120\.0 \(110\.0 to 130\.0\) \|\n\n.*× 1\.20/);
});
