import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { CREDENTIALS, DATA, FILE, MACHINE, makeCertificate, type Pair, readFrom } from '../config/test-support.ts';
import type { Explanation } from '../explain/explanation.ts';
import { runExplain } from './explain.ts';

const OTHER = 'z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com';
const MQTT_ONLY = 'b1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';

const TEXT = `node: { publicAddresses: [203.0.114.10, "2001:470::10"] }
listen:
  - address: 0.0.0.0:443
  - address: 198.20.0.1:443
tls: { certificate: cert.pem, key: key.pem }
endpoints:
  - name: production
    data: ${DATA}
    credentials: ${CREDENTIALS}
    accept: [10.20.0.0/16]
    ports: [443, 8883]
  - { name: mqtt-only, data: ${MQTT_ONLY}, ports: [8883] }
gateway:
  - { name: gw.example.com, endpoint: production }
resolve:
  pin: [{ host: ${CREDENTIALS}, to: "127.0.0.1:18444" }]
`;

let pair: Pair;
before(() => {
  pair = makeCertificate(['proxy.example.com', 'gw.example.com']);
});

function run(args: readonly string[], text = TEXT): { code: number; out: string; err: string } {
  let out = '';
  let err = '';
  const code = runExplain(args, {
    stdout: (part) => (out += part),
    stderr: (part) => (err += part),
    env: {},
    readFile: readFrom({ [FILE]: text, '/etc/pinhole/cert.pem': pair.certificate, '/etc/pinhole/key.pem': pair.key }),
    machine: MACHINE,
  });
  return { code, out, err };
}

/** `door host port` and further flags. */
function ask(question: string, flags: readonly string[] = [], text = TEXT): Explanation & { code: number } {
  const [door = '', host = '', port = ''] = question.split(' ');
  const { code, out, err } = run(['-c', FILE, '--door', door, '--host', host, '--port', port, '--json', ...flags], text);
  assert.equal(err, '');
  return { ...(JSON.parse(out) as Explanation), code };
}

const TABLE: readonly (readonly [string, readonly string[], string | null, string])[] = [
  [`connect ${DATA} 443`, [], 'OK', 'hello'],
  [`connect ${DATA.toUpperCase()} 443`, [], 'OK', 'hello'],
  [`connect ${DATA} 8883`, ['--alpn', 'x-amzn-mqtt-ca', '--address', '52.1.2.3', '--tenant', 'acme'], 'OK', 'hello'],
  [`connect-tls ${DATA} 443`, ['--alpn', 'h2,http/1.1'], 'OK', 'hello'],
  [`connect ${DATA} 8443`, [], 'PORT_NOT_ALLOWED', 'decision'],
  [`connect ${OTHER} 443`, [], 'TARGET_NOT_ALLOWED', 'decision'],
  ['connect 52.1.2.3 443', [], 'TARGET_NOT_ALLOWED', 'target'],
  [`connect ${DATA}. 443`, [], 'TARGET_MALFORMED', 'target'],
  [`connect user@${DATA} 443`, [], 'TARGET_MALFORMED', 'target'],
  [`connect ${DATA} 443`, ['--sni', OTHER], 'SNI_MISMATCH', 'hello'],
  [`connect ${DATA} 443`, ['--sni', ''], 'SNI_MISSING', 'hello'],
  [`connect ${DATA} 443`, ['--alpn', 'mqtt,spdy/3'], 'ALPN_NOT_ALLOWED', 'hello'],
  [`connect ${DATA} 443`, ['--address', '10.0.0.1'], 'ADDRESS_NOT_ALLOWED', 'address'],
  [`connect ${DATA} 443`, ['--address', '10.20.1.2'], 'OK', 'hello'],
  [`connect ${DATA} 443`, ['--address', '169.254.169.254'], 'ADDRESS_NOT_ALLOWED', 'address'],
  [`connect ${DATA} 443`, ['--address', '203.0.114.10'], 'ADDRESS_NOT_ALLOWED', 'address'],
  [`connect ${DATA} 443`, ['--address', '2001:0470:0::10'], 'ADDRESS_NOT_ALLOWED', 'address'],
  [`connect ${DATA} 443`, ['--address', '198.20.0.1'], 'ADDRESS_NOT_ALLOWED', 'address'],
  // Pinned: the address given is never asked for.
  [`connect ${CREDENTIALS} 443`, ['--address', '127.0.0.1'], 'OK', 'hello'],
  [`sni ${DATA} 443`, [], 'OK', 'hello'],
  [`sni ${DATA} 8883`, [], 'PORT_NOT_ALLOWED', 'target'],
  [`sni ${MQTT_ONLY} 443`, [], 'PORT_NOT_ALLOWED', 'name'],
  [`sni ${OTHER} 443`, [], 'TARGET_NOT_ALLOWED', 'name'],
  [`sni ${DATA} 443`, ['--sni', ''], null, 'name'],
  ['sni proxy.example.com 443', [], null, 'name'],
  ['gateway gw.example.com 443', ['--address', '52.1.2.3'], 'OK', 'hello'],
  ['gateway gw.example.com 443', ['--address', '127.0.0.1'], 'ADDRESS_NOT_ALLOWED', 'address'],
  ['gateway proxy.example.com 443', [], null, 'name'],
  ['gateway other.example.com 443', [], 'TARGET_NOT_ALLOWED', 'name'],
];

