// What is seen, and whose matter it is: the table that the doctor is right by. The broken worlds of sandbox/breaks try the same over real sockets.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Leg } from '../failure.ts';
import type { CauseId } from './causes.ts';
import type { CheckId } from './checks.ts';
import { reach } from './findings.ts';
import { judge } from './judge.ts';
import type { Question, Sight } from './sight.ts';

const QUESTION: Question = {
  proxyHost: 'proxy.test',
  endpoint: 'a1b2c3d4-ats.iot.eu-west-1.amazonaws.com',
  wantedDoors: [],
  hasOwnRoots: false,
};

const LEG_OF: Partial<Record<CheckId, Leg>> = {
  tcp: 'proxy-tcp',
  'proxy-tls': 'proxy-tls',
  answer: 'proxy-answer',
  ready: 'proxy-answer',
  'aws-tls': 'endpoint-tls',
  'large-hello': 'endpoint-tls',
  'aws-answer': 'proxy-answer',
  credentials: 'credentials',
  mqtt: 'mqtt',
  idle: 'mqtt',
};

function good(check: CheckId, more: Partial<Sight> = {}): Sight {
  return { check, address: '192.0.2.1:443', door: null, trouble: null, seen: '', ...more };
}

function bad(check: CheckId, code: string, more: Partial<Sight> & { leg?: Leg; detail?: string } = {}): Sight {
  const { leg = LEG_OF[check] ?? 'settings', detail = '', ...rest } = more;
  return good(check, { trouble: { leg, code, detail }, seen: code, ...rest });
}

const CERTIFICATE = { names: ['*.iot.eu-west-1.amazonaws.com'], validFromMs: 0, validToMs: 0 };
const byCorp = { certificate: { ...CERTIFICATE, issuers: ['Example Corp TLS Inspection'] } };
const byAmazon = { certificate: { ...CERTIFICATE, issuers: ['Amazon RSA 2048 M01, Amazon, US'] } };
const ofProxy = { certificate: { ...CERTIFICATE, names: ['proxy.test'], issuers: ['R3'] } };
const elsewhere = { address: '192.0.2.2:443' };
const page = { answer: { status: 200, isPinhole: false, isPage: true, marks: [] } };

