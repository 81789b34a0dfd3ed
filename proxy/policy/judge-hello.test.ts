import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckMode, PolicySettings } from '../core/settings.ts';
import { judgeHello, peeks } from './judge-hello.ts';

const HOST = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const OTHER = 'z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com';

function policy(sni: CheckMode, alpn: CheckMode, allowMissingSni = false): PolicySettings {
  return { sni, alpn, address: 'enforce', allowMissingSni, revoked: 'close' };
}
const STRICT = policy('enforce', 'enforce');

function hello(sni: string | null, ...alpn: string[]): { sni: string | null; alpn: readonly string[]; tls13: boolean } {
  return { sni, alpn, tls13: true };
}

test('a hello for the target without ALPN passes', () => {
  assert.deepEqual(judgeHello(hello(HOST), HOST, STRICT), { deny: null, wouldDeny: [] });
});

test('SNI is compared without letter case', () => {
  assert.equal(judgeHello(hello(HOST.toUpperCase()), HOST, STRICT).deny, null);
});

for (const sni of [OTHER, `${HOST}.`, `x.${HOST}`, '', '52.1.2.3', `${HOST}\0.evil.test`, HOST.replace('a1b2', '\u212a1b2')]) {
  test(`another name in SNI is a mismatch: ${JSON.stringify(sni)}`, () => {
    assert.deepEqual(judgeHello(hello(sni), HOST, STRICT), { deny: 'SNI_MISMATCH', wouldDeny: [] });
  });
}

test('the Kelvin sign is not the letter k', () => {
  assert.equal(judgeHello(hello('\u212aey.example.com'), 'key.example.com', STRICT).deny, 'SNI_MISMATCH');
});

test('no SNI is a refusal', () => {
  assert.equal(judgeHello(hello(null), HOST, STRICT).deny, 'SNI_MISSING');
});

test('allowMissingSni forgives a missing name, not another one', () => {
  const lenient = policy('enforce', 'enforce', true);
  assert.equal(judgeHello(hello(null), HOST, lenient).deny, null);
  assert.equal(judgeHello(hello(OTHER), HOST, lenient).deny, 'SNI_MISMATCH');
});

for (const protocol of ['x-amzn-mqtt-ca', 'mqtt', 'x-amzn-http-ca', 'http/1.1', 'h2']) {
  test(`ALPN ${protocol} is served by AWS`, () => assert.equal(judgeHello(hello(HOST, protocol), HOST, STRICT).deny, null));
}

for (const offer of [['spdy/3'], ['h2', 'h3'], ['MQTT'], [''], ['h2', 'evil']]) {
  test(`one ALPN that AWS does not serve refuses the offer: ${offer.join(',')}`, () => {
    assert.equal(judgeHello(hello(HOST, ...offer), HOST, STRICT).deny, 'ALPN_NOT_ALLOWED');
  });
}

test('report allows and says what it would have refused', () => {
  const verdict = judgeHello(hello(OTHER, 'spdy/3'), HOST, policy('report', 'report'));
  assert.deepEqual(verdict, { deny: null, wouldDeny: ['SNI_MISMATCH', 'ALPN_NOT_ALLOWED'] });
});

test('each check has a mode of its own', () => {
  const both = hello(OTHER, 'spdy/3');
  assert.deepEqual(judgeHello(both, HOST, policy('report', 'enforce')), { deny: 'ALPN_NOT_ALLOWED', wouldDeny: ['SNI_MISMATCH'] });
  assert.deepEqual(judgeHello(both, HOST, policy('enforce', 'report')), { deny: 'SNI_MISMATCH', wouldDeny: ['ALPN_NOT_ALLOWED'] });
  assert.deepEqual(judgeHello(both, HOST, policy('off', 'enforce')), { deny: 'ALPN_NOT_ALLOWED', wouldDeny: [] });
  assert.deepEqual(judgeHello(both, HOST, policy('enforce', 'off')), { deny: 'SNI_MISMATCH', wouldDeny: [] });
});

/** What cannot be read is judged by the stricter of the two modes. */
for (const [sni, alpn, deny, would] of [
  ['enforce', 'enforce', true, false],
  ['enforce', 'report', true, false],
  ['off', 'enforce', true, false],
  ['report', 'report', false, true],
  ['report', 'off', false, true],
  ['off', 'report', false, true],
  ['off', 'off', false, false],
] as const) {
  for (const code of ['HELLO_MALFORMED', 'HELLO_TIMEOUT'] as const) {
    test(`${code} with sni ${sni} and alpn ${alpn}`, () => {
      const verdict = judgeHello({ code }, HOST, policy(sni, alpn, true));
      assert.deepEqual(verdict, { deny: deny ? code : null, wouldDeny: would ? [code] : [] });
    });
  }
}

for (const [sni, alpn, expected] of [
  ['off', 'off', false],
  ['report', 'off', true],
  ['off', 'enforce', true],
  ['enforce', 'enforce', true],
] as const) {
  test(`peeks is ${expected} with sni ${sni} and alpn ${alpn}`, () => assert.equal(peeks(policy(sni, alpn)), expected));
}
