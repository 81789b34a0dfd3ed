import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Door } from '../core/settings.ts';
import type { ClientCertificate, TenantEntry } from '../core/tenant.ts';
import { identify, type Identity, type Shown } from './identify.ts';
import { TenantTable } from './tenants.ts';
import { writeTenants } from './tenant-text.ts';

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
const NOBODY = { tokens: [], certificate: null, sources: [], sniBySource: false, endpoints: null, tunnels: null, opensPerSecond: null };

const TENANTS: readonly TenantEntry[] = [
  { ...NOBODY, id: 'acme', tokens: [hashOf('old'), hashOf('new')], certificate: { by: 'commonName', name: 'acme' } },
  { ...NOBODY, id: 'fenced', tokens: [hashOf('f')], sources: ['198.51.100.0/24'], sniBySource: true },
  { ...NOBODY, id: 'globex', certificate: { by: 'san', name: 'globex.example' } },
  { ...NOBODY, id: 'initech', certificate: { by: 'fingerprints', fingerprints: ['ab'.repeat(32)] }, sources: ['2001:db8::/32'] },
  { ...NOBODY, id: 'site', sources: ['203.0.113.0/24', '2001:db8:1::/48'] },
  { ...NOBODY, id: 'desk', sources: ['203.0.113.7/32'] },
  { ...NOBODY, id: '__proto__', tokens: [hashOf('p')] },
];

function tableOf(tenants: readonly TenantEntry[]): Promise<TenantTable> {
  return TenantTable.build({ list: writeTenants(tenants), places: tenants.map(({ id }) => id).join('\n') }, () => Promise.resolve());
}
const table = await tableOf(TENANTS);

interface Asked {
  readonly login?: readonly [user: string, token: string] | 'invalid';
  readonly certificate?: Partial<ClientCertificate>;
  readonly from?: string;
  readonly door?: Door;
}

function shown({ login, certificate, from = '192.0.2.1', door = 'connect-tls' }: Asked): Shown {
  const basic = login === undefined || login === 'invalid' ? null : login;
  return {
    door,
    address: from,
    credentials: basic
      ? { kind: 'basic', user: basic[0], token: Buffer.from(basic[1]) }
      : { kind: login === 'invalid' ? 'invalid' : 'none' },
    certificate: certificate ? { commonName: null, names: [], fingerprint: '00'.repeat(32), ...certificate } : null,
  };
}

function said(identity: Identity): string {
  if (identity.ok) return `${identity.tenant.id} by ${identity.proof.by}`;
  return identity.tenant === null ? identity.code : `${identity.code} of ${identity.tenant.id}`;
}