for (const [question, flags, reason, stage] of TABLE) {
  test(`${question} ${flags.join(' ')}: ${reason ?? 'another door'}`, () => {
    const explanation = ask(question, flags);
    assert.equal(explanation.reason, reason);
    assert.equal(explanation.allow, reason === 'OK');
    assert.equal(explanation.code, reason === 'OK' ? 0 : 1);
    const last = explanation.steps.at(-1);
    assert.equal(last?.stage, stage);
    assert.equal(last?.outcome === 'refused', reason !== 'OK');
  });
}

test('a door that no listener has is a refusal without a reason of the wire', () => {
  const text = TEXT.replaceAll(':443\n', ':443\n    doors: [connect]\n');
  const explanation = ask('gateway gw.example.com 443', [], text);
  assert.deepEqual(explanation.steps, [{ stage: 'listener', outcome: 'refused', text: 'no listener has the door gateway' }]);
  assert.equal(explanation.code, 1);
});

test('report mode allows, and says what would refuse', () => {
  const text = `${TEXT}policy: { sni: report, address: report }\n`;
  const explanation = ask(`connect ${DATA} 443`, ['--sni', OTHER, '--address', '10.0.0.1'], text);
  assert.equal(explanation.code, 0);
  assert.deepEqual(explanation.wouldDeny, ['ADDRESS_NOT_ALLOWED', 'SNI_MISMATCH']);
  const { out } = run(['-c', FILE, '--door', 'connect', '--host', DATA, '--port', '443', '--sni', OTHER], text);
  assert.match(out, /: allowed, though SNI_MISMATCH would refuse it\n/);
});

test('with nothing peeked at any server name passes', () => {
  assert.equal(ask(`connect ${DATA} 443`, ['--sni', OTHER], `${TEXT}policy: { sni: off, alpn: off }\n`).code, 0);
});

test('anyAccount is named as the reason', () => {
  const explanation = ask(`connect ${OTHER} 443`, [], TEXT.replace('    ports: [443, 8883]\n', '    anyAccount: true\n'));
  assert.equal(explanation.code, 0);
  assert.match(explanation.steps.find(({ stage }) => stage === 'decision')?.text ?? '', /anyAccount/);
});

test('the text form says the outcome first, then every step', () => {
  const { code, out } = run(['-c', FILE, '--door', 'connect', '--host', DATA, '--port', '25']);
  assert.equal(code, 1);
  const lines = out.split('\n');
  assert.equal(
    lines[0],
    `connect ${DATA}:25: refused: PORT_NOT_ALLOWED (HTTP 403, blame client): this port is not on the list for this target`,
  );
  assert.deepEqual(
    lines.slice(1, -1).map((line) => line.trim().split(/ {2,}/).slice(0, 2)),
    [
      ['listener', 'passed'],
      ['target', 'passed'],
      ['identity', 'passed'],
      ['decision', 'refused'],
    ],
  );
});

test('--help prints the usage', () => {
  const { code, out } = run(['-h']);
  assert.equal(code, 0);
  assert.match(out, /^Usage: pinhole explain/);
});

