import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { sniff } from './sniff.ts';

const V2 = '\r\n\r\n\0\r\nQUIT\n';

for (const [bytes, expected] of [
  ['', 'more'],
  ['C', 'http'],
  ['CONNECT a:443 HTTP/1.1', 'http'],
  ['c', 'http'],
  ['\r', 'more'],
  ['\r\n', 'more'],
  ['\r\nC', 'http'],
  ['\r\n\r\nC', 'http'],
  ['\r\n\r\n\r', 'http'],
  ['\n', 'http'],
  [' CONNECT', 'http'],
  ['\tCONNECT', 'http'],
  ['\rC', 'http'],
  ['P', 'more'],
  ['PR', 'more'],
  ['PRI * HTTP/2.0', 'http'],
  ['PROXY', 'more'],
  ['PROXYX', 'http'],
  ['PROXY ', 'proxy'],
  ['PROXY TCP4', 'proxy'],
  ['POST /', 'http'],
  [V2.slice(0, 4), 'more'],
  [V2.slice(0, 11), 'more'],
  [V2, 'proxy'],
  [`${V2}\x11`, 'proxy'],
  ['\r\n\r\n\0X', 'unknown'],
  ['\r\n\0', 'unknown'],
  ['\x16', 'more'],
  ['\x16\x03', 'tls'],
  ['\x16\x03\x01\x02', 'tls'],
  ['\x16\x02', 'unknown'],
  ['\x16\x05\x04', 'unknown'],
  ['\x15\x03', 'unknown'],
  ['\x17\x03', 'unknown'],
  ['\x80.\x01', 'unknown'],
  ['\x04\x01', 'unknown'],
  ['\x05\x01\0', 'unknown'],
  ['\x10\x0e', 'unknown'],
  ['*1\r\n', 'unknown'],
  ['1', 'unknown'],
  ['\0', 'unknown'],
  ['\xff', 'unknown'],
] as const) {
  test(`sniff takes ${JSON.stringify(bytes)} for ${expected}`, () => {
    assert.equal(sniff(Buffer.from(bytes, 'latin1')), expected);
  });
}

test('once decided, more bytes change nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }), (first, rest) => {
      const before = sniff(Buffer.from(first));
      if (before !== 'more') assert.equal(sniff(Buffer.concat([first, rest])), before);
    }),
  );
});

test('twelve bytes always decide', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), (bytes) => {
      assert.notEqual(sniff(Buffer.from(bytes)), 'more');
    }),
  );
});
