// One row for each way in which a policy may have changed between a record and now.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { DATA, FILE, MACHINE, makeCertificate, type Pair, readFrom } from '../../config/test-support.ts';
import { loadConfig } from '../../config/load.ts';
import type { ReasonCode } from '../../core/fault.ts';
import type { Settings } from '../../core/settings.ts';
import { createJudge, type Unknown, type Verdict } from './judge-recorded.ts';
import { readLine, type Recorded } from './recorded.ts';

const HASH = `sha256:${'a'.repeat(64)}`;
const BASE = `listen: [{ address: 0.0.0.0:443 }]
endpoints: [{ name: production, data: ${DATA} }]
`;
const TENANTS = `tenants:
  - { id: acme, tokens: ["${HASH}"] }
  - { id: globex, sources: [198.51.100.0/24] }
`;

const RECORD = {
  ...{ event: 'decision', door: 'connect', client_ip: '198.51.100.7', tenant: null, target_host: DATA, target_port: 443 },
  ...{ sni: DATA, alpn: null, would_deny: [], reason: 'OK', upstream_ip: '3.3.3.3' },
};

let pair: Pair;
before(() => (pair = makeCertificate(['proxy.example.com', 'gw.example.com'])));

function settingsOf(text: string): Settings {
  const readFile = readFrom({ '/etc/pinhole/cert.pem': pair.certificate, '/etc/pinhole/key.pem': pair.key });
  const loaded = loadConfig(text, FILE, {}, readFile, MACHINE);
  assert.ok('settings' in loaded, JSON.stringify(loaded));
  return loaded.settings;
}

function judge(record: object, policy: string): Verdict {
  const recorded = readLine(JSON.stringify({ ...RECORD, ...record })) as Recorded;
  assert.equal(typeof recorded, 'object', 'the record was read');
  return createJudge(settingsOf(policy))(recorded);
}

const same = (): Verdict => ({ kind: 'same' });
const ifProven = (): Verdict => ({ kind: 'same-if-proven' });
const now = (code: ReasonCode | null): Verdict => ({ kind: 'differs', now: code });
const unknown = (why: Unknown): Verdict => ({ kind: 'unknown', why });

const ELSEWHERE = BASE.replace(DATA, DATA.replace('a1', 'z9'));
const PINNED = `${BASE}resolve: { pin: [{ host: ${DATA}, port: 443, to: "127.0.0.1:1" }] }\n`;
const TLS = `${BASE}tls: { certificate: cert.pem, key: key.pem }\ngateway: [{ name: gw.example.com, endpoint: production }]\n`;

