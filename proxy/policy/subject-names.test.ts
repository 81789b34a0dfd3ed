import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectNames } from './subject-names.ts';

for (const [text, expected] of [
  ['', []],
  ['DNS:acme.example', ['acme.example']],
  ['DNS:a.example, IP Address:192.0.2.1, URI:spiffe://x/y, email:a@b.example', ['a.example', 'spiffe://x/y', 'a@b.example']],
  // One entry that looks like two (CVE-2021-44532).
  ['DNS:"a.example, DNS:evil.example"', []],
  ['DNS:"a\\", DNS:evil.example", DNS:b.example', ['b.example']],
  ['DNS:"a\\\\", DNS:b.example', ['b.example']],
  ['DNS:"unfinished, DNS:evil.example', []],
  ['othername:<unsupported>, DirName:CN = acme', []],
  ['DNS:', []],
] as const) {
  test(`${text || 'nothing'}: ${expected.join(' ') || 'no name'}`, () => assert.deepEqual(subjectNames(text), expected));
}
