// What a certificate makes possible, and what can be wrong with it: with real ones.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { DATA, load, makeCertificate, problemsOf, type Pair, shown } from './test-support.ts';

const DAY_MS = 86_400_000;

const TEXT = `listen:
  - address: 0.0.0.0:443
tls:
  certificate: cert.pem
  key: key.pem
endpoints:
  - name: production
    data: ${DATA}
    customDomain: iot.example.org
gateway:
  - { name: gw.example.com, endpoint: production }
`;

let good: Pair;
let other: Pair;

before(() => {
  good = makeCertificate(['proxy.example.com', 'GW.example.com', '*.proxies.example.com']);
  other = makeCertificate(['proxy.example.com']);
});

function files(pair: Partial<Pair> = {}): Record<string, string> {
  return { '/etc/pinhole/cert.pem': pair.certificate ?? good.certificate, '/etc/pinhole/key.pem': pair.key ?? good.key };
}

function warningsOf(text: string, nowMs?: number): string[] {
  const loaded = load(text, nowMs === undefined ? { files: files() } : { files: files(), nowMs });
  return 'problems' in loaded ? assert.fail(shown(loaded.problems).join('\n')) : shown(loaded.warnings);
}

test('a certificate opens the TLS doors, and its names are ours', () => {
  const loaded = load(TEXT, { files: files() });
  assert.ok('settings' in loaded);
  const { tls, listeners, gateways } = loaded.settings;
  assert.deepEqual(tls, {
    certificatePem: good.certificate,
    keyPem: good.key,
    names: ['proxy.example.com', 'gw.example.com', '*.proxies.example.com'],
    minVersion: 'TLSv1.2',
    clients: null,
  });
  assert.deepEqual(listeners[0]?.doors, ['connect', 'connect-tls', 'sni', 'gateway']);
  assert.deepEqual(gateways, [
    { name: 'gw.example.com', endpoint: 'production', target: { host: DATA, port: 443 }, origins: [], caPem: null },
  ]);
  assert.deepEqual(loaded.warnings, []);
});

test('a gateway to an entry without data goes to its custom domain', () => {
  const loaded = load(TEXT.replace(`    data: ${DATA}\n`, ''), { files: files() });
  assert.ok('settings' in loaded);
  assert.deepEqual(loaded.settings.gateways[0]?.target, { host: 'iot.example.org', port: 443 });
});

test('a gateway takes the roots of its endpoint', () => {
  const text = TEXT.replace('    customDomain', '    ca: roots.pem\n    customDomain');
  const loaded = load(text, { files: { ...files(), '/etc/pinhole/roots.pem': `${other.certificate}\n${good.certificate}` } });
  assert.ok('settings' in loaded);
  assert.equal(loaded.settings.gateways[0]?.caPem, `${other.certificate}\n${good.certificate}`);
});

