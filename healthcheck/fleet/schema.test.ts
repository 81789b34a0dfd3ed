// The schema of FLEET.yaml, the JSON Schema that editors read, and the docs say the same; so do the troubles.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { plainSchema, renderSchemaFile } from '../../proxy/config/json-schema.ts';
import { keyRows, renderKeyTable } from '../../proxy/config/key-table.ts';
import { rowsWith } from '../../proxy/test/support/markdown.ts';
import { assertSame, assertWords, name } from '../../proxy/test/support/pages.ts';
import { LEAVE_DNS_BELOW_S, secondsToLeaveDns } from './fleet.ts';
import { FLEET_COMPUTED_DEFAULTS, fleetSchema } from './schema.ts';
import { TROUBLES } from './trouble.ts';
import { fleet } from './test-support.ts';

const HINT = 'run: ./node_modules/.bin/node scripts/schema.ts';
const DOCS = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8');
const ROWS = keyRows(plainSchema(fleetSchema), FLEET_COMPUTED_DEFAULTS);

test('schema/fleet.schema.json is what the schema gives', () => {
  const text = readFileSync(new URL('../../schema/fleet.schema.json', import.meta.url), 'utf8');
  assert.equal(text, renderSchemaFile('Pinhole fleet', fleetSchema), HINT);
});

test('the keys of the contract, in its order', () => {
  const keys = ROWS.map(({ key }) => key);
  const below = (map: string, ...names: string[]): string[] => names.map((key) => `${map}.${key}`);
  assert.deepEqual(keys, [
    ...['name', 'zone', 'ttl', 'owner'],
    ...['quota', ...below('quota', 'connectsPerSecond', 'closeShare')],
    ...['guard', ...below('guard', 'minWeight', 'withdrawnShare')],
    ...['check', ...below('check', 'protocol', 'port', 'path', 'search', 'interval', 'threshold')],
    ...['slots', ...below('slots[]', 'id', 'address', 'weight', 'role', 'admin', 'token')],
  ]);
});

test('docs/fleet.md has every key with its type, default and meaning', () => {
  assert.ok(DOCS.includes(renderKeyTable(ROWS)), HINT);
});

test('every key says what it means, and no meaning breaks the table', () => {
  for (const row of ROWS) {
    assert.notEqual(row.meaning, '', row.key);
    assert.doesNotMatch(Object.values(row).join(''), /[|\n]/, row.key);
  }
});

test('docs/fleet.md has every trouble, and no other', () => {
  const rows = rowsWith(DOCS, 'code', 'means', 'what to do');
  assertSame(rows.map(name), Object.keys(TROUBLES), 'docs/fleet.md');
  assertWords(rows);
});

test('the arithmetic of docs/fleet.md is that of the defaults', () => {
  const seconds = secondsToLeaveDns(fleet().check, 60);
  assert.ok(seconds < LEAVE_DNS_BELOW_S);
  assert.ok(DOCS.includes(`| **together** | **${seconds} s** |`));
  assert.ok(DOCS.includes(`With the interval of 30 s it is ${secondsToLeaveDns({ intervalS: 30, threshold: 3 }, 60)} s`));
});
