import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewAfter } from './keys.ts';
import type { View } from './screen.ts';

const VIEW: View = { list: 'tunnels', by: 'rate', from: 3 };

for (const [what, keys, expected] of [
  ['a list', 'n', { ...VIEW, list: 'tenants', from: 0 }],
  ['the next list', '\t', { ...VIEW, list: 'tenants', from: 0 }],
  ['the first list again', '\t\t\t\t', { ...VIEW, from: 0 }],
  ['an order', 'b', { ...VIEW, by: 'bytes', from: 0 }],
  ['down', '\u001B[B', { ...VIEW, from: 4 }],
  ['down, as some terminals say it', '\u001BOB', { ...VIEW, from: 4 }],
  ['up beyond the first', '\u001B[A\u001B[A\u001B[A\u001B[A\u001B[A', { ...VIEW, from: 0 }],
  ['a page', '\u001B[6~', { ...VIEW, from: 13 }],
  ['several at once', 'gaj', { list: 'targets', by: 'age', from: 1 }],
  ['what is no key', 'x\u001B[15~ü', VIEW],
  ['a letter inside a sequence', '\u001B[1;5Q', VIEW],
  ['the end', 'q', null],
  ['Ctrl-C', '\u0003', null],
  ['the end behind others', 'nbq', null],
] as const) {
  test(`${what}: ${JSON.stringify(keys)}`, () => assert.deepEqual(viewAfter(keys, VIEW), expected));
}