const CASES: readonly (readonly [what: string, asked: Asked, expected: string])[] = [
  ['nothing shown', {}, 'AUTH_REQUIRED'],
  ['a right token', { login: ['acme', 'new'] }, 'acme by token'],
  ['the other one of two', { login: ['acme', 'old'] }, 'acme by token'],
  ['a wrong token', { login: ['acme', 'wrong'] }, 'AUTH_INVALID'],
  ['an empty token', { login: ['acme', ''] }, 'AUTH_INVALID'],
  ['another tenant’s token', { login: ['fenced', 'new'], from: '198.51.100.1' }, 'AUTH_INVALID'],
  ['a user that is not there', { login: ['nobody', 'new'] }, 'AUTH_INVALID'],
  ['the user in other letters', { login: ['ACME', 'new'] }, 'AUTH_INVALID'],
  ['a tenant without tokens', { login: ['site', ''] }, 'AUTH_INVALID'],
  ['a user __proto__ that is there', { login: ['__proto__', 'p'] }, '__proto__ by token'],
  ['a user constructor', { login: ['constructor', 'p'] }, 'AUTH_INVALID'],
  ['what is no Basic', { login: 'invalid' }, 'AUTH_INVALID'],
  ['what is no Basic, from a known source', { login: 'invalid', from: '203.0.113.1' }, 'AUTH_INVALID'],
  ['a wrong token from a known source', { login: ['site', 'x'], from: '203.0.113.1' }, 'AUTH_INVALID'],
  ['a token from within its sources', { login: ['fenced', 'f'], from: '198.51.100.255' }, 'fenced by token'],
  ['the same, mapped into IPv6', { login: ['fenced', 'f'], from: '::ffff:198.51.100.255' }, 'fenced by token'],
  ['a token from elsewhere', { login: ['fenced', 'f'], from: '198.51.101.1' }, 'SOURCE_NOT_ALLOWED of fenced'],
  ['a token from a source that stands for another', { login: ['acme', 'new'], from: '203.0.113.1' }, 'acme by token'],
  ['a common name', { certificate: { commonName: 'acme' } }, 'acme by certificate'],
  ['a common name in other letters', { certificate: { commonName: 'Acme' } }, 'AUTH_REQUIRED'],
  ['a name in the SAN alone', { certificate: { names: ['x.example', 'globex.example'] } }, 'globex by certificate'],
  ['a tenant’s SAN as common name', { certificate: { commonName: 'globex.example' } }, 'AUTH_REQUIRED'],
  ['a fingerprint, from its sources', { certificate: { fingerprint: 'ab'.repeat(32) }, from: '2001:db8:5::1' }, 'initech by certificate'],
  ['a fingerprint from elsewhere', { certificate: { fingerprint: 'ab'.repeat(32) } }, 'SOURCE_NOT_ALLOWED of initech'],
  ['two tenants in one certificate', { certificate: { commonName: 'acme', names: ['globex.example'] } }, 'AUTH_INVALID'],
  ['token and certificate of one tenant', { login: ['acme', 'new'], certificate: { commonName: 'acme' } }, 'acme by token'],
  ['token and certificate of two', { login: ['acme', 'new'], certificate: { names: ['globex.example'] } }, 'AUTH_INVALID'],
  ['a token, and a certificate that names nobody', { login: ['acme', 'new'], certificate: {} }, 'acme by token'],
  ['a wrong token, and a good certificate', { login: ['acme', 'x'], certificate: { commonName: 'acme' } }, 'AUTH_INVALID'],
  ['a known source', { from: '203.0.113.1' }, 'site by source'],
  ['the most specific of two', { from: '203.0.113.7' }, 'desk by source'],
  ['a known source, mapped into IPv6', { from: '::ffff:203.0.113.7' }, 'desk by source'],
  ['a known source of IPv6', { from: '2001:db8:1:2::3' }, 'site by source'],
  ['the last address of a range', { from: '203.0.113.255' }, 'site by source'],
  ['the first behind it', { from: '203.0.114.0' }, 'AUTH_REQUIRED'],
  ['sources that only restrict', { from: '198.51.100.1' }, 'AUTH_REQUIRED'],
  ['sni, from sources that only restrict elsewhere', { from: '198.51.100.1', door: 'sni' }, 'fenced by source'],
  ['sni, from sources of a tenant that has to show something', { from: '2001:db8:5::1', door: 'sni' }, 'SOURCE_NOT_ALLOWED'],
  ['sni, a known source', { from: '203.0.113.7', door: 'sni' }, 'desk by source'],
  ['sni, a stranger: nothing can be asked for', { door: 'sni' }, 'SOURCE_NOT_ALLOWED'],
];

for (const [what, asked, expected] of CASES)
  test(`${what}: ${expected}`, () => assert.equal(said(identify(shown(asked), table)), expected));

test('where nobody has a token a stranger is not asked for one', async () => {
  const withoutTokens = await tableOf(TENANTS.filter(({ tokens }) => tokens.length === 0));
  assert.equal(said(identify(shown({}), withoutTokens)), 'SOURCE_NOT_ALLOWED');
  assert.equal(said(identify(shown({ login: ['acme', 'new'] }), withoutTokens)), 'AUTH_INVALID');
});

test('an empty list lets nobody in', async () => {
  const empty = await tableOf([]);
  for (const asked of [{}, { from: '127.0.0.1' }, { certificate: { commonName: 'acme' } }])
    assert.equal(said(identify(shown(asked), empty)), 'SOURCE_NOT_ALLOWED');
});

test('1, 101 and 10,001 tenants get the same answers', async () => {
  for (const others of [0, 100, 10_000]) {
    const crowd = Array.from({ length: others }, (_, index): TenantEntry => {
      return { ...NOBODY, id: `t${index}`, tokens: [hashOf(`t${index}`)], sources: [`10.${index >> 8}.${index & 255}.0/24`] };
    });
    const many = await tableOf([...crowd.slice(0, others / 2), ...TENANTS, ...crowd.slice(others / 2)]);
    for (const [what, asked, expected] of CASES) assert.equal(said(identify(shown(asked), many)), expected, `${what}, with ${others} more`);
  }
});

test('who waits for the event loop gets its turn while a long list is made', async () => {
  let breaths = 0;
  const list = Array.from({ length: 1_000 }, (_, index): TenantEntry => ({
    ...NOBODY,
    id: `t${index}`,
    sources: [`10.0.${index >> 8}.${index & 255}/32`],
  }));
  await TenantTable.build({ list: writeTenants(list), places: list.map(({ id }) => id).join('\n') }, async () => void (breaths += 1));
  assert.ok(breaths >= 5, `${breaths} breaths`);
});

test('a tenant without a place in the ledger is no tenant', async () => {
  await assert.rejects(
    TenantTable.build({ list: writeTenants(TENANTS), places: '' }, () => Promise.resolve()),
    /acme has no place/,
  );
});