/** A sight, what else was seen, and the cause. */
const CASES: readonly (readonly [what: string, sight: Sight, others: readonly Sight[], cause: CauseId | null])[] = [
  ['a good one', good('tcp'), [], null],
  ['a list of another key', bad('list', 'UNKNOWN_KEY'), [], 'list-bad'],
  ['a list from tomorrow', bad('list', 'FROM_THE_FUTURE'), [], 'clock-wrong'],
  ['a list that cannot be had', bad('list', 'HTTP_404'), [], 'list-gone'],
  ['a name that is not there', bad('name', 'ENOTFOUND'), [], 'name-unknown'],
  ['a name that is elsewhere', bad('name', 'ELSEWHERE'), [], 'name-elsewhere'],

  ['the only address refuses', bad('tcp', 'ECONNREFUSED'), [], 'port-refused'],
  ['one of two refuses', bad('tcp', 'ECONNREFUSED'), [good('tcp', elsewhere)], 'node-down'],
  ['both refuse', bad('tcp', 'ECONNREFUSED'), [bad('tcp', 'ECONNREFUSED', elsewhere)], 'port-refused'],
  ['the only address is silent', bad('tcp', 'TIMEOUT'), [], 'port-silent'],
  ['one of two is silent', bad('tcp', 'TIMEOUT'), [good('tcp', elsewhere)], 'address-missing'],
  ['there is no route', bad('tcp', 'ENETUNREACH'), [], 'port-silent'],

  ['a foreign 407', bad('answer', 'HTTP_407'), [], 'login-wanted'],
  ['a redirect', bad('ready', 'HTTP_302'), [], 'login-page'],
  ['a page', bad('ready', 'HTTP_200', page), [], 'login-page'],
  ['a foreign 503', bad('answer', 'HTTP_503'), [], 'foreign-answer'],
  ['a closed node', bad('ready', 'NOT_READY'), [], 'node-closed'],
  ['no answer', bad('answer', 'TIMEOUT'), [], 'node-silent'],
  ['a cut', bad('answer', 'ECONNRESET'), [], 'connection-cut'],
  ['another protocol', bad('answer', 'ANSWER_MALFORMED'), [], 'not-the-proxy'],
  [
    'a mark of another proxy',
    good('answer', { answer: { status: 200, isPinhole: false, isPage: false, marks: ['via'] } }),
    [],
    'proxy-between',
  ],
  ['a client certificate that was not given', bad('answer', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), [], 'login-missing'],
  ['a client certificate that was refused', bad('answer', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'), [], 'login-wrong'],
  ['not on the list', bad('answer', 'TARGET_NOT_ALLOWED'), [], 'not-listed'],
  ['a wrong token', bad('answer', 'AUTH_INVALID'), [], 'login-wrong'],
  ['a full node', bad('answer', 'NODE_FULL'), [], 'limited'],
  ['a drain', bad('answer', 'DRAINING'), [], 'draining'],
  ['no node reaches AWS', bad('answer', 'DIAL_TIMEOUT'), [bad('answer', 'DIAL_TIMEOUT', elsewhere)], 'aws-away'],
  ['one node does not reach AWS', bad('answer', 'DIAL_TIMEOUT'), [good('aws-tls', elsewhere)], 'node-cannot-reach'],

  ['a stranger has signed', bad('aws-tls', 'SELF_SIGNED_CERT_IN_CHAIN', byCorp), [], 'inspected'],
  ['a stranger has signed, whom this machine trusts', bad('aws-tls', 'NOT_AMAZON', byCorp), [], 'inspected'],
  ['a stranger has signed the proxy’s', bad('proxy-tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', byCorp), [], 'inspected'],
  ['Amazon has signed, and its root is not here', bad('aws-tls', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', byAmazon), [], 'roots-missing'],
  ['the proxy’s certificate is over', bad('proxy-tls', 'CERT_HAS_EXPIRED'), [good('clock')], 'certificate-expired'],
  ['both certificates are over', bad('proxy-tls', 'CERT_HAS_EXPIRED'), [bad('aws-tls', 'CERT_HAS_EXPIRED')], 'clock-wrong'],
  ['the proxy’s is over by a clock that is off', bad('proxy-tls', 'CERT_HAS_EXPIRED'), [bad('clock', 'CLOCK_OFF')], 'clock-wrong'],
  ['AWS’s certificate is over', bad('aws-tls', 'CERT_HAS_EXPIRED'), [], 'clock-wrong'],
  ['the proxy’s certificate is not yet valid', bad('proxy-tls', 'CERT_NOT_YET_VALID'), [], 'clock-wrong'],
  ['the proxy has another name', bad('proxy-tls', 'ERR_TLS_CERT_ALTNAME_INVALID', ofProxy), [], 'certificate-of-another'],
  ['the proxy itself answers on sni', bad('aws-tls', 'ERR_TLS_CERT_ALTNAME_INVALID', { door: 'sni', ...ofProxy }), [], 'door-off'],
  [
    'a stranger answers behind the tunnel',
    bad('aws-tls', 'ERR_TLS_CERT_ALTNAME_INVALID', { door: 'connect', ...byAmazon }),
    [],
    'aws-other-certificate',
  ],
  ['TLS gets no answer', bad('aws-tls', 'TIMEOUT'), [], 'tls-swallowed'],
  ['TLS is cut', bad('proxy-tls', 'ECONNRESET'), [], 'connection-cut'],
  ['TLS is cut by what answers HTTP', bad('proxy-tls', 'ECONNRESET'), [bad('ready', 'HTTP_407')], 'login-wanted'],
  ['an answer without end', bad('ready', 'ANSWER_TOO_LONG'), [], 'foreign-answer'],
  ['no HTTP and no TLS', bad('aws-tls', 'ERR_SSL_WRONG_VERSION_NUMBER'), [bad('ready', 'HPE_INVALID_CONSTANT')], 'not-the-proxy'],
  ['TLS that has none of our protocols', bad('proxy-tls', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'), [], 'not-the-proxy'],
  ['the same in place of AWS', bad('aws-tls', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'), [], 'alpn-changed'],
  [
    'the same, of a stranger',
    bad('aws-tls', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', {
      retries: { same: 'x', withoutAlpn: 'DEPTH_ZERO_SELF_SIGNED_CERT', withoutName: 'x' },
    }),
    [],
    'inspected',
  ],
  ['an alert where no certificate was shown', bad('aws-tls', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'), [], 'connection-cut'],
  [
    'an alert to the device certificate',
    bad('mqtt', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', { leg: 'endpoint-tls' }),
    [],
    'certificate-inactive',
  ],
  ['HTTP in place of TLS', bad('proxy-tls', 'ERR_SSL_WRONG_VERSION_NUMBER'), [bad('ready', 'HTTP_302')], 'login-page'],
  ['the clock is off', bad('clock', 'CLOCK_OFF'), [], 'clock-wrong'],
  ['a large hello is lost', bad('large-hello', 'TIMEOUT'), [], 'hello-too-large'],
  ['a large hello meets a limit before it is sent', bad('large-hello', 'NODE_FULL', { leg: 'proxy-answer' }), [], 'limited'],

  [
    'an inactive certificate',
    bad('credentials', 'HTTP_403', { detail: 'Certificate is invalid on this endpoint' }),
    [],
    'certificate-inactive',
  ],
  ['a wrong thing', bad('credentials', 'HTTP_403', { detail: 'Invalid thing name passed' }), [], 'credentials-refused'],
  ['a credential provider that is not listed', bad('credentials', 'TARGET_NOT_ALLOWED', { leg: 'proxy-answer' }), [], 'not-listed'],
  ['a session that the policy forbids', bad('mqtt', 'CONNACK_135'), [], 'session-refused'],
  [
    'a session of an inactive certificate',
    bad('mqtt', 'CLOSED'),
    [bad('credentials', 'HTTP_403', { detail: 'Certificate is invalid' })],
    'certificate-inactive',
  ],
  ['a signature by a wrong clock', bad('mqtt', 'HTTP_403', { leg: 'upgrade' }), [bad('clock', 'CLOCK_OFF')], 'clock-wrong'],
  [
    'a session at which a signature is lost',
    bad('mqtt', 'TIMEOUT', { leg: 'upgrade' }),
    [bad('large-hello', 'TIMEOUT')],
    'hello-too-large',
  ],
  ['a silent session is gone', bad('idle', 'CLOSED'), [], 'idle-cut'],
  ['a silent session gets no answer', bad('idle', 'TIMEOUT'), [], 'idle-cut'],
  ['a silent session was taken over', bad('idle', 'DISCONNECT_142'), [], 'client-id-taken'],
];

describe('judge', () => {
  for (const [what, sight, others, cause] of CASES)
    test(`${what}: ${cause}`, () => assert.equal(judge(sight, QUESTION, [sight, ...others]), cause));
});

/** Alerts before a certificate, and handshakes that break: what a smaller hello meets decides. */
const RETRIED: readonly (readonly [
  code: string,
  door: 'connect' | 'sni',
  same: string,
  withoutAlpn: string,
  withoutName: string,
  cause: CauseId,
])[] = [
  [
    'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    'connect',
    'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    'ok',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'alpn-changed',
  ],
  [
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'connect',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'ok',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'alpn-changed',
  ],
  [
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'connect',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'name-removed',
  ],
  ['ERR_SSL_BAD_RECORD_MAC', 'sni', 'ERR_SSL_BAD_RECORD_MAC', 'ERR_SSL_BAD_RECORD_MAC', 'ERR_TLS_CERT_ALTNAME_INVALID', 'name-removed'],
  ['ERR_SSL_BAD_RECORD_MAC', 'sni', 'ERR_SSL_BAD_RECORD_MAC', 'ERR_SSL_BAD_RECORD_MAC', 'ERR_SSL_BAD_RECORD_MAC', 'hello-changed'],
  [
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'sni',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'not-listed',
  ],
  ['ECONNRESET', 'connect', 'ok', 'ok', 'ok', 'connection-cut'],
  ['ECONNRESET', 'connect', 'ECONNRESET', 'ok', 'ECONNRESET', 'alpn-changed'],
];
for (const [code, door, same, withoutAlpn, withoutName, cause] of RETRIED) {
  test(`on ${door}, ${code}, again ${same}, without ALPN ${withoutAlpn}, without a name ${withoutName}: ${cause}`, () => {
    const sight = bad('aws-tls', code, { door, retries: { same, withoutAlpn, withoutName } });
    assert.equal(judge(sight, QUESTION, [sight]), cause);
  });
}

test('an alert on sni is explained by what the same name meets on connect', () => {
  const alert = bad('aws-tls', 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', { door: 'sni' });
  const onConnect = (sight: Sight): CauseId | null => judge(alert, QUESTION, [alert, sight]);
  assert.equal(onConnect(good('answer', { door: 'connect' })), 'door-off');
  assert.equal(onConnect(bad('answer', 'DIAL_REFUSED', { door: 'connect' })), 'aws-away');
  assert.equal(onConnect(bad('answer', 'TENANT_TUNNELS_FULL', { door: 'connect' })), 'limited');
});

describe('reach', () => {
  const answered = good('aws-answer', { door: 'connect' });

  test('a door that is not there is a fault only where it was asked for', () => {
    const sights = [answered, bad('aws-tls', 'ERR_TLS_CERT_ALTNAME_INVALID', { door: 'sni', ...ofProxy })];
    const unasked = reach(sights, QUESTION);
    assert.deepEqual([unasked.isGood, unasked.findings.length, unasked.sights[1]?.mark], [true, 0, 'absent']);
    const asked = reach(sights, { ...QUESTION, wantedDoors: ['sni'] });
    assert.deepEqual([asked.isGood, asked.findings[0]?.cause], [false, 'door-off']);
  });

  test('a remark is no failure', () => {
    const { isGood, findings } = reach([answered, bad('ready', 'NOT_READY')], QUESTION);
    assert.deepEqual([isGood, findings.map(({ isRemark }) => isRemark)], [true, [true]]);
  });

  test('where nothing came to its end all is not good, whatever else was seen', () => {
    assert.equal(reach([good('tcp'), good('aws-answer', { skipped: 'not reached' })], QUESTION).isGood, false);
  });

  test('one cause at two addresses is one finding, with both, and the sentence names them', () => {
    const { findings } = reach([bad('tcp', 'ECONNREFUSED'), bad('tcp', 'ECONNREFUSED', elsewhere)], QUESTION);
    assert.deepEqual(
      findings.map(({ cause, addresses, fixer }) => [cause, addresses, fixer]),
      [['port-refused', ['192.0.2.1:443', '192.0.2.2:443'], 'site']],
    );
    assert.match(findings[0]?.ask ?? '', /let TCP connections out to 192\.0\.2\.1:443, 192\.0\.2\.2:443/);
  });

  test('what was seen is not taken for a place in the sentence', () => {
    const { findings } = reach([bad('answer', 'INTERNAL', { seen: '{target} {where} $& $1' })], QUESTION);
    assert.match(findings[0]?.ask ?? '', /\(\{target\} \{where\} \$& \$1\)/);
  });
});
