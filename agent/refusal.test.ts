import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalFailure } from './refusal.ts';

const refusal = {
  status: 403,
  phrase: 'TARGET_NOT_ALLOWED',
  reason: 'TARGET_NOT_ALLOWED',
  request: 'R',
  retryAfterMs: undefined,
  body: '',
};

test('the message of the body is shown, and a body that is not ours is not', () => {
  assert.match(refusalFailure({ ...refusal, body: '{"message":"not on the list"}' }).facts.detail, /: not on the list$/);
  for (const body of ['<html>', '{"message":7}', 'null', ''])
    assert.equal(refusalFailure({ ...refusal, body }).facts.detail, '403 TARGET_NOT_ALLOWED');
});

test('an answer without a reason is not from Pinhole', () => {
  const { facts } = refusalFailure({ ...refusal, reason: undefined, status: 407, phrase: 'Proxy Authentication Required' });
  assert.deepEqual([facts.code, facts.fixer], ['HTTP_407', 'device']);
});

test('what it says to people names leg, cause and who must fix it', () => {
  assert.equal(
    refusalFailure(refusal).explain(),
    [
      "failed at: the proxy's answer (request R)",
      'what:      TARGET_NOT_ALLOWED: 403 TARGET_NOT_ALLOWED',
      'who:       the operator of the proxy: the endpoint is not on the list; check --endpoint, then have it listed',
    ].join('\n'),
  );
});
