import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Field } from './request-head.ts';
import { upstreamFields } from './upgrade-fields.ts';

const OWN_HOP = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
];

function fieldsFor(fields: readonly Field[]): unknown {
  return upstreamFields({ method: 'GET', target: '/mqtt', version: '1.1', fields }).slice(OWN_HOP.length);
}

test('our own hop comes first, whatever the client said', () => {
  const fields: Field[] = [
    ['upgrade', 'WebSocket'],
    ['connection', 'keep-alive, Upgrade'],
  ];
  assert.deepEqual(upstreamFields({ method: 'GET', target: '/mqtt', version: '1.1', fields }), OWN_HOP);
});

test('what the handshake needs goes in a fixed order and spelling', () => {
  const fields: Field[] = [
    ['user-agent', 'paho'],
    ['origin', 'https://gw.test'],
    ['sec-websocket-extensions', 'permessage-deflate'],
    ['sec-websocket-protocol', 'mqtt'],
    ['authorization', 'AWS4-HMAC-SHA256 x'],
    ['sec-websocket-version', '13'],
    ['sec-websocket-key', 'k'],
    ['sec-websocket-protocol', 'mqttv3.1'],
  ];
  assert.deepEqual(fieldsFor(fields), [
    ['Sec-WebSocket-Key', 'k'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Protocol', 'mqtt, mqttv3.1'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate'],
    ['Origin', 'https://gw.test'],
    ['User-Agent', 'paho'],
    ['Authorization', 'AWS4-HMAC-SHA256 x'],
  ]);
});

test("AWS's own fields and a custom authorizer's pass as they are", () => {
  const fields: Field[] = [
    ['x-amz-date', '20261121T000000Z'],
    ['x-amz-security-token', 't'],
    ['x-amz-customauthorizer-name', 'n'],
    ['x-amz-customauthorizer-signature', 's'],
    ['my-token-key', 'v'],
    ['__proto__', 'x'],
  ];
  assert.deepEqual(fieldsFor(fields), fields);
});

for (const name of [
  'host',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'keep-alive',
  'expect',
  'http2-settings',
  'proxy-authorization',
  'proxy-connection',
  'proxy-anything',
  'x-forwarded-for',
  'x_forwarded_for',
  'x-forwarded-proto',
  'x-forwarded-anything',
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cookie',
  'sec-websocket-accept',
]) {
  test(`${name} never goes upstream`, () => {
    assert.deepEqual(fieldsFor([[name, 'x']]), []);
  });
}
