import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSettings } from '../test/support/settings.ts';
import { ownDoorOf } from './own-door.ts';

for (const [host, trust, address, wantsProxyHeader] of [
  ['0.0.0.0', null, '127.0.0.1', false],
  ['::', null, '::1', false],
  ['10.0.0.5', null, '10.0.0.5', false],
  ['0.0.0.0', ['10.0.0.0/8'], '127.0.0.1', false],
  ['0.0.0.0', ['127.0.0.0/8'], '127.0.0.1', true],
  // Towards an address of its own a machine connects from that address.
  ['10.0.0.5', ['10.0.0.0/8'], '10.0.0.5', true],
  ['::', ['::/0'], '::1', true],
] as const) {
  test(`a listener on ${host} that trusts ${trust?.join(', ') ?? 'nobody'}`, () => {
    const [listener] = testSettings().listeners;
    assert.ok(listener);
    assert.deepEqual(ownDoorOf({ ...listener, host, port: 443, proxyProtocolTrust: trust }), { address, port: 443, wantsProxyHeader });
  });
}
