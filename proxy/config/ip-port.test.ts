import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpPort } from './ip-port.ts';

for (const [text, expected] of [
  ['0.0.0.0:443', { address: '0.0.0.0', port: 443 }],
  ['127.0.0.1:0', { address: '127.0.0.1', port: 0 }],
  ['[::]:443', { address: '::', port: 443 }],
  ['[2001:DB8:0:0::1]:8443', { address: '2001:db8::1', port: 8443 }],
  ['localhost:443', null],
  ['127.0.0.1', null],
  ['127.0.0.1:', null],
  ['127.0.0.1:65536', null],
  ['127.0.0.1:0443', null],
  ['127.0.0.1:+443', null],
  ['127.1:443', null],
  ['::1:443', null],
  ['[127.0.0.1]:443', null],
  ['[fe80::1%eth0]:443', null],
  ['443', null],
] as const) {
  test(`parseIpPort reads ${text}`, () => assert.deepEqual(parseIpPort(text), expected));
}
