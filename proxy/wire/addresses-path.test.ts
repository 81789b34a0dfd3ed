import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksForAddresses, hasEtag } from './addresses-path.ts';
import type { Field } from './request-head.ts';

const PATH = '/.well-known/pinhole/addresses.json';

for (const [method, target, expected] of [
  ['GET', PATH, true],
  ['HEAD', PATH, true],
  ['GET', `${PATH}?v=1`, true],
  ['POST', PATH, false],
  ['CONNECT', PATH, false],
  ['GET', `${PATH}/`, false],
  ['GET', PATH.toUpperCase(), false],
  ['GET', `http://proxy.example.com${PATH}`, false],
  ['GET', `/x/..${PATH}`, false],
  ['GET', PATH.replace('.well', '%2ewell'), false],
] as const) {
  test(`${method} ${target}: ${expected}`, () => {
    assert.equal(asksForAddresses({ method, target, version: '1.1', fields: [['host', 'evil.test']] }), expected);
  });
}

const ETAG = '"0123456789abcdef"';

for (const [values, expected] of [
  [[], false],
  [[ETAG], true],
  [[`W/${ETAG}`], true],
  [['*'], true],
  [[`"other" , ${ETAG}`], true],
  [['"other"', ETAG], true],
  [['"other"'], false],
  [[ETAG.replaceAll('"', '')], false],
  [[`"other, ${ETAG.slice(1)}`], false],
  [[''], false],
] as const) {
  test(`If-None-Match: ${values.join(' | ') || '(none)'}: ${expected ? 'known' : 'new'}`, () => {
    const fields = values.map((value): Field => ['if-none-match', value]);
    assert.equal(hasEtag({ method: 'GET', target: PATH, version: '1.1', fields }, ETAG), expected);
  });
}
