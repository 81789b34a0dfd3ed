import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Door, ListedHost } from '../core/settings.ts';
import { HostList } from './host-list.ts';
import { matchesName, routeSni, type OurNames, type SniRoute } from './sni-route.ts';

const DATA = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const MQTT_ONLY = 'b1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const CUSTOM = 'iot.example.com';

function entry(host: string, ports: readonly number[]): ListedHost {
  return { host, kind: 'data', endpoint: 'production', ports, accept: [], anyAccount: false };
}
const LISTED = entry(DATA, [443, 8883]);
const LISTED_CUSTOM = entry(CUSTOM, [443]);

const NAMES: OurNames = {
  list: new HostList([LISTED, entry(MQTT_ONLY, [8883]), LISTED_CUSTOM]),
  gateways: new Set(['gw.proxy.test', 'gw.example.com']),
  tlsNames: ['proxy.test', '*.example.com'],
};

const ALL: readonly Door[] = ['connect', 'connect-tls', 'sni', 'gateway'];
const TLS: SniRoute = { door: 'tls', gateway: null };
const GATEWAY: SniRoute = { door: 'tls', gateway: 'gw.proxy.test' };
const SNI: SniRoute = { door: 'sni', listed: LISTED };
const NOT_ALLOWED: SniRoute = { refuse: 'TARGET_NOT_ALLOWED' };

const TABLE: readonly (readonly [string, string | null, readonly Door[], SniRoute])[] = [
  ['a listed name passes through', DATA, ALL, SNI],
  ['a listed name in other letters passes through', DATA.toUpperCase(), ALL, SNI],
  ['a listed name passes through where sni is the only door', DATA, ['sni'], SNI],
  ['a listed name whose ports lack 443', MQTT_ONLY, ALL, { refuse: 'PORT_NOT_ALLOWED' }],
  ['a listed name is no reason to terminate while sni is on', MQTT_ONLY, ['connect-tls', 'sni'], { refuse: 'PORT_NOT_ALLOWED' }],
  ['a listed name goes before a wildcard of ours', CUSTOM, ALL, { door: 'sni', listed: LISTED_CUSTOM }],
  ['a listed name with sni off goes to connect-tls', DATA, ['connect', 'connect-tls'], TLS],
  ['a listed name with sni and connect-tls off', DATA, ['connect'], NOT_ALLOWED],
  ['a listed name where only the gateway is on', DATA, ['gateway'], NOT_ALLOWED],

  ['a gateway name', 'gw.proxy.test', ALL, GATEWAY],
  ['a gateway name in other letters', 'GW.Proxy.Test', ALL, GATEWAY],
  ['a gateway name where only the gateway is on', 'gw.proxy.test', ['gateway'], GATEWAY],
  ['a gateway name is ours on a listener without the gateway', 'gw.proxy.test', ['connect-tls'], TLS],
  ['a gateway name with neither TLS door on', 'gw.proxy.test', ['connect', 'sni'], NOT_ALLOWED],
  ['a gateway name goes before a wildcard of ours', 'gw.example.com', ALL, { door: 'tls', gateway: 'gw.example.com' }],

  ['a name of ours', 'proxy.test', ALL, TLS],
  ['a name of ours by wildcard', 'any.example.com', ALL, TLS],
  ['a wildcard does not hold two labels', 'a.b.example.com', ALL, NOT_ALLOWED],
  ['a wildcard does not hold its own base', 'example.com', ALL, NOT_ALLOWED],
  ['a name of ours with connect-tls off', 'proxy.test', ['connect', 'sni', 'gateway'], NOT_ALLOWED],

  ['no name', null, ALL, TLS],
  ['an IPv4 address', '203.0.113.10', ALL, TLS],
  ['an IPv6 address', '2001:db8::1', ALL, TLS],
  ['an IPv6 address in brackets', '[2001:db8::1]', ALL, TLS],
  ['no name with connect-tls off', null, ['connect', 'sni', 'gateway'], { refuse: 'SNI_MISSING' }],
  ['an address with connect-tls off', '203.0.113.10', ['sni'], { refuse: 'SNI_MISSING' }],
  ['an address in brackets with connect-tls off', '[::1]', ['sni'], { refuse: 'SNI_MISSING' }],

  ['another account’s endpoint', 'z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com', ALL, NOT_ALLOWED],
  ['any other name', 'evil.test', ALL, NOT_ALLOWED],
  ['a name with a trailing dot', `${DATA}.`, ALL, NOT_ALLOWED],
  ['the empty name', '', ALL, NOT_ALLOWED],
  ['a name with NUL', `${DATA}\0.evil.test`, ALL, NOT_ALLOWED],
  ['a key of Object.prototype', 'constructor', ALL, NOT_ALLOWED],
];

for (const [name, sni, doors, expected] of TABLE) {
  test(`${name} (${doors.join(', ')})`, () => assert.deepEqual(routeSni(sni, doors, NAMES), expected));
}

for (const [pattern, name, expected] of [
  ['proxy.test', 'proxy.test', true],
  ['proxy.test', 'xproxy.test', false],
  ['*.example.com', 'a.example.com', true],
  ['*.example.com', '.example.com', false],
  ['*.example.com', 'aexample.com', false],
  ['*.example.com', 'a.example.comx', false],
] as const) {
  test(`matchesName says ${expected} for ${pattern} and ${name}`, () => assert.equal(matchesName(pattern, name), expected));
}
