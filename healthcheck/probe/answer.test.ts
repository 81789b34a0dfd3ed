import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeRefusal, judgeUpgrade, parseAnswer, refusalWords } from './answer.ts';

for (const [head, status, phrase, fields] of [
  ['HTTP/1.1 200 Connection established', 200, 'Connection established', {}],
  ['HTTP/1.0 200 OK', 200, 'OK', {}],
  [
    'HTTP/1.1 502 DIAL_REFUSED\r\nPinhole-Reason: DIAL_REFUSED\r\nX: a:b',
    502,
    'DIAL_REFUSED',
    { 'pinhole-reason': 'DIAL_REFUSED', x: 'a:b' },
  ],
  ['HTTP/1.1 503', 503, '', {}],
  ['HTTP/1.1 503 \r\nno colon\r\n: no name', 503, '', {}],
] as const) {
  test(`an answer is read: ${JSON.stringify(head)}`, () => {
    const answer = parseAnswer(head);
    assert.deepEqual([answer?.status, answer?.phrase, Object.fromEntries(answer?.fields ?? [])], [status, phrase, fields]);
  });
}

for (const head of ['', 'SSH-2.0-x', 'HTTP/2 200 OK', 'HTTP/1.1 20 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 200 \x00', ' HTTP/1.1 200 OK']) {
  test(`no answer: ${JSON.stringify(head)}`, () => assert.equal(parseAnswer(head), null));
}

for (const [status, reason, outcome] of [
  [502, 'RESOLVE_FAILED', 'upstream'],
  [502, 'DIAL_REFUSED', 'upstream'],
  [504, 'DIAL_TIMEOUT', 'upstream'],
  [502, '', 'upstream'],
  [403, 'ADDRESS_NOT_ALLOWED', 'upstream'],
  [503, 'NODE_FULL', 'unclear'],
  [503, 'NODE_RATE_LIMITED', 'unclear'],
  [503, 'PORTS_EXHAUSTED', 'unclear'],
  [503, 'DRAINING', 'unclear'],
  [429, 'TENANT_RATE_LIMITED', 'unclear'],
  [403, 'TARGET_NOT_ALLOWED', 'ours'],
  [407, 'AUTH_REQUIRED', 'unclear'],
  [407, 'AUTH_INVALID', 'unclear'],
  [407, '', 'ours'],
  [400, 'HOST_MISMATCH', 'ours'],
  [500, 'INTERNAL', 'ours'],
] as const) {
  test(`${status} ${reason} is ${outcome}`, () => assert.equal(judgeRefusal(status, reason), outcome));
}

for (const [status, fields, outcome] of [
  [403, { 'pinhole-answer': 'upstream' }, 'through'],
  [403, { 'pinhole-answer': 'upstream', 'x-amzn-errortype': 'ForbiddenException' }, 'through'],
  [403, {}, 'ours'],
  [403, { 'pinhole-reason': 'SOURCE_NOT_ALLOWED' }, 'unclear'],
  [403, { 'pinhole-reason': 'ADDRESS_NOT_ALLOWED' }, 'upstream'],
  [500, { 'pinhole-answer': 'upstream' }, 'upstream'],
  [503, { 'pinhole-answer': 'upstream' }, 'upstream'],
  [429, { 'pinhole-answer': 'upstream' }, 'upstream'],
  [404, { 'pinhole-answer': 'upstream' }, 'unclear'],
  [502, { 'pinhole-reason': 'UPSTREAM_TLS_FAILED' }, 'upstream'],
  [503, { 'pinhole-reason': 'NODE_FULL' }, 'unclear'],
  [426, { 'pinhole-reason': 'UPGRADE_INVALID' }, 'ours'],
] as const) {
  test(`an upgrade answered by ${status} ${JSON.stringify(fields)} is ${outcome}`, () =>
    assert.equal(judgeUpgrade({ status, fields: new Map(Object.entries(fields)) }), outcome));
}

test('words from the wire are repeated only where they are a code of ours', () => {
  assert.equal(refusalWords(502, 'DIAL_REFUSED'), '502 DIAL_REFUSED');
  assert.equal(refusalWords(502, ''), '502');
  assert.equal(refusalWords(502, '<script>'), '502');
  assert.equal(refusalWords(502, 'A'.repeat(41)), '502');
});
