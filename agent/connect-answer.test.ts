import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER_BYTES_MAX, readAnswer } from './connect-answer.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

test('a plain 200 is read, and what follows it is left', () => {
  const state = readAnswer(bytes('HTTP/1.1 200 Connection established\r\n\r\n\x16\x03'));
  assert.ok(state.kind === 'answer');
  assert.equal(state.answer.status, 200);
  assert.equal(state.answer.phrase, 'Connection established');
  assert.equal(state.answer.headLength, 39);
});

test('fields are read with lower-case names and trimmed values, the first of a name winning', () => {
  const state = readAnswer(bytes('HTTP/1.0 403 TARGET_NOT_ALLOWED\r\nPinhole-Reason: \t A \r\npinhole-reason: B\r\nEmpty:\r\n\r\n'));
  assert.ok(state.kind === 'answer');
  assert.deepEqual(
    [...state.answer.fields],
    [
      ['pinhole-reason', 'A'],
      ['empty', ''],
    ],
  );
});

test('every prefix of an answer asks for more', () => {
  const whole = bytes('HTTP/1.1 503 DRAINING\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n');
  for (let length = 0; length < whole.length; length += 1)
    assert.equal(readAnswer(whole.subarray(0, length)).kind, 'more', `after ${length} bytes`);
  assert.equal(readAnswer(whole).kind, 'answer');
});

for (const [name, text, why] of [
  ['another protocol', 'SSH-2.0-OpenSSH_9\r\n', 'it is not HTTP/1.x'],
  ['TLS', '\x15\x03\x01\x00\x02\x02\x16', 'it is TLS, not HTTP: this port wants https://'],
  ['HTTP/2', 'HTTP/2 200 \r\n\r\n', 'it is not HTTP/1.x'],
  ['bare LF', 'HTTP/1.1 200 OK\n\n', 'a line does not end with CRLF'],
  ['bare CR', 'HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n', 'a line does not end with CRLF'],
  ['no space after the status', 'HTTP/1.1 200\r\n\r\n', 'the status line is "HTTP/1.1 200"'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'the status line is "HTTP/1.1 20 OK"'],
  ['a field without a colon', 'HTTP/1.1 200 OK\r\nhello\r\n\r\n', 'a field is "hello"'],
  ['a folded field', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', 'a field is " c"'],
  ['a blank before the colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n', 'a field is "A : b"'],
  ['a head without end', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(ANSWER_BYTES_MAX)}`, 'the head is longer than 8 KiB'],
  ['too many fields', `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(51)}\r\n`, 'the head has more than 50 fields'],
] as const) {
  test(`${name} is malformed`, () => {
    assert.deepEqual(readAnswer(bytes(text)), { kind: 'malformed', why });
  });
}
