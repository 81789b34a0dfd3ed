import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { CREDENTIALS, DATA, FILE, MACHINE, makeCertificate, MINIMAL, type Pair, readFrom } from '../config/test-support.ts';
import { runCheck } from './check.ts';
import type { CliIo } from './io.ts';

const FULL = `listen:
  - address: 0.0.0.0:443
  - address: 127.0.0.1:8443
    doors: [connect]
    proxyProtocol: { trust: [10.0.0.0/8] }
tls: { certificate: cert.pem, key: key.pem }
endpoints:
  - name: production
    data: ${DATA}
    credentials: ${CREDENTIALS}
    ports: [8883, 443]
    accept: [10.20.0.0/16]
  - name: mqtt-only
    data: b1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com
    ports: [8883]
    anyAccount: true
gateway:
  - { name: gw.example.com, endpoint: production }
admin: { token: SECRETMARK }
`;

let pair: Pair;
before(() => {
  pair = makeCertificate(['proxy.example.com', 'gw.example.com']);
});

function run(args: readonly string[], text: string, machine: Partial<CliIo['machine']> = {}): { code: number; out: string; err: string } {
  let out = '';
  let err = '';
  const code = runCheck(args, {
    stdout: (part) => (out += part),
    stderr: (part) => (err += part),
    env: {},
    readFile: readFrom({ [FILE]: text, '/etc/pinhole/cert.pem': pair.certificate, '/etc/pinhole/key.pem': pair.key }),
    machine: { ...MACHINE, ...machine },
  });
  return { code, out, err };
}

test('a good file: the list, the listeners and the caps, exit 0', () => {
  const { code, out, err } = run(['-c', FILE], FULL);
  assert.equal(code, 0);
  assert.equal(err, '');
  const lines = out.split('\n').map((line) => line.trim().split(/ {2,}/).join(' | '));
  assert.ok(lines.includes(`production | data | ${DATA} | 8883, 443 | connect, connect-tls, sni, gateway | also 10.20.0.0/16`), out);
  assert.ok(lines.includes(`production | credentials | ${CREDENTIALS} | 443 | connect, connect-tls, sni | also 10.20.0.0/16`), out);
  assert.ok(
    lines.some((line) => line.includes('(and any other account’s) | 8883 | connect, connect-tls')),
    out,
  );
  assert.ok(lines.includes('0.0.0.0:443 | connect, connect-tls, sni, gateway'), out);
  assert.ok(lines.includes('127.0.0.1:8443 | connect | PROXY header from 10.0.0.0/8'), out);
  assert.ok(lines.includes(`gw.example.com | ${DATA}:443`), out);
  assert.ok(lines.includes('Carriers 2, relay auto, tunnels at most 50000'), out);
  assert.match(out, /Warnings\n {2}\/etc\/pinhole\/pinhole\.yaml:16:17: endpoints\[1\]\.anyAccount: /);
});

for (const flags of [[], ['--json']]) {
  test(`no secret is printed ${flags.join('')}`, () => {
    assert.doesNotMatch(run(['-c', FILE, ...flags], FULL).out, /SECRETMARK|PRIVATE KEY|BEGIN/);
  });
}

test('--json prints one object with the same facts', () => {
  const { code, out } = run(['--config', FILE, '--json'], FULL);
  assert.equal(code, 0);
  const said = JSON.parse(out) as Record<string, unknown>;
  assert.equal(said['ok'], true);
  assert.deepEqual(said['tunnels'], { configured: 50_000, effective: 50_000 });
  assert.deepEqual(said['names'], ['proxy.example.com', 'gw.example.com']);
  assert.deepEqual(said['admin'], { host: '127.0.0.1', port: 9901, hasToken: true });
  assert.equal((said['hosts'] as unknown[]).length, 3);
  assert.equal((said['warnings'] as unknown[]).length, 1);
  assert.equal(out.trim().split('\n').length, 1);
});

