import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseList } from './list.ts';
import { checkSignatures, newKey, parsePrivateKey, parsePublicKeys, signList } from './signature.ts';

const VECTORS = JSON.parse(readFileSync(new URL('../../docs/address-vectors.json', import.meta.url), 'utf8')) as {
  keys: { one: { private: string; public: string; id: string } };
  vectors: { text: string }[];
};

test('a list signed again by the key of the vectors is the list of the vectors, byte for byte', () => {
  const [good] = VECTORS.vectors;
  const parsed = parseList(good?.text ?? '');
  const key = parsePrivateKey(VECTORS.keys.one.private);
  assert.ok(parsed.ok && key);
  assert.equal(key.id, VECTORS.keys.one.id);
  assert.equal(signList(parsed.list, [key]), good?.text);
});

test('a new key signs what its public half verifies, and no two are alike', () => {
  const [made, other] = [newKey(), newKey()];
  assert.notEqual(made.id, other.id);
  const [parsed, key] = [parseList(VECTORS.vectors[0]?.text ?? ''), parsePrivateKey(made.privatePem)];
  assert.ok(parsed.ok && key);
  const signed = parseList(signList(parsed.list, [key]));
  assert.ok(signed.ok);
  assert.deepEqual(checkSignatures(signed, parsePublicKeys(made.publicPem) ?? []), { known: [made.id], right: [made.id] });
  assert.deepEqual(checkSignatures(signed, parsePublicKeys(other.publicPem) ?? []), { known: [], right: [] });
});

test('a PEM file may hold several public keys', () => {
  const [a, b] = [newKey(), newKey()];
  assert.deepEqual(
    parsePublicKeys(`old\n${a.publicPem}new\n${b.publicPem}`)?.map(({ id }) => id),
    [a.id, b.id],
  );
});

test('what is no Ed25519 key is none', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  for (const pem of ['', 'garbage', newKey().publicPem, rsa.privateKey.export({ format: 'pem', type: 'pkcs8' })])
    assert.equal(parsePrivateKey(pem), null);
  const notOurs = rsa.publicKey.export({ format: 'pem', type: 'spki' });
  for (const pem of [
    '',
    newKey().privatePem,
    notOurs,
    newKey().publicPem + notOurs,
    '-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----',
  ])
    assert.equal(parsePublicKeys(pem), null);
});
