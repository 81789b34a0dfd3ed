import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Json, signedBytes } from './canonical.ts';
import { judgeList, LIST_FAULTS } from './judge.ts';
import { type ListKey, parsePublicKeys } from './signature.ts';

interface Vectors {
  readonly keys: Readonly<Record<string, { readonly id: string; readonly public: string }>>;
  readonly signedBytes: string;
  readonly signedBytesOf: number;
  readonly vectors: readonly { name: string; keys: readonly string[]; now: string; text: string; expect: string }[];
}

const { vectors, keys, ...file } = JSON.parse(readFileSync(new URL('../../docs/address-vectors.json', import.meta.url), 'utf8')) as Vectors;

function keysOf(names: readonly string[]): ListKey[] {
  return names.flatMap((name) => parsePublicKeys(keys[name]?.public ?? '') ?? assert.fail(name));
}

for (const { name, keys: given, now, text, expect } of vectors) {
  test(`${name}: ${expect}`, () => {
    const judged = judgeList(text, keysOf(given), Date.parse(now));
    assert.equal(judged.ok ? 'OK' : judged.code, expect, judged.ok ? '' : judged.why);
  });
}

test('the vectors have a list for every word', () => {
  assert.deepEqual(new Set(vectors.map(({ expect }) => expect)), new Set(['OK', ...LIST_FAULTS]));
});

test('the bytes that are signed are those of the vectors', () => {
  const document = JSON.parse(vectors[file.signedBytesOf]?.text ?? '') as { readonly [name: string]: Json };
  assert.equal(signedBytes(document)?.toString('utf8'), file.signedBytes);
});

test('it is said by which keys a list is signed', () => {
  const both = vectors.find(({ name }) => name === 'two signatures, the old key');
  const judged = judgeList(both?.text ?? '', keysOf(['one', 'two']), Date.parse(both?.now ?? ''));
  assert.deepEqual(judged.ok && judged.signedBy, [keys['one']?.id, keys['two']?.id]);
});
