// What the tests of the pages have in common.

import assert from 'node:assert/strict';
import { codesIn } from './markdown.ts';
import { readSource } from './source-text.ts';
import { readTree } from './tree.ts';

/** Files of the product, as code without comments. */
export const SOURCES = new Map(
  [...readTree()]
    .filter(([path]) => path.startsWith('proxy/') && !path.endsWith('.test.ts') && !path.startsWith('proxy/test/'))
    .map(([path, text]) => [path, readSource(text).withoutComments]),
);

export function sourcesIn(...places: readonly string[]): string {
  return [...SOURCES]
    .filter(([path]) => places.some((place) => path.startsWith(place)))
    .map(([, code]) => code)
    .join('\n');
}

/** Names that are in one list only, said so that whoever reads it knows what to do. */
export function assertSame(documented: readonly string[], inCode: readonly string[], page: string): void {
  const twice = documented.filter((name, index) => documented.indexOf(name) !== index);
  assert.deepEqual(twice, [], `${page} has these twice`);
  assert.deepEqual(
    inCode.filter((name) => !documented.includes(name)),
    [],
    `${page} lacks these; add a row for each`,
  );
  assert.deepEqual(
    documented.filter((name) => !inCode.includes(name)),
    [],
    `${page} has these, and the code does not`,
  );
}

export function assertWords(rows: readonly (readonly string[])[]): void {
  for (const row of rows) for (const cell of row.slice(1)) assert.notEqual(cell, '', `an empty cell in the row of ${row[0]}`);
}

/** What a row is about: the code in its first cell. */
export function name(row: readonly string[]): string {
  return codesIn(row[0] ?? '')[0] ?? '';
}
