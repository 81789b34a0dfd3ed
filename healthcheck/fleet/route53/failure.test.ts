import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTrouble, mayTryAgain, wasOvertaken } from './failure.ts';

function thrown(name: string, more: object = {}): Error {
  return Object.assign(new Error(`said ${name}`), { name, ...more });
}

for (const [error, again, code] of [
  [thrown('Throttling'), true, 'THROTTLED'],
  [thrown('ThrottlingException'), true, 'THROTTLED'],
  [thrown('PriorRequestNotComplete'), true, 'ZONE_BUSY'],
  [thrown('Error', { code: 'ECONNREFUSED' }), true, 'NETWORK_LOST'],
  [thrown('Error', { code: 'ECONNRESET' }), true, 'NETWORK_LOST'],
  [thrown('Error', { code: 'ENOTFOUND' }), true, 'NETWORK_LOST'],
  [thrown('TimeoutError'), true, 'NETWORK_LOST'],
  [thrown('AggregateError', { errors: [{ code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' }] }), true, 'NETWORK_LOST'],
  [thrown('ServiceUnavailable', { $metadata: { httpStatusCode: 503 } }), true, 'API_FAILED'],
  [thrown('AccessDenied', { $metadata: { httpStatusCode: 403 } }), false, 'CREDENTIALS_REFUSED'],
  [thrown('InvalidClientTokenId'), false, 'CREDENTIALS_REFUSED'],
  [thrown('SignatureDoesNotMatch'), false, 'CREDENTIALS_REFUSED'],
  [thrown('CredentialsProviderError'), false, 'CREDENTIALS_MISSING'],
  [thrown('NoSuchHostedZone'), false, 'ZONE_NOT_FOUND'],
  [thrown('InvalidChangeBatch', { messages: ['first', 'second'] }), false, 'BATCH_REFUSED'],
  [thrown('TooManyHealthChecks'), false, 'QUOTA_REACHED'],
  [thrown('InvalidInput'), false, 'API_FAILED'],
  ['a string', false, 'API_FAILED'],
] as const) {
  const name = typeof error === 'string' ? error : `${error.name} ${'code' in error ? String(error.code) : ''}`;
  test(`${name}: ${code}, ${again ? 'worth another try' : 'final'}`, () => {
    assert.equal(mayTryAgain(error), again);
    const trouble = asTrouble(error, 'reading');
    assert.equal(trouble.code, code);
    assert.match(trouble.message, /\(reading: /);
    assert.equal(trouble.cause, error);
    assert.equal(asTrouble(trouble, 'again'), trouble);
  });
}

test('what was wrong with a batch is said in the API’s words', () => {
  const trouble = asTrouble(thrown('InvalidChangeBatch', { messages: ['first', 'second'] }), 'changing the records');
  assert.match(trouble.message, /^BATCH_REFUSED: .*\(changing the records: InvalidChangeBatch, first; second\)$/);
});

for (const [name, expected] of [
  ['InvalidChangeBatch', true],
  ['HealthCheckVersionMismatch', true],
  ['NoSuchHealthCheck', true],
  ['AccessDenied', false],
  ['Throttling', false],
] as const) {
  test(`${name} ${expected ? 'asks for another look' : 'does not'}`, () => assert.equal(wasOvertaken(thrown(name)), expected));
}
