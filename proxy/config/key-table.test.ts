// Three tables say the same: the zod schema, the JSON Schema that editors read, and the docs. Each is read here on its own.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as z from 'zod';
import { type JsonSchema, plainSchema, renderSchemaFile } from './json-schema.ts';
import { type KeyRow, keyRows, renderKeyTable } from './key-table.ts';
import { COMPUTED_DEFAULTS, configSchema } from './schema.ts';

const HINT = 'run: ./node_modules/.bin/node scripts/schema.ts';
const SCHEMA_TEXT = readFileSync(new URL('../../schema/pinhole.schema.json', import.meta.url), 'utf8');
const DOCS = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

function docRows(): KeyRow[] {
  return DOCS.split('\n').flatMap((line) => {
    const match = /^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/.exec(line);
    const [, key = '', type = '', byDefault = '', meaning = ''] = match ?? [];
    return match === null ? [] : [{ key, type, default: byDefault, meaning }];
  });
}

/** Keys of the zod schema itself, by its own classes. */
function zodKeys(schema: z.core.$ZodType, above: string): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) return zodKeys(schema.unwrap(), above);
  if (schema instanceof z.ZodArray) return zodKeys(schema.element, `${above}[]`);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => zodKeys(option, above));
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([name, inner]) => {
    const key = above === '' ? name : `${above}.${name}`;
    return [key, ...zodKeys(inner, key)];
  });
}

function jsonKeys(schema: JsonSchema, above: string): { key: string; schema: JsonSchema }[] {
  if (schema.items?.type === 'object') return jsonKeys(schema.items, `${above}[]`);
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((option) => jsonKeys(option, above));
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = above === '' ? name : `${above}.${name}`;
    return [{ key, schema: inner }, ...jsonKeys(inner, key)];
  });
}

const ROWS = keyRows(plainSchema(configSchema), COMPUTED_DEFAULTS);
const JSON_KEYS = jsonKeys(JSON.parse(SCHEMA_TEXT) as JsonSchema, '');

test('schema/pinhole.schema.json is what the schema gives', () => {
  assert.equal(SCHEMA_TEXT, renderSchemaFile('Pinhole configuration', configSchema), HINT);
});

test('zod schema, JSON Schema and docs have the same keys in the same order', () => {
  const keys = zodKeys(configSchema, '');
  assert.ok(keys.length > 60);
  assert.deepEqual(
    JSON_KEYS.map(({ key }) => key),
    keys,
    HINT,
  );
  assert.deepEqual(
    docRows().map(({ key }) => key),
    keys,
    HINT,
  );
});

test('the docs’ table is the schema’s: type, default and meaning of every key', () => {
  assert.deepEqual(docRows(), ROWS, HINT);
  assert.ok(DOCS.includes(renderKeyTable(ROWS)), HINT);
});

test('JSON Schema and docs agree on meaning and default', () => {
  const rows = new Map(docRows().map((row) => [row.key, row]));
  for (const { key, schema } of JSON_KEYS) {
    const row = rows.get(key);
    assert.equal(row?.meaning, schema.description, key);
    const isMap = schema.type === 'object' || schema.anyOf?.some(({ type }) => type === 'object');
    if (schema.default === undefined || isMap) continue;
    const text = typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default);
    assert.equal(row?.default, `\`${text}\``, key);
  }
});

test('every key says what it means, and no meaning breaks the table', () => {
  for (const row of ROWS) {
    assert.notEqual(row.meaning, '', row.key);
    assert.doesNotMatch(Object.values(row).join(''), /[|\n]/, row.key);
  }
});

test('a worked-out default stands beside no other, and on a key that is there', () => {
  for (const key of Object.keys(COMPUTED_DEFAULTS)) {
    const found = JSON_KEYS.find((candidate) => candidate.key === key);
    assert.ok(found, key);
    assert.equal(found.schema.default, undefined, key);
  }
});

test('the defaults of the contract', () => {
  const config = configSchema.parse({ listen: [{ address: '0.0.0.0:443' }], endpoints: [] });
  assert.deepEqual(config.limits, {
    tunnels: 50_000,
    opensPerSecond: 1_000,
    idle: 1_860_000,
    maxAge: null,
    perTunnelBuffer: 262_144,
    pending: 10_000,
    perSource: { pending: 1_024, refusalsPerSecond: 50 },
  });
  assert.deepEqual(config.timeouts, {
    head: 10_000,
    hello: 10_000,
    handshake: 10_000,
    answer: 8_000,
    upgrade: 10_000,
    halfClosed: 60_000,
    proxyHeader: 5_000,
  });
  assert.deepEqual(config.policy, { sni: 'enforce', alpn: 'enforce', address: 'enforce', allowMissingSni: false, revoked: 'close' });
  assert.deepEqual(config.resolve, { servers: [], family: 'ipv4', pin: [] });
  assert.deepEqual(config.drain, { settle: 120_000, rate: 8, deadline: 7_200_000, stop: 30_000 });
  assert.equal(config.listen[0]?.backlog, 4_096);
  assert.equal(config.health.address.text, '127.0.0.1:8080');
  assert.equal(config.admin.address.text, '127.0.0.1:9901');
  assert.equal(config.log.level, 'info');
});