test('a bad file: every problem on a line of its own, exit 64, nothing else', () => {
  const { code, out, err } = run(['-c', FILE], `${MINIMAL}limits: { idel: 5m, tunnels: x }\n`);
  assert.equal(code, 64);
  assert.equal(out, '');
  assert.deepEqual(err.split('\n'), [
    `${FILE}:6:11: limits.idel: unknown key; did you mean idle?`,
    `${FILE}:6:30: limits.tunnels: "x": expected a whole number from 1 to 10000000`,
    '',
  ]);
});

test('--json gives the problems too', () => {
  const { code, out } = run(['-c', FILE, '--json'], `${MINIMAL}x: 1\n`);
  assert.equal(code, 64);
  assert.deepEqual(JSON.parse(out), { ok: false, problems: [{ line: 6, column: 1, path: 'x', message: 'unknown key' }] });
});

test('a file that is not there is exit 64', () => {
  const { code, err } = run(['-c', '/nowhere.yaml'], MINIMAL);
  assert.equal(code, 64);
  assert.equal(err, '/nowhere.yaml:1:1: cannot read the file (ENOENT)\n');
});

const TOO_MANY = `${MINIMAL}carriers: 2\n`;

test('tunnels that do not fit are a warning, and a failure under --strict', () => {
  const lenient = run(['-c', FILE], TOO_MANY, { nofile: 20_000 });
  assert.equal(lenient.code, 0);
  assert.match(lenient.out, /tunnels at most 19744 \(of 50000 asked for\)/);
  assert.match(lenient.out, /limits\.tunnels: 50000 tunnels do not fit/);

  const strict = run(['-c', FILE, '--strict'], TOO_MANY, { nofile: 20_000 });
  assert.equal(strict.code, 64);
  assert.match(strict.err, /--strict: 50000 tunnels do not fit/);
  assert.equal((JSON.parse(run(['-c', FILE, '--strict', '--json'], TOO_MANY, { nofile: 20_000 }).out) as { ok: boolean }).ok, false);
});

test('--strict does not fail for other warnings', () => {
  assert.equal(run(['-c', FILE, '--strict'], `${MINIMAL}limits: { idle: 1m }\n`).code, 0);
});

test('an empty list is said', () => {
  assert.match(run(['-c', FILE], 'listen: [{ address: 127.0.0.1:1 }]\nendpoints: []\n').out, /Allow list: empty, everything is refused/);
});

test('--help prints the usage', () => {
  const { code, out } = run(['--help'], MINIMAL);
  assert.equal(code, 0);
  assert.match(out, /^Usage: pinhole check/);
});

for (const args of [[], ['--nope'], ['-c'], ['-c', FILE, 'extra']]) {
  test(`one line and exit 64 for: check ${args.join(' ')}`, () => {
    const { code, out, err } = run(args, MINIMAL);
    assert.equal(code, 64);
    assert.equal(out, '');
    assert.match(err, /^pinhole check: [^\n]+\n$/);
  });
}

test('the address list that a node serves is shown', () => {
  const { vectors } = JSON.parse(readFileSync(new URL('../../docs/address-vectors.json', import.meta.url), 'utf8')) as {
    vectors: { text: string }[];
  };
  const say = (args: readonly string[]): string => {
    let out = '';
    const files = { [FILE]: `${MINIMAL}addresses: list.json\n`, '/etc/pinhole/list.json': vectors[0]?.text ?? '' };
    const io = { stdout: (part: string) => (out += part), stderr: assert.fail, env: {}, readFile: readFrom(files), machine: MACHINE };
    assert.equal(runCheck(['-c', FILE, ...args], io), 0);
    return out;
  };
  assert.match(say([]), /^Address list of example-eu, until 2027-02-27T05:00:00Z\n {2}eu-1a {2}203\.0\.113\.10 +active\n/m);
  const { addresses } = JSON.parse(say(['--json'])) as { addresses: { fleet: string; addresses: unknown[] } };
  assert.deepEqual([addresses.fleet, addresses.addresses.length], ['example-eu', 5]);
});
