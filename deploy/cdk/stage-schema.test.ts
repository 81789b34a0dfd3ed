// The JSON Schema that editors use, and the table of docs/deploy.md, are what the code says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainSchema, renderSchemaFile } from '../../proxy/config/json-schema.ts';
import { keyRows, renderKeyTable } from '../../proxy/config/key-table.ts';
import { readText } from '../../proxy/test/support/tree.ts';
import { STAGE_COMPUTED_DEFAULTS, STAGE_KEYS_ELSEWHERE, stageSchema } from './stage-schema.ts';

const HINT = 'run: ./node_modules/.bin/node scripts/schema.ts';
const ROWS = keyRows(plainSchema(stageSchema), STAGE_COMPUTED_DEFAULTS).filter(
  ({ key }) => !STAGE_KEYS_ELSEWHERE.some((above) => key.startsWith(`${above}.`)),
);

test('schema/stage.schema.json is up to date', () =>
  assert.equal(readText('schema/stage.schema.json'), renderSchemaFile('Pinhole stage', stageSchema), HINT));

test('docs/deploy.md has every key', () => assert.ok(readText('docs/deploy.md').includes(renderKeyTable(ROWS)), HINT));

test('every key has a type and a meaning', () => {
  assert.ok(ROWS.length > 30);
  for (const { key, type, meaning } of ROWS) assert.ok(type !== '' && meaning !== '', key);
});