const GOOD = ['-c', FILE, '--door', 'connect', '--host', DATA, '--port', '443'];
const USAGE_ERRORS: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /-c FILE is missing/],
  [['-c', FILE], /--door is missing/],
  [['-c', FILE, '--door', 'back'], /--door back: expected connect, connect-tls, sni or gateway/],
  [['-c', FILE, '--door', 'connect'], /--host is missing/],
  [['-c', FILE, '--door', 'connect', '--host', DATA], /--port is missing/],
  [[...GOOD.slice(0, -1), '0'], /--port 0: expected/],
  [[...GOOD.slice(0, -1), '65536'], /--port 65536: expected/],
  [[...GOOD.slice(0, -1), '+443'], /--port \+443: expected/],
  [[...GOOD, '--address', '127.1'], /--address 127\.1: expected an IP address/],
  [[...GOOD, '--nope'], /--nope/],
  [[...GOOD, 'extra'], /extra/],
];

for (const [args, expected] of USAGE_ERRORS) {
  test(`one line and exit 64: ${expected.source}`, () => {
    const { code, out, err } = run(args);
    assert.equal(code, 64);
    assert.equal(out, '');
    assert.match(err, /^pinhole explain: [^\n]+\n$/);
    assert.match(err, expected);
  });
}

test('a bad file is exit 64, with its problems', () => {
  const { code, err } = run(GOOD, 'listen: []\nendpoints: []\n');
  assert.equal(code, 64);
  assert.match(err, /^\/etc\/pinhole\/pinhole\.yaml:1:9: listen: expected at least 1 in the list\n$/);
});

const HASH = `sha256:${'ab'.repeat(32)}`;
const WITH_TENANTS = `${TEXT}tenants:
  - { id: acme, tokens: ["${HASH}"], sources: [198.51.100.0/24], endpoints: [production] }
  - { id: globex, sources: [203.0.113.0/24] }
  - { id: both, tokens: ["${HASH}"], sources: [192.0.2.0/24], sniBySource: true }
`;

for (const [question, flags, reason, text] of [
  [`connect ${DATA} 443`, [], 'AUTH_REQUIRED', 'a stranger: asked for credentials'],
  [`connect ${OTHER} 443`, [], 'AUTH_REQUIRED', 'a stranger: asked for credentials'],
  [`connect ${DATA} 443`, ['--tenant', 'acme'], 'OK', 'acme by its token, from its sources'],
  [`connect ${DATA} 443`, ['--tenant', 'acme', '--from', '198.51.100.7'], 'OK', 'acme by its token from 198.51.100.7'],
  [`connect ${DATA} 443`, ['--tenant', 'acme', '--from', '192.0.2.1'], 'SOURCE_NOT_ALLOWED', 'acme by its token, but not from 192.0.2.1'],
  [`connect ${MQTT_ONLY} 8883`, ['--tenant', 'acme'], 'TARGET_NOT_ALLOWED', 'acme by its token, from its sources'],
  [`connect ${DATA} 443`, ['--tenant', 'nobody'], 'AUTH_INVALID', 'no tenant is called nobody'],
  [`connect ${DATA} 443`, ['--from', '203.0.113.9'], 'OK', '203.0.113.9 is globex'],
  [
    `connect ${DATA} 443`,
    ['--tenant', 'globex', '--from', '198.51.100.7'],
    'AUTH_REQUIRED',
    'a stranger from 198.51.100.7: asked for credentials',
  ],
  [`sni ${DATA} 443`, ['--tenant', 'acme'], 'SOURCE_NOT_ALLOWED', 'acme cannot show on sni who it is'],
  [`sni ${DATA} 443`, ['--tenant', 'both'], 'OK', 'both by its source, from its sources'],
  [`sni ${DATA} 443`, ['--from', '192.0.2.9'], 'OK', '192.0.2.9 is both'],
  [`sni ${DATA} 443`, ['--from', '198.51.100.7'], 'SOURCE_NOT_ALLOWED', 'a stranger from 198.51.100.7: of no tenant'],
] as const) {
  test(`with tenants, ${question} ${flags.join(' ')}: ${reason}`, () => {
    const { steps, ...said } = ask(question, flags, WITH_TENANTS);
    assert.equal(said.reason, reason);
    assert.equal(steps.find(({ stage }) => stage === 'identity')?.text, text);
  });
}

test('--from is an address', () => {
  const { code, err } = run(['-c', FILE, '--door', 'connect', '--host', DATA, '--port', '443', '--from', 'here']);
  assert.deepEqual([code, err], [64, 'pinhole explain: --from here: expected an IP address\n']);
});
