import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RevokedReason } from '../core/revoked.ts';
import type { TenantEntry } from '../core/tenant.ts';
import { DATA, DATA_HOST } from '../test/support/settings.ts';
import { HostList } from './host-list.ts';
import { type OpenTunnel, whyRevoked } from './still-allowed.ts';
import { TenantTable } from './tenants.ts';
import { writeTenants } from './tenant-text.ts';

const [OLD, NEW] = ['a'.repeat(64), 'b'.repeat(64)];
const NONE = { tokens: [], certificate: null, sources: [], sniBySource: false, endpoints: null, tunnels: null, opensPerSecond: null };
const LIST = new HostList([DATA]);
const TUNNEL: OpenTunnel = {
  door: 'connect',
  tenant: 'acme',
  proof: { by: 'token', hash: NEW },
  address: '198.51.100.7',
  host: DATA_HOST,
  port: 443,
};
const CERTIFICATE = { commonName: 'acme', names: [], fingerprint: 'c'.repeat(64) };

function tableOf(...tenants: readonly (Partial<TenantEntry> & { id: string })[]): TenantTable {
  const whole = tenants.map((one) => ({ ...NONE, ...one }));
  return TenantTable.of({ list: writeTenants(whole), places: whole.map(({ id }) => id).join('\n') });
}

for (const [what, tunnel, tenants, expected] of [
  ['nothing has changed', {}, tableOf({ id: 'acme', tokens: [NEW] }), null],
  ['its token is one of two now', {}, tableOf({ id: 'acme', tokens: [OLD, NEW] }), null],
  ['its token is gone', {}, tableOf({ id: 'acme', tokens: [OLD] }), 'token-gone'],
  ['its tenant is gone', {}, tableOf({ id: 'other', tokens: [NEW] }), 'tenant-gone'],
  ['there is nobody any more', {}, tableOf(), 'tenant-gone'],
  ['anyone may come now', {}, null, null],
  ['it was anonymous, and nobody may be now', { tenant: null, proof: null }, tableOf({ id: 'acme', tokens: [NEW] }), 'tenant-gone'],
  ['its endpoint is not the tenant’s any more', {}, tableOf({ id: 'acme', tokens: [NEW], endpoints: ['staging'] }), 'endpoint-not-its-own'],
  ['its endpoint is still the tenant’s', {}, tableOf({ id: 'acme', tokens: [NEW], endpoints: ['production'] }), null],
  ['its source is not the tenant’s any more', {}, tableOf({ id: 'acme', tokens: [NEW], sources: ['192.0.2.0/24'] }), 'source-gone'],
  [
    'its certificate is still known',
    { proof: { by: 'certificate', certificate: CERTIFICATE } },
    tableOf({ id: 'acme', certificate: { by: 'commonName', name: 'acme' } }),
    null,
  ],
  [
    'its certificate is another’s now',
    { proof: { by: 'certificate', certificate: CERTIFICATE } },
    tableOf({ id: 'acme', tokens: [NEW] }, { id: 'x', certificate: { by: 'commonName', name: 'acme' } }),
    'certificate-gone',
  ],
  ['its source is still known', { proof: { by: 'source' } }, tableOf({ id: 'acme', sources: ['198.51.100.0/24'] }), null],
  [
    'its source needs a token now',
    { proof: { by: 'source' } },
    tableOf({ id: 'acme', tokens: [NEW], sources: ['198.51.100.0/24'] }),
    'source-gone',
  ],
  [
    'the same on sni, where it may do without',
    { door: 'sni', proof: { by: 'source' } },
    tableOf({ id: 'acme', tokens: [NEW], sources: ['198.51.100.0/24'], sniBySource: true }),
    null,
  ],
  [
    'its source is another’s now',
    { proof: { by: 'source' } },
    tableOf({ id: 'acme', sources: ['198.51.100.0/24'] }, { id: 'x', sources: ['198.51.100.7'] }),
    'source-gone',
  ],
  ['it came from a carrier that did not say how', { proof: null }, tableOf({ id: 'acme', tokens: [OLD] }), null],
] as const satisfies readonly (readonly [string, Partial<OpenTunnel>, TenantTable | null, RevokedReason | null])[]) {
  test(`${what}: ${expected ?? 'goes on'}`, () => assert.equal(whyRevoked({ ...TUNNEL, ...tunnel }, LIST, tenants), expected));
}

test('a host or a port that is listed no more closes it, with tenants and without', () => {
  for (const tenants of [null, tableOf({ id: 'acme', tokens: [NEW] })]) {
    assert.equal(whyRevoked(TUNNEL, new HostList([]), tenants), 'endpoint-gone');
    assert.equal(whyRevoked(TUNNEL, new HostList([{ ...DATA, ports: [8883] }]), tenants), 'port-gone');
    assert.equal(whyRevoked({ ...TUNNEL, host: null }, LIST, tenants), 'endpoint-gone');
  }
});
