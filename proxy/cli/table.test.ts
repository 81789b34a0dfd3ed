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

test('a cell cannot steer a terminal, begin a line or turn text around', () => {
  const table = renderTable(
    [
      ['\u001B]0;title\u0007', 'a\nb\rc', '\u009B2J', '\u202Eevil'],
      ['plain', 'ä€', '', ''],
    ],
    '',
  );
  assert.deepEqual(table.split('\n'), ['\\u001b]0;title\\u0007  a\\u000ab\\u000dc  \\u009b2J  \\u202eevil', 'plain                 ä€']);
});
