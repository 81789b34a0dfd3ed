import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TenantEntry } from '../core/tenant.ts';
import { countLines, readTenant, writeTenants } from './tenant-text.ts';

const PLAIN: TenantEntry = {
  id: 'acme',
  tokens: [],
  certificate: null,
  sources: [],
  sniBySource: false,
  endpoints: null,
  tunnels: null,
  opensPerSecond: null,
};

for (const tenant of [
  PLAIN,
  { ...PLAIN, tokens: ['a'.repeat(64), 'b'.repeat(64)], sources: ['10.0.0.0/8', '2001:db8::/32'], sniBySource: true },
  { ...PLAIN, endpoints: ['production', 'staging'], tunnels: 20_000, opensPerSecond: 200 },
  { ...PLAIN, endpoints: [] },
  { ...PLAIN, certificate: { by: 'commonName', name: 'a=b, c' } },
  { ...PLAIN, certificate: { by: 'san', name: 'spiffe://example.org/ünit' } },
  { ...PLAIN, certificate: { by: 'fingerprints', fingerprints: ['0'.repeat(64), '1'.repeat(64)] } },
] as const satisfies readonly TenantEntry[]) {
  test(`is read as it was written: ${JSON.stringify(tenant).slice(0, 100)}`, () => {
    const text = writeTenants([tenant, { ...PLAIN, id: 'other' }]);
    assert.equal(countLines(text), 2);
    assert.deepEqual(readTenant(text.split('\n')[0] ?? ''), tenant);
  });
}

test('no tenants are no lines', () => assert.deepEqual([writeTenants([]), countLines('')], ['', 0]));

for (const line of ['', 'acme', 'acme\t\t\t\t\t\t', `${writeTenants([PLAIN])}\tmore`, 'acme\t\tou=x\t\t\t*\t\t']) {
  test(`what nobody wrote is no tenant: ${JSON.stringify(line)}`, () => assert.throws(() => readTenant(line), /of this version/));
}
