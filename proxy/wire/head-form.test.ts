import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEAD_FIELDS_MAX } from '../core/limits.ts';
import { checkHeadForm, hasConnectionOption } from './head-form.ts';
import type { Field, RequestHead } from './request-head.ts';

function head(fields: readonly Field[], version: '1.0' | '1.1' = '1.1'): RequestHead {
  return { method: 'CONNECT', target: 'a.test:443', version, fields };
}

const HOST: Field = ['host', 'a.test'];

for (const [name, fields] of [
  ['Host alone', [HOST]],
  ['an empty Host, which others judge', [['host', '']]],
  ['a length of 0', [HOST, ['content-length', '0']]],
  ['Connection: close', [HOST, ['connection', 'close']]],
  ['Connection with empty elements', [HOST, ['connection', ' , close,,\tKeep-Alive, ']]],
  ['Connection naming what is not there', [HOST, ['connection', 'close, x-absent, proxy-authorization']]],
  [
    'Connection naming hop-by-hop fields',
    [HOST, ['connection', 'TE, Upgrade, HTTP2-Settings'], ['te', 'trailers'], ['upgrade', 'h2c'], ['http2-settings', 'A']],
  ],
  ['Proxy-Connection naming anything', [HOST, ['proxy-connection', 'Host, close']]],
  ['one set of credentials', [HOST, ['proxy-authorization', 'Basic eA==']]],
] as const) {
  test(`${name} is well-formed`, () => {
    assert.deepEqual(checkHeadForm(head(fields)), { ok: true, value: fields[0][1] });
  });
}

for (const [name, fields] of [
  ['no Host', []],
  ['two Hosts', [HOST, ['host', 'b.test']]],
  ['two equal Hosts', [HOST, HOST]],
  ['Transfer-Encoding', [HOST, ['transfer-encoding', 'chunked']]],
  ['an empty Transfer-Encoding', [HOST, ['transfer-encoding', '']]],
  ['a length of 5', [HOST, ['content-length', '5']]],
  ['a length of 00', [HOST, ['content-length', '00']]],
  ['a length of +0', [HOST, ['content-length', '+0']]],
  ['an empty length', [HOST, ['content-length', '']]],
  ['a list of lengths', [HOST, ['content-length', '0, 0']]],
  ['two equal lengths', [HOST, ['content-length', '0'], ['content-length', '0']]],
  ['Expect', [HOST, ['expect', '100-continue']]],
  ['two sets of credentials', [HOST, ['proxy-authorization', 'Basic eA=='], ['proxy-authorization', 'Basic eA==']]],
  ['Connection naming Host', [HOST, ['connection', 'close, Host']]],
  ['Connection naming itself', [HOST, ['connection', 'connection']]],
  ['a second Connection naming Host', [HOST, ['connection', 'close'], ['connection', 'host']]],
  ['Connection naming a field of its own', [HOST, ['x-mine', '1'], ['connection', 'x-mine']]],
  ['Connection with more options than fields may be', [HOST, ['connection', 'a,'.repeat(HEAD_FIELDS_MAX + 1)]]],
] as const) {
  test(`${name} is malformed`, () => {
    const form = checkHeadForm(head(fields));
    assert.equal(form.ok ? 'fine' : form.code, 'HEAD_MALFORMED');
  });
}

test('as many options as fields may be are fine', () => {
  assert.equal(checkHeadForm(head([HOST, ['connection', 'a,'.repeat(HEAD_FIELDS_MAX)]])).ok, true);
});

test('HTTP/1.0 may leave Host out, and may not send two', () => {
  assert.deepEqual(checkHeadForm(head([], '1.0')), { ok: true, value: null });
  assert.equal(checkHeadForm(head([HOST, HOST], '1.0')).ok, false);
});

test('an option is found whatever its case and place, and is no part of a word', () => {
  assert.equal(hasConnectionOption(head([['connection', 'keep-alive ,\tUPGRADE']]), 'upgrade'), true);
  assert.equal(
    hasConnectionOption(
      head([
        ['connection', 'close'],
        ['connection', 'Upgrade'],
      ]),
      'upgrade',
    ),
    true,
  );
  assert.equal(hasConnectionOption(head([['connection', 'upgraded, no-upgrade, up grade']]), 'upgrade'), false);
  assert.equal(hasConnectionOption(head([['connection', '\xa0upgrade']]), 'upgrade'), false);
});
