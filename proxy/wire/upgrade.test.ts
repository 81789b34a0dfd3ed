import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Field, RequestHead } from './request-head.ts';
import { checkUpgrade } from './upgrade.ts';

const GATEWAY = { name: 'gw.proxy.test', targetHost: 'data.iot.test', origins: ['https://app.example.test'] };
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

interface Change {
  readonly target?: string;
  readonly method?: string;
  readonly version?: '1.0' | '1.1';
  /** Replaces the field of this name, or drops it. */
  readonly set?: Readonly<Record<string, string | null>>;
  readonly add?: readonly Field[];
}

function head({ target = '/mqtt', method = 'GET', version = '1.1', set = {}, add = [] }: Change = {}): RequestHead {
  const fields = new Map<string, string | null>([
    ['host', 'gw.proxy.test'],
    ['upgrade', 'websocket'],
    ['connection', 'Upgrade'],
    ['sec-websocket-key', KEY],
    ['sec-websocket-version', '13'],
    ['sec-websocket-protocol', 'mqtt'],
    ...Object.entries(set),
  ]);
  const kept = [...fields].filter((field): field is [string, string] => field[1] !== null);
  return { method, target, version, fields: [...kept, ...add] };
}

function outcome(change: Change, origins: readonly string[] = GATEWAY.origins): string {
  const checked = checkUpgrade(head(change), { ...GATEWAY, origins });
  if (checked.ok) return 'fine';
  return checked.status === undefined ? checked.code : `${checked.code} ${checked.status}`;
}

test('a good upgrade gives its path and a fresh list of fields', () => {
  const target = '/mqtt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Security-Token=a%2Fb+c=';
  assert.deepEqual(checkUpgrade(head({ target }), GATEWAY), {
    ok: true,
    value: {
      path: target,
      fields: [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Key', KEY],
        ['Sec-WebSocket-Version', '13'],
        ['Sec-WebSocket-Protocol', 'mqtt'],
      ],
    },
  });
});

for (const [name, change] of [
  ['its endpoint as Host', { set: { host: 'data.iot.test' } }],
  ['its endpoint as Host, with the port', { set: { host: 'Data.IoT.test:443' } }],
  ['a forwarded port in Host', { set: { host: 'gw.proxy.test:8443' } }],
  ['WebSocket in capitals', { set: { upgrade: 'WebSocket' } }],
  ['more options in Connection', { set: { connection: 'keep-alive, Upgrade' } }],
  ['a length of 0, which Java sends', { set: { 'content-length': '0' } }],
  ['no subprotocol', { set: { 'sec-websocket-protocol': null } }],
  ['an empty query', { target: '/mqtt?' }],
  ['a question mark in the query', { target: '/mqtt?a?b' }],
  ['a listed Origin', { set: { origin: 'https://app.example.test' } }],
  ['our own Origin', { set: { origin: 'https://gw.proxy.test' } }],
  ['our own Origin with its port, as Paho sends it', { set: { origin: 'https://gw.proxy.test:8443' } }],
  ['one set of credentials for us and one for AWS', { set: { 'proxy-authorization': 'Basic eA==', authorization: 'AWS4-HMAC-SHA256 x' } }],
] as const) {
  test(`an upgrade with ${name} is fine`, () => {
    assert.equal(outcome(change), 'fine');
  });
}

