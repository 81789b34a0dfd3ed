// docs/doctor.md is held equal, both ways, to the tables that the doctor works by. That of the broken worlds: sandbox/breaks/docs.test.ts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type CauseId, causeOf, CAUSES, FIXERS } from './causes.ts';
import { CHECKS } from './checks.ts';

const page = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');

/** The rows of the table with these columns. */
function rowsWith(...columns: readonly string[]): string[] {
  const lines = page.split('\n');
  const head = lines.indexOf(`| ${columns.join(' | ')} |`);
  assert.ok(head >= 0, columns.join(', '));
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  return lines.slice(head + 2, end === -1 ? undefined : end);
}

test('the page has every check, in the order of the way', () => {
  const rows = Object.entries(CHECKS).map(([id, means]) => `| \`${id}\` | ${means} |`);
  assert.deepEqual(rowsWith('check', 'good where'), rows);
});

test('the page has every cause, with who mends it', () => {
  const rows = (Object.keys(CAUSES) as CauseId[]).map((id) => `| \`${id}\` | ${FIXERS[causeOf(id).fixer]} | ${causeOf(id).means} |`);
  assert.deepEqual(rowsWith('cause', 'who mends it', 'what it means'), rows);
});

test('every sentence says where, or what was seen, and ends', () => {
  for (const id of Object.keys(CAUSES) as CauseId[]) {
    const { ask } = causeOf(id);
    assert.match(ask, /\{(where|seen)\}/, id);
    assert.match(ask, /\.$/, id);
    assert.doesNotMatch(ask.replace(/\{(where|target|seen)\}/g, ''), /[{}]/, id);
  }
});
