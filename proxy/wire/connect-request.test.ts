import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConnect } from './connect-request.ts';
import type { Field, RequestHead } from './request-head.ts';

const OURS = new Set(['proxy.test', '127.0.0.1', '2001:db8::1']);

function outcome(target: string, fields: readonly Field[], rest: Partial<RequestHead> = {}): string {
  const checked = checkConnect({ method: 'CONNECT', target, version: '1.1', fields, ...rest }, (host) => OURS.has(host));
  return checked.ok ? `${checked.value.target.host} ${checked.value.target.port}` : checked.code;
}

for (const [host, expected] of [
  ['a.test:443', 'a.test 443'],
  ['a.test', 'a.test 443'],
  ['A.Test:443', 'a.test 443'],
  ['proxy.test', 'a.test 443'],
  ['Proxy.Test:8443', 'a.test 443'],
  ['127.0.0.1', 'a.test 443'],
  ['127.0.0.1:3128', 'a.test 443'],
  ['[2001:DB8:0::1]:443', 'a.test 443'],
  ['a.test:22', 'HOST_MISMATCH'],
  ['a.test:0443', 'HOST_MISMATCH'],
  ['a.test:', 'HOST_MISMATCH'],
  ['a.test.', 'HOST_MISMATCH'],
  ['a.test:443, evil.test', 'HOST_MISMATCH'],
  ['user@a.test:443', 'HOST_MISMATCH'],
  ['evil.test', 'HOST_MISMATCH'],
  ['169.254.169.254', 'HOST_MISMATCH'],
  ['[::1]', 'HOST_MISMATCH'],
  ['127.1', 'HOST_MISMATCH'],
  ['', 'HOST_MISMATCH'],
] as const) {
  test(`CONNECT a.test:443 with Host ${JSON.stringify(host)}: ${expected}`, () => {
    assert.equal(outcome('a.test:443', [['host', host]]), expected);
  });
}

test('the target decides, not the Host', () => {
  assert.equal(outcome('evil.test:443', [['host', 'a.test:443']]), 'HOST_MISMATCH');
});

test('HTTP/1.0 needs no Host, but one that is sent must fit', () => {
  assert.equal(outcome('a.test:443', [], { version: '1.0' }), 'a.test 443');
  assert.equal(outcome('a.test:443', [['host', 'evil.test']], { version: '1.0' }), 'HOST_MISMATCH');
});

for (const [name, target, fields, expected] of [
  ['a malformed target', 'a.test', [['host', 'a.test']], 'TARGET_MALFORMED'],
  ['no Host', 'a.test:443', [], 'HEAD_MALFORMED'],
  [
    'a body',
    'a.test:443',
    [
      ['host', 'a.test'],
      ['transfer-encoding', 'chunked'],
    ],
    'HEAD_MALFORMED',
  ],
  [
    'an upgrade',
    'a.test:443',
    [
      ['host', 'a.test'],
      ['upgrade', 'h2c'],
    ],
    'HEAD_MALFORMED',
  ],
  ['an IP address', '127.0.0.1:443', [['host', '127.0.0.1:443']], 'TARGET_NOT_ALLOWED'],
  ['an IPv6 address', '[::1]:443', [['host', '[::1]:443']], 'TARGET_NOT_ALLOWED'],
  // Form first: whoever sends this gets no answer about targets.
  ['an IP address and no Host', '127.0.0.1:443', [], 'HEAD_MALFORMED'],
  [
    'an IP address and two credentials',
    '127.0.0.1:443',
    [
      ['host', 'a'],
      ['proxy-authorization', 'x'],
      ['proxy-authorization', 'x'],
    ],
    'HEAD_MALFORMED',
  ],
] as const) {
  test(`a CONNECT with ${name}: ${expected}`, () => {
    assert.equal(outcome(target, fields), expected);
  });
}

test('a head that is no CONNECT is not served here', () => {
  assert.equal(outcome('a.test:443', [['host', 'a.test']], { method: 'connect' }), 'METHOD_NOT_ALLOWED');
  assert.equal(outcome('http://a.test/', [['host', 'a.test']], { method: 'GET' }), 'METHOD_NOT_ALLOWED');
});

test('fields that clients send with a CONNECT are left alone', () => {
  const fields: Field[] = [
    ['host', 'a.test'],
    ['connection', 'close'],
    ['proxy-connection', 'keep-alive'],
    ['content-length', '0'],
    ['x-upstream-https-proxy', 'http://evil.test:3128'],
    ['user-agent', 'x'],
  ];
  assert.equal(outcome('a.test:443', fields), 'a.test 443');
});
