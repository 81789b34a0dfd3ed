import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../core/settings.ts';
import { testSettings } from '../../test/support/settings.ts';
import { viewConfiguration } from './configuration-view.ts';

const MARK = 'SECRET-MARK';
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
  tenants: { list: `${MARK} a\n${MARK} b`, places: MARK },
  probe: { schedule: '* * * * *', failures: 3, peers: [], roots: { production: MARK }, login: `acme:${MARK}` },
  admin: { host: '127.0.0.1', port: 9901, token: MARK, names: [], peers: ['http://10.0.0.2:9901'] },
  addresses: { text: MARK, etag: '"1"' },
};

test('the configuration is shown without anything secret, and says what is there', () => {
  const view = viewConfiguration(testSettings(SECRETS));
  assert.ok(!JSON.stringify(view).includes(MARK), JSON.stringify(view));
  const { tls, tenants, admin, probe } = view as Record<string, Record<string, unknown>>;
  assert.deepEqual(tls?.['clients'], { isRequired: true, hasCrl: true });
  assert.deepEqual(tenants, { count: 2 });
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

test('a node with nothing of all that has nothing to hide', () => {
  const { tls, tenants, probe } = viewConfiguration(testSettings({ tls: null, tenants: null, probe: null }));
  assert.deepEqual([tls, tenants, probe], [null, null, null]);
});
