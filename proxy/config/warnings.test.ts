import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATA, load, MINIMAL, shown, type World } from './test-support.ts';

function warningsOf(text: string, world: World = {}): string[] {
  const loaded = load(text, world);
  return 'problems' in loaded ? assert.fail(shown(loaded.problems).join('\n')) : shown(loaded.warnings);
}

/** Lines added to the least file, and the warnings that come of them, without their words. */
const TABLE: readonly (readonly [string, readonly string[], World?])[] = [
  ['limits: { idle: 31m }', []],
  ['limits: { idle: 30m }', []],
  ['limits: { idle: 29m }', ['6:17: limits.idle: shorter than the 30m']],
  ['limits: { maxAge: 24h }', []],
  ['limits: { maxAge: 23h }', ['6:19: limits.maxAge: shorter than the 24h']],
  ['limits: { maxAge: off }', []],
  ['    anyAccount: true', ['6:17: endpoints[0].anyAccount: agents may reach every AWS account’s']],
  ['    anyAccount: false', []],
  ['    ports: [443, 8443, 8883]', []],
  ['    ports: [443, 1883]', ['6:18: endpoints[0].ports[1]: AWS IoT serves 443, 8443 and 8883, not 1883']],
  ['    accept: [10.0.0.0/8]', []],
  [
    '    accept: [127.0.0.0/8, 169.254.0.0/16]',
    ['6:14: endpoints[0].accept[0]: without effect', '6:27: endpoints[0].accept[1]: without effect'],
  ],
  [`resolve: { pin: [{ host: ${DATA}, to: "127.0.0.1:1" }] }`, ['6:78: resolve.pin[0].to:']],
  [`resolve: { pin: [{ host: ${DATA}, to: ["10.0.0.1:1", "[::1]:1"] }] }`, ['6:78: resolve.pin[0].to:', '6:78: resolve.pin[0].to:']],
  [
    `resolve: { pin: [{ host: ${DATA}, to: "10.0.0.1:1" }] }`,
    ['6:78: resolve.pin[0].to: a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com goes to 10.0.0.1'],
  ],
  [
    `resolve: { pin: [{ host: ${DATA}, to: "0.0.0.0:1" }] }`,
    ['6:78: resolve.pin[0].to: a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com goes to this machine'],
  ],
  [`resolve: { pin: [{ host: ${DATA}, to: "203.0.114.9:1" }] }`, []],
  ['    accept: ["0.0.0.0/0"]', ['4:3: endpoints: production accepts every address']],
  ['policy: { sni: report }', ['6:16: policy.sni: report, not enforce']],
  ['policy: { alpn: off }', ['6:17: policy.alpn: off, not enforce']],
  ['policy: { address: report }', ['6:20: policy.address: report, not enforce']],
  ['policy: { allowMissingSni: true }', ['6:28: policy.allowMissingSni:']],
  [
    'policy: { sni: off, alpn: off }',
    [
      '6:16: policy.sni: sni and alpn are both off: nothing is peeked at',
      '6:16: policy.sni: off, not enforce',
      '6:27: policy.alpn: off, not enforce',
    ],
  ],
  ['drain: { rate: 8, deadline: 6250s }', []],
  [
    'drain: { rate: 8, deadline: 6249s }',
    ['6:29: drain.deadline: drain.rate 8 closes 50000 tunnels in 105m: a full node is closed at 9 a second to be done by then'],
  ],
  ['drain: { rate: 6 }', ['6:1: drain.deadline: drain.rate 6 closes 50000 tunnels in 139m']],
  [
    'limits: { tunnels: 50000 }',
    ['6:20: limits.tunnels: 50000 tunnels do not fit: 8 carriers of 300 descriptors hold 22 each, 176 in all'],
    { machine: { nofile: 300 } },
  ],
  [
    'carriers: 2',
    ['1:1: limits.tunnels: 50000 tunnels do not fit: 2 carriers of 20000 descriptors hold 9872 each, 19744 in all'],
    { machine: { nofile: 20_000 } },
  ],
];

for (const [added, expected, world] of TABLE) {
  test(`${added}: ${expected.length} warnings`, () => {
    const warnings = warningsOf(`${MINIMAL}${added}\n`, world);
    assert.equal(warnings.length, expected.length, warnings.join('\n'));
    for (const [index, start] of expected.entries())
      assert.ok(warnings[index]?.startsWith(start), `${warnings[index]} should start with ${start}`);
  });
}

for (const [host, expected] of [
  ['a1b2c3d4e5f6g7.iot.eu-west-1.amazonaws.com', /^5:11: endpoints\[0\]\.data: the old VeriSign endpoint/],
  ['data.iot-fips.us-east-1.amazonaws.com', /^5:11: endpoints\[0\]\.data: every AWS account shares this name/],
] as const) {
  test(`${host} is a warning`, () => {
    const warnings = warningsOf(MINIMAL.replace(DATA, host));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', expected);
  });
}

test('an empty list is a warning', () => {
  assert.deepEqual(warningsOf('listen: [{ address: 127.0.0.1:1 }]\nendpoints: []\n'), [
    '2:12: endpoints: the list is empty: everything is refused',
  ]);
});

test('a listener that trusts everybody to say for whom they speak is a warning', () => {
  const text = MINIMAL.replace('127.0.0.1:8443', '127.0.0.1:8443\n    proxyProtocol: { trust: ["::/0"] }');
  const [warning = '', ...more] = warningsOf(text);
  assert.match(warning, /^3:29: listen\[0\]\.proxyProtocol\.trust: everybody is trusted/);
  assert.deepEqual(more, []);
});

test('less buffer than the node engine may hold is a warning', () => {
  assert.match(warningsOf(`${MINIMAL}limits: { perTunnelBuffer: 64KiB }\n`).join('\n'), /limits\.perTunnelBuffer: less than the 256KiB/);
  assert.deepEqual(warningsOf(`${MINIMAL}limits: { perTunnelBuffer: 256KiB }\n`), []);
});
