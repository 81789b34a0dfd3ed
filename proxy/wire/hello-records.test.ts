import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloMessage, records } from '../test/hostile/hello-bytes.ts';
import { readHelloMessage, u16 } from './hello-records.ts';

const MESSAGE = helloMessage({ sni: 'iot.example.com' });

test('u16 reads two octets, high first', () => {
  assert.equal(u16(Buffer.from([9, 0x12, 0xff]), 1), 0x12ff);
});

test('a message in one record is not copied', () => {
  const bytes = records(MESSAGE);
  const step = readHelloMessage(bytes, 0);
  assert.ok(step.kind === 'message');
  assert.equal(step.body.buffer, bytes.buffer);
  assert.deepEqual(step.body, MESSAGE.subarray(4));
});

test('a message over records comes out whole, from wherever it starts', () => {
  const input = records(MESSAGE, 7);
  const step = readHelloMessage(Buffer.concat([Buffer.from('before'), input]), 6);
  assert.ok(step.kind === 'message');
  assert.deepEqual(step.body, MESSAGE.subarray(4));
  assert.equal(step.length, input.length);
});
