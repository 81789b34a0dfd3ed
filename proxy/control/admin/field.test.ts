import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Field, readBody, readQuery } from './field.ts';

const FIELDS = {
  id: { kind: 'text', pattern: '^[A-Z]{3}$', max: 3, in: 'path', required: true, description: 'd' },
  search: { kind: 'text', max: 5, description: 'd' },
  sort: { kind: 'choice', values: ['age', 'rate'], default: 'age', description: 'd' },
  limit: { kind: 'whole', min: 1, max: 10, default: 5, description: 'd' },
  rate: { kind: 'number', min: 0.5, max: 2, description: 'd' },
  allow: { kind: 'flag', description: 'd' },
} as const satisfies Record<string, Field>;
const NOTHING = { id: 'ABC', search: null, sort: 'age', limit: 5, rate: null, allow: null };

for (const [query, expected] of [
  ['', {}],
  ['search=a%20b&sort=rate&limit=10&rate=0.5&allow=false', { search: 'a b', sort: 'rate', limit: 10, rate: 0.5, allow: false }],
  ['search=', { search: '' }],
] as const) {
  test(`the query ${JSON.stringify(query)} is read`, () =>
    assert.deepEqual(readQuery(FIELDS, new URLSearchParams(query), { id: 'ABC' }), { ok: true, value: { ...NOTHING, ...expected } }));
}

for (const [query, path, why] of [
  ['serch=a', 'ABC', /^"serch" is not asked for here; what is: search, sort, limit, rate, allow$/],
  ['id=ABC', 'ABC', /^"id" is not asked for here/],
  ['__proto__=x', 'ABC', /is not asked for/],
  ['search=abcdef', 'ABC', /^search: expected a text of at most 5 characters$/],
  ['sort=size', 'ABC', /^sort: expected one of age, rate$/],
  ['limit=0', 'ABC', /^limit: expected a whole number from 1 to 10$/],
  ['limit=1.5', 'ABC', /^limit: expected a whole number/],
  ['limit=1e9', 'ABC', /^limit: expected a whole number/],
  ['limit=', 'ABC', /^limit: expected a whole number/],
  ['limit=1&limit=2', 'ABC', /^limit: given twice$/],
  ['rate=3', 'ABC', /^rate: expected a number from 0.5 to 2$/],
  ['allow=yes', 'ABC', /^allow: expected true or false$/],
  ['', 'abc', /^id: expected what \^\[A-Z\]\{3\}\$ describes$/],
] as const) {
  test(`the query ${JSON.stringify(query)} at ${path} is refused`, () => {
    const read = readQuery(FIELDS, new URLSearchParams(query), { id: path });
    assert.match(read.ok ? 'it was read' : read.why, why);
  });
}

for (const [body, expected] of [
  [null, {}],
  [{}, {}],
  [{ limit: null, rate: 1 }, { rate: 1 }],
  [{ allow: true }, { allow: true }],
] as const) {
  test(`the body ${JSON.stringify(body)} is read`, () =>
    assert.deepEqual(readBody(FIELDS, body, { id: 'ABC' }), { ok: true, value: { ...NOTHING, ...expected } }));
}

for (const [body, why] of [
  [[], /^expected a JSON object$/],
  ['x', /^expected a JSON object$/],
  [5, /^expected a JSON object$/],
  [{ by: 'the boss' }, /^"by" is not asked for here/],
  [{ id: 'ABC' }, /^"id" is not asked for here/],
  [{ limit: '5' }, /^limit: expected a whole number/],
  [{ rate: Number.NaN }, /^rate: expected a number/],
  [{ search: ['a'] }, /^search: expected a text/],
  [{ sort: 'toString' }, /^sort: expected one of/],
] as const) {
  test(`the body ${JSON.stringify(body)} is refused`, () => {
    const read = readBody(FIELDS, body, { id: 'ABC' });
    assert.match(read.ok ? 'it was read' : read.why, why);
  });
}

test('what is required is missed', () => {
  const fields = { tenant: { kind: 'text', max: 5, required: true, description: 'd' } } as const;
  assert.deepEqual(readBody(fields, {}, {}), { ok: false, why: 'tenant is missing' });
});
