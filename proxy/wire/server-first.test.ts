import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { handshake, record, records } from '../test/hostile/hello-bytes.ts';
import { assertEverySplit } from '../test/hostile/splits.ts';
import { readServerFirst } from './server-first.ts';

/** What OpenSSL 3.5 answers to a hello without a key share for its group: a HelloRetryRequest and a ChangeCipherSpec. */
const REAL_RETRY = Buffer.from(
  '1603030058020000540303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c2038553b358ae085f4294e4567b68f76d87dd5e1' +
    '0b2fa94cbe6c29c8e9903aafd8130200000c002b00020304003300020019140303000101',
  'hex',
);
const RETRY_RECORD_LENGTH = 93;
const RETRY = REAL_RETRY.subarray(5, RETRY_RECORD_LENGTH);
/** The last octet of the random is the 38th of the message, and decides. */
const DECIDED_AT = 38;

test('a real HelloRetryRequest is one', () => {
  assert.equal(readServerFirst(REAL_RETRY), 'hello-retry');
});

test('every prefix wants more until the random is whole, at every split', () => {
  assertEverySplit({
    input: REAL_RETRY.subarray(0, 5 + DECIDED_AT),
    reader: () => readServerFirst,
    isMore: (answer) => answer === 'more',
  });
});

test('one spread over records is still one', () => {
  for (let size = 1; size < RETRY.length; size++) assert.equal(readServerFirst(records(RETRY, size)), 'hello-retry');
});

/** The HelloRetryRequest with one octet of its message changed. */
function changed(at: number): Buffer {
  const bytes = Buffer.from(REAL_RETRY);
  bytes[5 + at] = (bytes[5 + at] ?? 0) ^ 1;
  return bytes;
}

test('another octet in type, version or random makes it something else, at once', () => {
  for (const at of [0, 4, 5, ...Array.from({ length: 32 }, (_, index) => 6 + index)]) {
    assert.equal(readServerFirst(changed(at)), 'other');
    assert.equal(readServerFirst(changed(at).subarray(0, 5 + at + 1)), 'other');
  }
});

for (const [name, bytes] of [
  ['a ServerHello', record(22, handshake(2, Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.alloc(40)])), 0x0303)],
  ['an alert', Buffer.from('15030300020228', 'hex')],
  ['plain text', Buffer.from('HTTP/1.1 400 Bad Request\r\n')],
  ['a record of version 2', Buffer.from('1602', 'hex')],
  ['an empty record', Buffer.from('1603030000', 'hex')],
  ['a record of more than 2^14 octets', Buffer.from('1603034001', 'hex')],
  ['a message of 64 KiB', Buffer.from('16030300100201', 'hex')],
] as const) {
  test(`${name} is something else`, () => {
    assert.equal(readServerFirst(bytes), 'other');
  });
}

test('nothing yet wants more', () => {
  assert.equal(readServerFirst(Buffer.alloc(0)), 'more');
});

test('random bytes never throw, and an answer stays', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', '1603030058', '16030300580200005403'),
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(60),
      (start, list, at) => {
        const bytes = Buffer.concat([Buffer.from(start, 'hex'), Buffer.from(list)]);
        const early = readServerFirst(bytes.subarray(0, at));
        if (early !== 'more') assert.equal(readServerFirst(bytes), early);
      },
    ),
    { numRuns: 1_000 },
  );
});