/** Each is one problem, at the key that is to be mended. */
const MISTAKES: readonly (readonly [string, () => { text?: string; files: Record<string, string>; nowMs?: number }, RegExp])[] = [
  [
    'a certificate that is not there',
    () => ({ files: { '/etc/pinhole/key.pem': good.key } }),
    /^4:16: tls\.certificate: cannot read \/etc\/pinhole\/cert\.pem \(ENOENT\)$/,
  ],
  ['a certificate that is garbage', () => ({ files: files({ certificate: 'garbage' }) }), /^4:16: tls\.certificate: not a certificate/],
  [
    'a chain whose second certificate is garbage',
    () => ({ files: files({ certificate: `${good.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` }) }),
    /^4:16: tls\.certificate: not a certificate, with or without its chain, in PEM$/,
  ],
  ['a key that is garbage', () => ({ files: files({ key: 'garbage' }) }), /^5:8: tls\.key: not a private key in PEM$/],
  [
    'a key under a passphrase',
    () => ({ files: files({ key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n' }) }),
    /^5:8: tls\.key: the private key is encrypted/,
  ],
  [
    'the key of another certificate',
    () => ({ files: files({ key: other.key }) }),
    /^5:8: tls\.key: the private key does not belong to the certificate$/,
  ],
  [
    'a certificate that has expired',
    () => ({ files: files(), nowMs: systemClock.wallMs() + 100 * DAY_MS }),
    /^4:16: tls\.certificate: the certificate expired on \d{4}-\d\d-\d\d$/,
  ],
  [
    'a clock that stands in 1970',
    () => ({ files: files(), nowMs: 0 }),
    /^4:16: tls\.certificate: the certificate is not valid before .* \(this machine says 1970-01-01\)$/,
  ],
  [
    'an endpoint that the certificate names',
    () => ({ files: files(), text: TEXT.replace('iot.example.org', 'proxy.example.com') }),
    /^9:19: endpoints\[0\]\.customDomain: proxy\.example\.com is a name of ours too \(in the certificate/,
  ],
  [
    'an endpoint that tls.names names',
    () => ({ files: files(), text: TEXT.replace('  key:', '  names: [proxy.example.com, iot.example.org]\n  key:') }),
    /^10:19: endpoints\[0\]\.customDomain: iot\.example\.org is a name of ours too \(in tls\.names\)$/,
  ],
  [
    'an endpoint that is a gateway',
    () => ({ files: files(), text: TEXT.replace('iot.example.org', 'gw2.example.com').replace('name: gw.', 'name: gw2.') }),
    /^9:19: endpoints\[0\]\.customDomain: gw2\.example\.com is a name of ours too \(under gateway\)$/,
  ],
  [
    'a gateway to an entry that is not there',
    () => ({ files: files(), text: TEXT.replace('endpoint: production', 'endpoint: prod') }),
    /^11:39: gateway\[0\]\.endpoint: no entry under endpoints is called prod; there is production$/,
  ],
  [
    'a gateway to an entry without a data name',
    () => ({
      files: files(),
      text: TEXT.replace(`data: ${DATA}`, 'jobs: a1b2c3d4e5f6g7.jobs.iot.eu-west-1.amazonaws.com').replace(
        '    customDomain: iot.example.org\n',
        '',
      ),
    }),
    /^10:39: gateway\[0\]\.endpoint: production has neither data nor customDomain$/,
  ],
  [
    'a gateway twice',
    () => ({ files: files(), text: `${TEXT}  - { name: gw.example.com, endpoint: production }\n` }),
    /^12:13: gateway\[1\]\.name: gw\.example\.com is a gateway already$/,
  ],
  [
    'an origin with a path',
    () => ({ files: files(), text: TEXT.replace('production }', 'production, origins: [https://app.example.com/] }') }),
    /^11:61: gateway\[0\]\.origins\[0\]: "https:\/\/app\.example\.com\/": expected an origin/,
  ],
  [
    'roots that are garbage',
    () => ({ files: { ...files(), '/etc/pinhole/r.pem': 'garbage' }, text: TEXT.replace('    custom', '    ca: r.pem\n    custom') }),
    /^9:9: endpoints\[0\]\.ca: not certificates in PEM$/,
  ],
];

for (const [name, make, expected] of MISTAKES) {
  test(`one mistake: ${name}`, () => {
    const { text = TEXT, ...world } = make();
    const problems = problemsOf(text, world);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', expected);
  });
}

test('mistakes of the certificate and of the rest are told together', () => {
  const problems = problemsOf(TEXT.replace('endpoint: production', 'endpoint: prod').replace('0.0.0.0:443', 'x'), {
    files: files({ key: other.key }),
  });
  assert.deepEqual(
    problems.map((line) => line.split(': ', 2).join(': ')),
    ['2:14: listen[0].address', '5:8: tls.key', '11:39: gateway[0].endpoint'],
  );
});

test('a wildcard of ours may cover an endpoint: the endpoint goes first', () => {
  assert.deepEqual(problemsOf(TEXT.replace('iot.example.org', 'iot.proxies.example.com'), { files: files() }), []);
});

test('less than 30 days left is a warning', () => {
  const now = systemClock.wallMs();
  assert.deepEqual(warningsOf(TEXT, now + 59 * DAY_MS), []);
  assert.match(warningsOf(TEXT, now + 61 * DAY_MS).join(), /^4:16: tls\.certificate: the certificate expires on \d{4}-\d\d-\d\d$/);
});

test('names that the certificate is not for are warnings', () => {
  const text = TEXT.replace('  key:', '  names: [proxy.example.com, a.proxies.example.com, p.example.net]\n  key:').replaceAll(
    'gw.ex',
    'gw2.ex',
  );
  assert.deepEqual(warningsOf(text), [
    '5:53: tls.names[2]: the certificate is not for p.example.net: clients that check it will refuse',
    '12:13: gateway[0].name: the certificate is not for gw2.example.com: clients that check it will refuse',
  ]);
});

test('a gateway that no listener serves, or that goes to an odd port, is a warning', () => {
  const text = TEXT.replace(':443\n', ':443\n    doors: [connect]\n').replace('    customDomain', '    ports: [8443]\n    customDomain');
  assert.deepEqual(warningsOf(text), [
    '13:3: gateway: no listener has the door gateway',
    '13:39: gateway[0].endpoint: goes to port 8443: AWS IoT serves WebSockets on 443 only',
  ]);
});
