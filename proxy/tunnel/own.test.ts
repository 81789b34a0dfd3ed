import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ListenerSettings, Settings } from '../core/settings.ts';
import { DATA_HOST, testSettings } from '../test/support/settings.ts';
import { createOwn } from './own.ts';

function listener(host: string): ListenerSettings {
  return { name: `${host}:443`, host, port: 443, doors: ['connect'], backlog: 1, proxyProtocolTrust: null };
}

function own(overrides: Partial<Settings>, interfaces: readonly string[] = []) {
  return createOwn(testSettings(overrides), () => interfaces);
}

const TLS = { certificatePem: '', keyPem: '', minVersion: 'TLSv1.2', clients: null } as const;

describe('our addresses', () => {
  const node = { name: 'n', publicAddresses: ['203.0.113.10', '2001:db8::10'] };
  const onOne = own({ node, listeners: [listener('10.0.0.5')] }, ['10.0.0.6']);
  const onAll = own({ node, listeners: [listener('0.0.0.0')] }, ['10.0.0.6', 'fd00::6']);
  const onAllV6 = own({ node, listeners: [listener('10.0.0.5'), listener('::')] }, ['10.0.0.6']);

  for (const [what, isAddress, address, expected] of [
    ['a public address that no interface has', onOne.isAddress, '203.0.113.10', true],
    ['a public IPv6 address', onOne.isAddress, '2001:db8::10', true],
    ['a mapped form of it', onOne.isAddress, '::ffff:203.0.113.10', true],
    ['the address that is listened on', onOne.isAddress, '10.0.0.5', true],
    ['another interface of the machine, where one address is listened on', onOne.isAddress, '10.0.0.6', false],
    ['any interface, where every address is listened on', onAll.isAddress, '10.0.0.6', true],
    ['any IPv6 interface likewise', onAll.isAddress, 'fd00::6', true],
    ['a mapped interface address', onAll.isAddress, '::ffff:10.0.0.6', true],
    ['an interface under [::], beside a listener on one address', onAllV6.isAddress, '10.0.0.6', true],
    ['the wildcard itself', onAll.isAddress, '0.0.0.0', false],
    ['a stranger', onAll.isAddress, '198.51.100.1', false],
  ] as const) {
    test(`${what} (${address}) ${expected ? 'is' : 'is not'} ours`, () => assert.equal(isAddress(address), expected));
  }

  test('interfaces are asked at each call: addresses come and go', () => {
    const interfaces: string[] = [];
    const { isAddress } = createOwn(testSettings({ listeners: [listener('0.0.0.0')] }), () => interfaces);
    assert.equal(isAddress('10.0.0.7'), false);
    interfaces.push('10.0.0.7');
    assert.equal(isAddress('10.0.0.7'), true);
  });

  test('interfaces are not asked where no wildcard listens', () => {
    const { isAddress } = createOwn(testSettings({ listeners: [listener('10.0.0.5')] }), () => assert.fail('asked'));
    assert.equal(isAddress('10.0.0.7'), false);
  });
});

describe('our names', () => {
  const { isName } = own({
    node: { name: 'n', publicAddresses: ['203.0.113.10', '2001:db8::10'] },
    listeners: [listener('10.0.0.5')],
    tls: { ...TLS, names: ['proxy.example.com', '*.edge.example.com'] },
    gateways: [{ name: 'gw.example.net', endpoint: 'production', target: { host: DATA_HOST, port: 443 }, origins: [], caPem: null }],
  });

  for (const [host, expected] of [
    ['proxy.example.com', true],
    ['gw.example.net', true],
    ['a.edge.example.com', true],
    // A wildcard stands for one whole label.
    ['edge.example.com', false],
    ['a.b.edge.example.com', false],
    ['.edge.example.com', false],
    ['aedge.example.com', false],
    ['example.com', false],
    ['notproxy.example.com', false],
    ['203.0.113.10', true],
    ['2001:db8::10', true],
    ['10.0.0.5', true],
    ['10.0.0.6', false],
    [DATA_HOST, false],
    ['', false],
  ] as const) {
    test(`Host ${host || '(empty)'} ${expected ? 'names' : 'does not name'} this proxy`, () => assert.equal(isName(host), expected));
  }
});
