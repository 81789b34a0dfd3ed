import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { judgeList, parseKeys, published } from './address-list.ts';

interface Vectors {
  readonly keys: Readonly<Record<string, { readonly id: string; readonly private: string; readonly public: string }>>;
  readonly vectors: readonly { name: string; keys: readonly string[]; now: string; text: string; expect: string }[];
}

const { vectors, keys } = JSON.parse(readFileSync(new URL('../docs/address-vectors.json', import.meta.url), 'utf8')) as Vectors;

function keysOf(names: readonly string[]) {
  return parseKeys(names.map((name) => keys[name]?.public ?? '').join('')) ?? assert.fail();
}

for (const { name, keys: given, now, text, expect } of vectors) {
  test(`${name}: ${expect}`, () => {
    const judged = judgeList(text, keysOf(given), Date.parse(now));
    assert.equal(judged.ok ? 'OK' : judged.code, expect, judged.ok ? '' : judged.why);
  });
}

test('a good list says what to dial first and what last, and nothing else', () => {
  const [good] = vectors;
  const judged = judgeList(good?.text ?? '', keysOf(['one']), Date.parse(good?.now ?? ''));
  assert.ok(judged.ok);
  const { list } = judged;
  assert.deepEqual([list.fleet, list.proxy], ['example-eu', { host: 'proxy.example.com', port: 443 }]);
  const first = ['203.0.113.10', '203.0.113.20'];
  assert.deepEqual(published(list, Date.parse('2027-01-31T23:59:59Z')), { first, last: ['203.0.113.30', '203.0.113.5'] });
  assert.deepEqual(published(list, Date.parse('2027-02-01T00:00:00Z')), { first, last: ['203.0.113.30'] });
});

test('what is no public Ed25519 key is none', () => {
  for (const pem of ['', 'garbage', keys['one']?.private ?? '', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'])
    assert.equal(parseKeys(pem), null);
  assert.deepEqual([...(parseKeys(`${keys['one']?.public}${keys['two']?.public}`)?.keys() ?? [])], [keys['one']?.id, keys['two']?.id]);
});
