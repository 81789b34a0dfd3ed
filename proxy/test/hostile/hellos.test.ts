// Every ClientHello made by hand, read as it must be by the parser alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClientHello } from '../../wire/client-hello.ts';
import { DATA } from './fixture.ts';
import { EARLY_DATA, HELLO_CASES, REFUSED } from './hello-cases.ts';
import { hello } from './hello-bytes.ts';

for (const { id, what, bytes, named } of HELLO_CASES) {
  test(`${id}: a hello with ${what} ${named === REFUSED ? 'is refused' : `names ${named ?? 'nobody'}`}`, () => {
    const step = readClientHello(bytes);
    if (named === REFUSED) {
      assert.ok(step.kind === 'fault', step.kind);
      assert.equal(step.code, 'HELLO_MALFORMED');
    } else {
      assert.ok(step.kind === 'hello', step.kind);
      assert.equal(step.hello.sni, named);
      assert.equal(bytes.length - step.length, id === 'SN-052' ? EARLY_DATA.length : 0);
    }
  });
}

test('SN-036: a hello split at every offset is the same', () => {
  const bytes = hello({ sni: DATA });
  for (let at = 0; at < bytes.length; at++) assert.equal(readClientHello(bytes.subarray(0, at)).kind, 'more');
});
