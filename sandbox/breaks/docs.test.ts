// The table of broken worlds in docs/doctor.md is that of breaks.ts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { causeOf, FIXERS } from '../../agent/doctor/causes.ts';
import { BREAK_NAMES, type BreakName, breakOf } from './breaks.ts';

const page = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
const HEAD = "| world | what is broken | the doctor's verdict | seen by | who mends it |\n| --- | --- | --- | --- | --- |\n";

function rowOf(name: BreakName): string {
  const { means, expects } = breakOf(name);
  if (expects === null) return `| \`${name}\` | ${means} | all good | – | – |`;
  return `| \`${name}\` | ${means} | \`${expects.cause}\` | \`${expects.check}\` | ${FIXERS[causeOf(expects.cause).fixer]} |`;
}

test('every world is on the page, with the verdict', () => {
  const at = page.indexOf(HEAD);
  assert.ok(at > 0);
  assert.deepEqual(
    page
      .slice(at + HEAD.length)
      .trim()
      .split('\n'),
    BREAK_NAMES.map(rowOf),
  );
});
