// docs/sandbox.md is held equal, both ways, to what a line of `--json` holds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesIn, rowsWith } from '../../proxy/test/support/markdown.ts';
import { assertSame, assertWords, name } from '../../proxy/test/support/pages.ts';
import { readText } from '../../proxy/test/support/tree.ts';
import { aSnapshot } from './testing/snapshots.ts';
import { NODE_STATES, SNAPSHOT_FIELDS } from './snapshot.ts';

const page = readText('docs/sandbox.md');

/** Paths of all values in it: `nodes[].slot`. */
function pathsIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    const inner = value.flatMap((item) => (typeof item === 'object' ? pathsIn(item, `${path}[]`) : []));
    return inner.length === 0 ? [path] : inner;
  }
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, item]) => pathsIn(item, path === '' ? key : `${path}.${key}`));
}

test('a line has the fields of the table, and no other', () => {
  assertSame([...new Set(pathsIn(aSnapshot()))], Object.keys(SNAPSHOT_FIELDS), 'a snapshot');
});

test('docs/sandbox.md has the same fields, with the same words', () => {
  const rows = rowsWith(page, 'field', 'meaning');
  assertSame(rows.map(name), Object.keys(SNAPSHOT_FIELDS), 'docs/sandbox.md');
  for (const row of rows) assert.equal(row[1], SNAPSHOT_FIELDS[name(row)]);
});

test('docs/sandbox.md has every state of a node, and no other', () => {
  const rows = rowsWith(page, 'state', 'when');
  assertSame(
    rows.flatMap(([state = '']) => codesIn(state)),
    [...NODE_STATES],
    'docs/sandbox.md, states',
  );
  assertWords(rows);
});