describe('what was recorded, before what is now', () => {
  for (const [what, record, policy, expected] of [
    ['allowed, and nothing has changed', {}, BASE, same()],
    ['its endpoint is gone', {}, ELSEWHERE, now('TARGET_NOT_ALLOWED')],
    ['its port is gone', { target_port: 8443 }, BASE, now('PORT_NOT_ALLOWED')],
    ['its endpoint has come', { reason: 'TARGET_NOT_ALLOWED', upstream_ip: null, sni: null }, BASE, now('OK')],
    ['it was on no list, and is not now', { reason: 'TARGET_NOT_ALLOWED', target_host: 'example.com', upstream_ip: null }, BASE, same()],
    ['nobody may be anonymous now', { client_ip: '192.0.2.1' }, BASE + TENANTS, now('AUTH_REQUIRED')],
    ['its source has a tenant now', {}, BASE + TENANTS, same()],
    ['its tenant is there', { tenant: 'acme' }, BASE + TENANTS, ifProven()],
    ['its tenant is there by its source', { tenant: 'globex' }, BASE + TENANTS, same()],
    ['its tenant’s source is another now', { tenant: 'globex', client_ip: '192.0.2.1' }, BASE + TENANTS, now('AUTH_REQUIRED')],
    ['its tenant is gone', { tenant: 'gone', client_ip: '192.0.2.1' }, BASE + TENANTS, now('AUTH_INVALID')],
    ['its tenant is gone, and its source is another’s', { tenant: 'gone' }, BASE + TENANTS, unknown('credentials')],
    ['there are no tenants any more', { tenant: 'acme' }, BASE, same()],
    ['it showed nothing, and need not now', { reason: 'AUTH_REQUIRED', upstream_ip: null, sni: null }, BASE, now('OK')],
    ['it showed nothing, and its source does now', { reason: 'AUTH_REQUIRED', sni: null, upstream_ip: null }, BASE + TENANTS, now('OK')],
    ['it showed something wrong', { reason: 'AUTH_INVALID', sni: null }, BASE + TENANTS, unknown('credentials')],
    ['it showed something wrong, and nobody looks now', { reason: 'AUTH_INVALID', sni: null }, BASE, now('OK')],
    [
      'its tenant may not come from there',
      { tenant: 'acme', reason: 'SOURCE_NOT_ALLOWED', sni: null, upstream_ip: null },
      BASE + TENANTS,
      now('OK'),
    ],
    ['another name in its hello is enforced now', { sni: 'other.example', would_deny: ['SNI_MISMATCH'] }, BASE, now('SNI_MISMATCH')],
    [
      'another name in its hello is allowed now',
      { sni: 'x.example', reason: 'SNI_MISMATCH' },
      `${BASE}policy: { sni: report }\n`,
      now('OK'),
    ],
    ['no name in its hello, which was only reported', { sni: null, would_deny: ['SNI_MISSING'] }, BASE, now('SNI_MISSING')],
    ['nobody looked at its hello', { sni: null }, BASE, unknown('hello')],
    ['nobody looked at its hello, and nobody does', { sni: null }, `${BASE}policy: { sni: off, alpn: off }\n`, same()],
    ['a protocol that is enforced now', { alpn: 'h3,h2', would_deny: ['ALPN_NOT_ALLOWED'] }, BASE, now('ALPN_NOT_ALLOWED')],
    ['no hello at all', { reason: 'HELLO_MALFORMED', sni: null }, BASE, same()],
    [
      'no hello at all, and none is needed',
      { reason: 'HELLO_MALFORMED', sni: null },
      `${BASE}policy: { sni: off, alpn: off }\n`,
      now('OK'),
    ],
    ['a private address that was accepted', { upstream_ip: '10.1.2.3' }, BASE, now('ADDRESS_NOT_ALLOWED')],
    ['a pin that is gone', { upstream_ip: '127.0.0.1' }, BASE, unknown('resolution')],
    ['a pin that is there', { upstream_ip: '127.0.0.1' }, PINNED, same()],
    ['an address that was refused', { reason: 'ADDRESS_NOT_ALLOWED', upstream_ip: null, sni: null }, BASE, unknown('resolution')],
    ['its form', { reason: 'HEAD_MALFORMED', target_host: null, target_port: null }, ELSEWHERE, unknown('form')],
    ['a limit', { reason: 'NODE_FULL', upstream_ip: null, sni: null }, BASE, unknown('moment')],
    ['a limit, before what is on no list now', { reason: 'NODE_FULL', upstream_ip: null }, ELSEWHERE, now('TARGET_NOT_ALLOWED')],
    ['refused for what comes first now', { reason: 'TARGET_NOT_ALLOWED', client_ip: '192.0.2.1' }, BASE + TENANTS, now('AUTH_REQUIRED')],
    ['a summary', { reason: 'TARGET_NOT_ALLOWED', count: 12, target_host: null }, BASE, unknown('summarised')],
    ['a gateway', { door: 'gateway', sni: 'gw.example.com' }, TLS, same()],
    ['a gateway that is gone', { door: 'gateway', sni: 'gw.example.com' }, BASE, now(null)],
    ['the sni door', { door: 'sni' }, BASE, same()],
    ['a name that led to no door', { door: null, reason: 'TARGET_NOT_ALLOWED', sni: 'evil.example', target_host: null }, BASE, same()],
    ['a name that led to no door, and is listed now', { door: null, reason: 'TARGET_NOT_ALLOWED', target_host: null }, BASE, now('OK')],
  ] as const satisfies readonly (readonly [string, object, string, Verdict])[]) {
    test(what, () => assert.deepEqual(judge(record, policy), expected));
  }
});

describe('a line of a log', () => {
  for (const [what, line, expected] of [
    ['the end of a tunnel', '{"event":"close","reason":"OK"}', 'other'],
    ['an event of the node', '{"time":"x","event":"node-ready"}', 'other'],
    ['nothing', '', 'other'],
    ['no JSON', '{"event":"decision"', 'unreadable'],
    ['half a line', 'on","event":"decision","id":"x"}', 'unreadable'],
    ['JSON that is no record', '[1]', 'unreadable'],
    ['a reason that there is none of', JSON.stringify({ ...RECORD, reason: 'MAYBE' }), 'unreadable'],
    ['a client that is no address', JSON.stringify({ ...RECORD, client_ip: 'not an ip' }), 'unreadable'],
    ['a name that no client could ask for', JSON.stringify({ ...RECORD, target_host: 'x'.repeat(60_000) }), 'unreadable'],
    ['a number of refusals that is none', JSON.stringify({ ...RECORD, count: 1e308 }), 'unreadable'],
    ['fewer refusals than one', JSON.stringify({ ...RECORD, count: -5 }), 'unreadable'],
    ['a name of an object', JSON.stringify({ ...RECORD, reason: 'toString' }), 'unreadable'],
  ] as const) {
    test(`${what} is ${expected}`, () => assert.equal(readLine(line), expected));
  }
});
