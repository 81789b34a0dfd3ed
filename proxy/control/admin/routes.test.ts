// The table of routes, and what is made of it for people and programs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findRoute } from './api.ts';
import { renderOpenApi } from './open-api.ts';
import { renderFields, renderRoutes } from './routes-page.ts';
import { type Route, ROUTES } from './routes.ts';

const HINT = 'run: ./node_modules/.bin/node scripts/schema.ts';
const ALL = Object.entries(ROUTES) as [string, Route][];
const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('schema/admin.openapi.json is what the table gives', () => {
  assert.deepEqual(JSON.parse(read('schema/admin.openapi.json')), renderOpenApi(), HINT);
});

test('docs/admin.md has the tables of the routes and their fields', () => {
  const page = read('docs/admin.md');
  for (const table of [renderRoutes(), renderFields()]) assert.ok(page.includes(`\n\n${table}\n\n<!-- end of `), HINT);
});

test('every route is found by its path, and no two have the same', () => {
  for (const [name, { method, path }] of ALL) {
    const found = findRoute(method, path.replace('{id}', 'X'));
    assert.equal(found?.name, name);
    assert.deepEqual(found?.path, path.includes('{id}') ? { id: 'X' } : {});
  }
  assert.equal(findRoute('GET', '/tunnels/'), null);
});

test('what is in a path is a field, and every field says in words what it is', () => {
  for (const [name, { path, input, summary }] of ALL) {
    const inPath = Object.entries(input).filter(([, field]) => field.in === 'path');
    assert.deepEqual(
      inPath.map(([field]) => `{${field}}`),
      path.match(/\{\w+\}/g) ?? [],
      name,
    );
    for (const { description } of Object.values(input)) assert.match(description, /\w{2}/);
    assert.doesNotMatch(summary, /\.$/);
  }
});

test('the OpenAPI file names every status that a refusal may have, and no token', () => {
  const text = JSON.stringify(renderOpenApi());
  for (const status of ['"400"', '"401"', '"403"', '"404"', '"409"', '"413"', '"415"', '"503"']) assert.ok(text.includes(status), status);
  const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  assert.deepEqual(ids.toSorted(), Object.keys(ROUTES).toSorted());
});
