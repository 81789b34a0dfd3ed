import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asProxyError, type Blame, fault, ProxyError, type ReasonCode, REASONS } from './fault.ts';

const CODES = Object.keys(REASONS) as ReasonCode[];

for (const code of CODES) {
  const { answer, blame, message } = REASONS[code];
  const words: string = message;

  test(`${code} can stand as a reason phrase and as a label`, () => assert.match(code, /^[A-Z]+(_[A-Z]+)*$/));

  test(`${code} says in a few words what was wrong, and nothing that could come from the wire`, () => {
    assert.match(words, /^[a-z/][\x20-\x7e]{3,110}[^.\s]$|^allowed$|^credentials are needed$/i);
    assert.doesNotMatch(words, /[<>"\\]/);
  });

  test(`${code} is answered in a way that exists`, () => {
    if (typeof answer === 'number') assert.ok(answer === 200 ? code === 'OK' : answer >= 400 && answer <= 504, String(answer));
    else assert.ok(answer === 'alert' || answer === 'close');
  });

  test(`${code} puts the blame where its status does`, () => {
    const expected: readonly Blame[] =
      answer === 200
        ? ['none']
        : answer === 502 || answer === 504
          ? ['upstream']
          : answer === 500 || answer === 503
            ? ['proxy']
            : code === 'ADDRESS_NOT_ALLOWED'
              ? ['upstream']
              : ['client'];
    assert.ok(expected.includes(blame), blame);
  });
}

test('a fault of the network keeps its code, its words and its cause', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new ProxyError('DIAL_REFUSED', '192.0.2.1:443: ECONNREFUSED', { cause });
  assert.equal(error.code, 'DIAL_REFUSED');
  assert.equal(error.message, 'DIAL_REFUSED: 192.0.2.1:443: ECONNREFUSED');
  assert.equal(error.cause, cause);
  assert.equal(error.name, 'ProxyError');
});

test('asProxyError gives a known fault back as it is', () => {
  const error = new ProxyError('DIAL_TIMEOUT', 'no answer');
  assert.equal(asProxyError(error), error);
});

for (const thrown of [new TypeError('x is undefined'), 'a string', undefined, null, { code: 'DIAL_TIMEOUT' }]) {
  test(`asProxyError makes INTERNAL of ${String(thrown)}, and keeps it as the cause`, () => {
    const error = asProxyError(thrown);
    assert.equal(error.code, 'INTERNAL');
    assert.equal(error.cause, thrown);
  });
}

test('a fault as a value has its code and its words', () => {
  assert.deepEqual(fault('HEAD_MALFORMED', 'bare CR'), { ok: false, code: 'HEAD_MALFORMED', why: 'bare CR' });
});
