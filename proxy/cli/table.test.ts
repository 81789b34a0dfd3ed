import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTable } from './table.ts';

test('columns are as wide as their widest cell, and no line ends in a space', () => {
  assert.equal(
    renderTable([
      ['a', 'long cell', ''],
      ['wider', 'b', 'c'],
    ]),
    '  a      long cell\n  wider  b          c',
  );
});

test('no rows are no lines', () => assert.equal(renderTable([]), ''));
