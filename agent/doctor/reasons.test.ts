// docs/reasons.md has every reason that can come over HTTP; the doctor knows whose matter each is.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { causeOf } from './causes.ts';
import { causeOfReason } from './reasons.ts';

const page = readFileSync(new URL('../../docs/reasons.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| ([0-9]{3})[^|]* \| (client|proxy|upstream) \|/gm)].map(
  ([, code = '', status = '', blame = '']) => ({
    code,
    status,
    blame,
  }),
);

test('every refusal of the page has a cause', () => {
  assert.ok(rows.length > 25, `${rows.length} rows`);
  const unknown = rows.filter(({ code }) => code !== 'OK' && causeOfReason(code, []) === null);
  assert.deepEqual(unknown, []);
});

test('what the page blames on the proxy is for its operator, and what it blames on the upstream never for the site', () => {
  for (const { code, blame } of rows) {
    const cause = causeOfReason(code, []);
    if (cause === null) continue;
    if (blame === 'proxy') assert.equal(causeOf(cause).fixer, 'operator', code);
    if (blame === 'upstream') assert.notEqual(causeOf(cause).fixer, 'site', code);
  }
});

test('a word that is no reason of Pinhole’s has none', () => {
  for (const code of ['HTTP_407', 'TIMEOUT', 'toString', '__proto__']) assert.equal(causeOfReason(code, []), null);
});
