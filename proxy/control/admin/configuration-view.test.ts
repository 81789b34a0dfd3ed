import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../core/settings.ts';
import { testSettings } from '../../test/support/settings.ts';
import type { TenantEntry } from '../../core/tenant.ts';
import { writeTenants } from '../../policy/tenant-text.ts';
import { TENANTS_SHOWN, viewConfiguration } from './configuration-view.ts';

const MARK = 'SECRET-MARK';
const TENANT: TenantEntry = {
  ...{ id: 'acme', tokens: [MARK, `${MARK}2`], certificate: { by: 'fingerprints', fingerprints: [MARK] }, sources: ['198.51.100.0/24'] },
  ...{ sniBySource: true, endpoints: ['production'], tunnels: 5, opensPerSecond: null },
};
/** Every place of the settings that may hold what nobody is to see, or that is long. */
const SECRETS: Partial<Settings> = {
  tls: {
    certificatePem: `${MARK} certificate`,
    keyPem: `${MARK} key`,
    names: ['proxy.example.com'],
    minVersion: 'TLSv1.2',
    clients: { caPem: `${MARK} ca`, crlPem: `${MARK} crl`, isRequired: true },
  },
  gateways: [{ name: 'gw.example.com', endpoint: 'e', target: { host: 'h', port: 443 }, origins: [], caPem: `${MARK} roots` }],
  tenants: {
    list: writeTenants([TENANT, { ...TENANT, id: 'globex', tokens: [], certificate: { by: 'commonName', name: 'g' } }]),
    places: MARK,
  },
  probe: { schedule: '* * * * *', failures: 3, peers: [], roots: { production: MARK }, login: `acme:${MARK}` },
  admin: { host: '127.0.0.1', port: 9901, token: MARK, names: [], peers: ['http://10.0.0.2:9901'] },
  addresses: { text: MARK, etag: '"1"' },
};

test('the configuration is shown without anything secret, and says what is there', () => {
  const view = viewConfiguration(testSettings(SECRETS));
  assert.ok(!JSON.stringify(view).includes(MARK), JSON.stringify(view));
  const { tls, tenants, admin, probe } = view as Record<string, Record<string, unknown>>;
  assert.deepEqual(tls?.['clients'], { isRequired: true, hasCrl: true });
  const common = {
    sources: ['198.51.100.0/24'],
    sniBySource: true,
    endpoints: ['production'],
    limits: { tunnels: 5, opensPerSecond: null },
  };
  assert.deepEqual(tenants, {
    count: 2,
    shown: [
      { ...common, id: 'acme', tokens: 2, certificate: { fingerprints: 1 } },
      { ...common, id: 'globex', tokens: 0, certificate: { commonName: 'g' } },
    ],
  });
  assert.deepEqual([admin?.['hasToken'], probe?.['hasLogin'], probe?.['ownRoots']], [true, true, ['production']]);
});

test('the configuration has every top-level setting, so that none is forgotten', () => {
  const settings = testSettings({});
  const shown = Object.keys(viewConfiguration(settings));
  // What the file says where a start alone takes it is the same as what is shown, but for `auto` and port 0.
  assert.deepEqual(
    Object.keys(settings).filter((key) => !shown.includes(key)),
    ['atStart'],
  );
});

test('of many tenants the first are shown, or the one that is asked for', () => {
  const list = writeTenants(Array.from({ length: 10_000 }, (_, place) => ({ ...TENANT, id: `t${place}` })));
  const shownFor = (tenant: string | null): unknown[] => {
    const { tenants } = viewConfiguration(testSettings({ tenants: { list, places: '' } }), tenant);
    const { count, shown } = tenants as { count: number; shown: { id: string }[] };
    return [count, shown.length, shown[0]?.id, shown.at(-1)?.id];
  };
  assert.deepEqual(shownFor(null), [10_000, TENANTS_SHOWN, 't0', `t${TENANTS_SHOWN - 1}`]);
  for (const id of ['t0', 't99', 't9999']) assert.deepEqual(shownFor(id), [10_000, 1, id, id]);
  for (const none of ['t', 't10000', '', '__proto__', 't0\t', 'T0'])
    assert.deepEqual(shownFor(none), [10_000, 0, undefined, undefined], none);
});

test('a node that lets nobody in has no tenant to show', () => {
  const { tenants } = viewConfiguration(testSettings({ tenants: { list: '', places: '' } }));
  assert.deepEqual(tenants, { count: 0, shown: [] });
});

test('a node with nothing of all that has nothing to hide', () => {
  const { tls, tenants, probe } = viewConfiguration(testSettings({ tls: null, tenants: null, probe: null }));
  assert.deepEqual([tls, tenants, probe], [null, null, null]);
});
