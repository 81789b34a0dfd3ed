import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { AddressList } from '../addresses/list.ts';
import { newKey, parsePrivateKey, signList } from '../addresses/signature.ts';
import { load, makeCertificate, MINIMAL, problemsOf, shown } from './test-support.ts';

const NOW_MS = Date.UTC(2026, 11, 1);
const LIST: AddressList = {
  version: 1,
  fleet: 'example',
  proxy: { host: 'proxy.example.com', port: 443 },
  issued: '2026-11-29T05:00:00Z',
  expires: '2027-02-27T05:00:00Z',
  addresses: [{ slot: 'a', address: '203.0.113.10', state: 'active' }],
};
const key = parsePrivateKey(newKey().privatePem) ?? assert.fail();
const TEXT = `${MINIMAL}addresses: list.json\n`;

function worldOf(list: string | Partial<AddressList>, nowMs = NOW_MS) {
  const text = typeof list === 'string' ? list : signList({ ...LIST, ...list }, [key]);
  return { files: { '/etc/pinhole/list.json': text }, nowMs };
}

function warningsOf(text: string, world: ReturnType<typeof worldOf>): string[] {
  const loaded = load(text, world);
  return shown('problems' in loaded ? assert.fail(shown(loaded.problems).join('\n')) : loaded.warnings);
}

test('the list is kept as it is written, with a tag of its content', () => {
  const world = worldOf({});
  const loaded = load(TEXT, world);
  const text = world.files['/etc/pinhole/list.json'];
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  assert.deepEqual('settings' in loaded && loaded.settings.addresses, { text, etag: `"${digest}"` });
  assert.deepEqual('warnings' in loaded && loaded.warnings, []);
});

for (const [name, list, expected] of [
  ['a truncated list', signList(LIST, [key]).slice(0, 100), /: not JSON: truncated, or another file$/],
  ['another JSON file', '{"name":"pinhole"}', /: version: expected 1$/],
  [
    'a signature that is none',
    signList(LIST, [key]).replace(/"signature": ".*"/, '"signature": "AAAA"'),
    /: expected 64 octets in base64$/,
  ],
  [
    'an address that is none',
    { addresses: [{ slot: 'a', address: '203.0.113.256', state: 'active' }] },
    /addresses\[0\]\.address: expected an IP/,
  ],
] as const) {
  test(`one mistake: ${name}`, () => {
    const [problem = '', ...more] = problemsOf(TEXT, worldOf(list));
    assert.match(problem, /^6:12: addresses: not an address list as `pinhole addresses make` writes it: /);
    assert.match(problem, expected);
    assert.deepEqual(more, []);
  });
}

test('a list that is not there is a mistake', () => {
  assert.deepEqual(problemsOf(TEXT), ['6:12: addresses: cannot read /etc/pinhole/list.json (ENOENT)']);
});

const EXPIRES_MS = Date.parse(LIST.expires);

for (const [name, list, nowMs, expected] of [
  ['fifteen days left', {}, EXPIRES_MS - 15 * 86_400_000, []],
  ['thirteen days left', {}, EXPIRES_MS - 13 * 86_400_000, [/^6:12: addresses: the list expires on 2027-02-27T05:00:00Z/]],
  ['no time left', {}, EXPIRES_MS, [/^6:12: addresses: the list expired on 2027-02-27T05:00:00Z/]],
  ['an empty list', { addresses: [] }, NOW_MS, [/^6:12: addresses: no address is active or standby/]],
] as const) {
  test(`${name}: ${expected.length} warnings`, () => {
    const warnings = warningsOf(TEXT, worldOf(list, nowMs));
    assert.equal(warnings.length, expected.length, warnings.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(warnings[index] ?? '', pattern);
  });
}

test("a list without this node's own address is a warning", () => {
  const node = (address: string): string => `${TEXT}node: { publicAddresses: [${address}] }\n`;
  assert.deepEqual(warningsOf(node('203.0.113.10'), worldOf({})), []);
  assert.match(warningsOf(node('203.0.113.99'), worldOf({})).join(), /^6:12: addresses: none of node\.publicAddresses is on the list/);
});

test('a list for a name that the certificate does not carry is a warning', () => {
  const pair = makeCertificate(['gw.example.com']);
  const world = worldOf({}, Date.now());
  const files = { ...world.files, '/etc/pinhole/c.pem': pair.certificate, '/etc/pinhole/k.pem': pair.key };
  const loaded = load(`${TEXT}tls: { certificate: c.pem, key: k.pem }\n`, { files });
  assert.ok('warnings' in loaded);
  assert.match(shown(loaded.warnings).join(), /^6:12: addresses: the certificate is not for proxy\.example\.com/);
});