for (const [name, change, expected] of [
  ['POST', { method: 'POST' }, 'METHOD_NOT_ALLOWED'],
  ['CONNECT', { method: 'CONNECT', target: 'data.iot.test:443' }, 'METHOD_NOT_ALLOWED'],
  ['a method in lower case', { method: 'get' }, 'METHOD_NOT_ALLOWED'],
  ['absolute-form', { target: 'https://gw.proxy.test/mqtt' }, 'METHOD_NOT_ALLOWED'],
  ['a target that lengthens a name', { target: '.evil.test/mqtt' }, 'HEAD_MALFORMED'],
  ['a target that changes a port', { target: ':22/mqtt' }, 'HEAD_MALFORMED'],
  ['a target with userinfo', { target: '@evil.test/mqtt' }, 'HEAD_MALFORMED'],
  ['asterisk-form', { target: '*' }, 'HEAD_MALFORMED'],
  ['a fragment in the query', { target: '/mqtt?a#b' }, 'HEAD_MALFORMED'],
  ['the root', { target: '/' }, 'NOT_FOUND'],
  ['the root, and no upgrade', { target: '/', set: { upgrade: null } }, 'NOT_FOUND'],
  ['capitals in the path', { target: '/MQTT' }, 'NOT_FOUND'],
  ['a slash behind', { target: '/mqtt/' }, 'NOT_FOUND'],
  ['two slashes', { target: '//mqtt' }, 'NOT_FOUND'],
  ['dot segments', { target: '/../mqtt' }, 'NOT_FOUND'],
  ['an encoded letter', { target: '/%6dqtt' }, 'NOT_FOUND'],
  ['an encoded slash', { target: '/mqtt%2f..%2fadmin' }, 'NOT_FOUND'],
  ['a backslash', { target: '/mqtt\\..\\admin' }, 'NOT_FOUND'],
  ['a parameter', { target: '/mqtt;a=b' }, 'NOT_FOUND'],
  ['a fragment', { target: '/mqtt#a' }, 'NOT_FOUND'],
  ['a longer path', { target: '/mqttx' }, 'NOT_FOUND'],
  ['no Host', { set: { host: null } }, 'HEAD_MALFORMED'],
  ['two Hosts', { add: [['host', 'gw.proxy.test']] }, 'HEAD_MALFORMED'],
  ['a Host that is no name', { set: { host: 'gw.proxy.test, evil.test' } }, 'HEAD_MALFORMED'],
  ['a Host with an empty port', { set: { host: 'gw.proxy.test:' } }, 'HEAD_MALFORMED'],
  ['a Host with a trailing dot', { set: { host: 'gw.proxy.test.' } }, 'HEAD_MALFORMED'],
  ['an empty Host', { set: { host: '' } }, 'HEAD_MALFORMED'],
  ['a foreign Host', { set: { host: 'evil.test' } }, 'TARGET_NOT_ALLOWED'],
  ['metadata as Host', { set: { host: '169.254.169.254' } }, 'TARGET_NOT_ALLOWED'],
  ['an IPv6 Host', { set: { host: '[::1]:443' } }, 'TARGET_NOT_ALLOWED'],
  ['a longer Host', { set: { host: 'gw.proxy.test.evil.test' } }, 'TARGET_NOT_ALLOWED'],
  ['a body', { set: { 'content-length': '5' } }, 'HEAD_MALFORMED'],
  ['a chunked body', { set: { 'transfer-encoding': 'chunked' } }, 'HEAD_MALFORMED'],
  ['Expect', { set: { expect: '100-continue' } }, 'HEAD_MALFORMED'],
  [
    'two sets of credentials',
    {
      add: [
        ['proxy-authorization', 'a'],
        ['proxy-authorization', 'b'],
      ],
    },
    'HEAD_MALFORMED',
  ],
  ['Connection naming what we need', { set: { connection: 'Upgrade, Host, Sec-WebSocket-Key' } }, 'HEAD_MALFORMED'],
  ['HTTP/1.0', { version: '1.0' }, 'UPGRADE_INVALID'],
  ['no upgrade', { set: { upgrade: null, connection: null } }, 'UPGRADE_INVALID 426'],
  ['another upgrade', { set: { upgrade: 'h2c' } }, 'UPGRADE_INVALID'],
  ['two upgrades in a list', { set: { upgrade: 'websocket, h2c' } }, 'UPGRADE_INVALID'],
  ['two upgrades', { add: [['upgrade', 'websocket']] }, 'UPGRADE_INVALID'],
  ['no Connection', { set: { connection: null } }, 'UPGRADE_INVALID'],
  ['Connection without the upgrade', { set: { connection: 'keep-alive' } }, 'UPGRADE_INVALID'],
  ['no key', { set: { 'sec-websocket-key': null } }, 'UPGRADE_INVALID'],
  ['a short key', { set: { 'sec-websocket-key': 'AAAA' } }, 'UPGRADE_INVALID'],
  ['a key that is no base64', { set: { 'sec-websocket-key': '!GhlIHNhbXBsZSBub25jZQ==' } }, 'UPGRADE_INVALID'],
  ['a key with a line behind', { set: { 'sec-websocket-key': `${KEY}\n` } }, 'UPGRADE_INVALID'],
  ['two keys', { add: [['sec-websocket-key', KEY]] }, 'UPGRADE_INVALID'],
  ['no version', { set: { 'sec-websocket-version': null } }, 'UPGRADE_INVALID 426'],
  ['version 12', { set: { 'sec-websocket-version': '12' } }, 'UPGRADE_INVALID 426'],
  ['a list of versions', { set: { 'sec-websocket-version': '13, 8' } }, 'UPGRADE_INVALID 426'],
  ['two versions', { add: [['sec-websocket-version', '13']] }, 'UPGRADE_INVALID 426'],
  [
    'two Authorizations',
    {
      add: [
        ['authorization', 'a'],
        ['authorization', 'b'],
      ],
    },
    'UPGRADE_INVALID',
  ],
  ['a foreign Origin', { set: { origin: 'https://evil.test' } }, 'ORIGIN_NOT_ALLOWED'],
  ['a null Origin', { set: { origin: 'null' } }, 'ORIGIN_NOT_ALLOWED'],
  ['an empty Origin', { set: { origin: '' } }, 'ORIGIN_NOT_ALLOWED'],
  ['a longer Origin', { set: { origin: 'https://app.example.test.evil.test' } }, 'ORIGIN_NOT_ALLOWED'],
  ['a listed Origin with another port', { set: { origin: 'https://app.example.test:8443' } }, 'ORIGIN_NOT_ALLOWED'],
  ['our name as Origin without TLS', { set: { origin: 'http://gw.proxy.test' } }, 'ORIGIN_NOT_ALLOWED'],
  ['our name as userinfo of an Origin', { set: { origin: 'https://gw.proxy.test@evil.test' } }, 'ORIGIN_NOT_ALLOWED'],
  ['our name with a path as Origin', { set: { origin: 'https://gw.proxy.test/' } }, 'ORIGIN_NOT_ALLOWED'],
  [
    'two Origins',
    {
      add: [
        ['origin', 'https://app.example.test'],
        ['origin', 'https://evil.test'],
      ],
    },
    'HEAD_MALFORMED',
  ],
  // Whichever fault comes first in the order is the one that is told.
  ['a foreign Host and a foreign Origin', { set: { host: 'evil.test', origin: 'https://evil.test' } }, 'TARGET_NOT_ALLOWED'],
  ['POST and everything else wrong', { method: 'POST', target: '/x', set: { host: 'evil.test', upgrade: null } }, 'METHOD_NOT_ALLOWED'],
] as const) {
  test(`an upgrade with ${name}: ${expected}`, () => {
    assert.equal(outcome(change), expected);
  });
}

test('without a list of Origins only our own and none at all may come', () => {
  assert.equal(outcome({ set: { origin: 'https://app.example.test' } }, []), 'ORIGIN_NOT_ALLOWED');
  assert.equal(outcome({ set: { origin: 'https://gw.proxy.test' } }, []), 'fine');
  assert.equal(outcome({}, []), 'fine');
});
