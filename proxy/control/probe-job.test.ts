import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListenerSettings, ProbeSettings, Settings } from '../core/settings.ts';
import { CREDENTIALS_HOST, DATA, DATA_HOST, testSettings } from '../test/support/settings.ts';
import { probeJobOf } from './probe-job.ts';

const PROBE: ProbeSettings = {
  schedule: '* * * * *',
  failures: 2,
  peers: [{ address: '203.0.113.11', port: 443 }],
  roots: { production: 'ROOTS' },
  login: null,
};
const TLS: NonNullable<Settings['tls']> = {
  certificatePem: 'CERTIFICATE',
  keyPem: 'SECRET-KEY',
  names: ['proxy.example.com'],
  minVersion: 'TLSv1.2',
  clients: null,
};

function listener(changes: Partial<ListenerSettings>): ListenerSettings {
  const [standard] = testSettings().listeners;
  if (!standard) throw new Error('there is a listener');
  return { ...standard, ...changes };
}

function job(changes: Partial<Settings> = {}) {
  return probeJobOf('/run/pinhole', testSettings({ tls: TLS, ...changes }), PROBE);
}

test('the probe is told what to try, and where its word goes', () => {
  assert.deepEqual(job({ node: { name: 'eu-1a', publicAddresses: ['203.0.113.10'] } }), {
    file: '/run/pinhole/probe.json',
    schedule: '* * * * *',
    failures: 2,
    places: Object.fromEntries(
      ['connect', 'connect-tls', 'sni', 'gateway'].map((way) => [way, { address: '127.0.0.1', port: 0, wantsProxyHeader: false }]),
    ),
    endpoints: [
      {
        name: 'production',
        hosts: [
          { host: DATA_HOST, port: 443 },
          { host: CREDENTIALS_HOST, port: 443 },
        ],
        ca: 'ROOTS',
      },
    ],
    gateways: [],
    tls: { name: 'proxy.example.com', certificates: 'CERTIFICATE' },
    peers: [{ address: '203.0.113.11', port: 443 }],
    login: null,
    ownAddresses: ['203.0.113.10'],
  });
});

test('it is told to leave out the doors for which it would need a certificate', () => {
  const clients = { caPem: 'CA', crlPem: null, isRequired: true };
  assert.deepEqual(Object.keys(job({ tls: { ...TLS, clients } }).places), ['connect', 'sni']);
  assert.deepEqual(Object.keys(job({ tls: { ...TLS, clients: { ...clients, isRequired: false } } }).places), Object.keys(job().places));
});

test('it is told no secret', () => {
  const told = JSON.stringify(job({ admin: { host: '127.0.0.1', port: 1, token: 'SECRET-TOKEN', names: [], peers: [] } }));
  assert.doesNotMatch(told, /SECRET/);
});

test('each way is tried at the first listener that has it', () => {
  const { places } = job({
    listeners: [
      listener({ port: 1, doors: ['connect'] }),
      listener({ port: 2, doors: ['connect', 'connect-tls'], proxyProtocolTrust: ['127.0.0.0/8'] }),
    ],
  });
  assert.deepEqual(places, {
    connect: { address: '127.0.0.1', port: 1, wantsProxyHeader: false },
    'connect-tls': { address: '127.0.0.1', port: 2, wantsProxyHeader: true },
  });
});

for (const [names, name] of [
  [['a.example.com', 'b.example.com'], 'a.example.com'],
  [['*.example.com'], 'probe.example.com'],
] as const) {
  test(`of ${names.join(', ')} it asks for ${name}`, () => assert.equal(job({ tls: { ...TLS, names } }).tls?.name, name));
}

test('without a certificate, or without a name in it, there is no TLS to try', () => {
  assert.equal(job({ tls: null }).tls, null);
  assert.equal(job({ tls: { ...TLS, names: [] } }).tls, null);
});

test('an endpoint that is not on 443 is tried where it is; one without roots of its own has the public ones', () => {
  const { endpoints } = job({ hosts: [{ ...DATA, endpoint: 'other', ports: [8_883, 8_443] }] });
  assert.deepEqual(endpoints, [{ name: 'other', hosts: [{ host: DATA_HOST, port: 8_883 }], ca: null }]);
});
