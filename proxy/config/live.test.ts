import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Settings } from '../core/settings.ts';
import { atStartChanges, changedKeys, settingsBeside } from './live.ts';
import { load, makeCertificate, MACHINE, MINIMAL } from './test-support.ts';

const pair = makeCertificate(['proxy.example.com']);
const other = makeCertificate(['proxy.example.com']);
const FILES = { '/etc/pinhole/cert.pem': pair.certificate, '/etc/pinhole/key.pem': pair.key };
const TLS = 'tls: { certificate: cert.pem, key: key.pem }\n';

function settingsOf(text: string, world: Parameters<typeof load>[1] = {}): Settings {
  const loaded = load(text, { files: FILES, ...world });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.settings;
}

/** As the start of a node leaves them. */
function started(settings: Settings): Settings {
  return {
    ...settings,
    listeners: settings.listeners.map((listener) => ({ ...listener, port: listener.port || 40_000 })),
    health: { ...settings.health, port: settings.health.port || 40_001 },
    carriers: 7,
    relay: 'native',
  };
}

describe('what only a start takes', () => {
  for (const [what, before, after, expected] of [
    ['another address', 'listen: [{ address: "0.0.0.0:443" }]', 'listen: [{ address: "0.0.0.0:8443" }]', ['listen[0].address']],
    ['another host', 'listen: [{ address: "0.0.0.0:443" }]', 'listen: [{ address: "[::]:443" }]', ['listen[0].address']],
    [
      'one more listener',
      'listen: [{ address: "0.0.0.0:443" }]',
      'listen: [{ address: "0.0.0.0:443" }, { address: "0.0.0.0:444" }]',
      ['listen'],
    ],
    ['another backlog', 'listen: [{ address: "0.0.0.0:443" }]', 'listen: [{ address: "0.0.0.0:443", backlog: 9 }]', ['listen[0].backlog']],
    [
      'doors that are written',
      'listen: [{ address: "0.0.0.0:443" }]',
      'listen: [{ address: "0.0.0.0:443", doors: [connect] }]',
      ['listen[0].doors'],
    ],
    [
      'trust in load balancers',
      'listen: [{ address: "0.0.0.0:443" }]',
      'listen: [{ address: "0.0.0.0:443", proxyProtocol: { trust: [10.0.0.0/8] } }]',
      ['listen[0].proxyProtocol.trust'],
    ],
    ['the number of carriers', 'carriers: 2', 'carriers: 3', ['carriers']],
    ['a number that was left to the machine', 'carriers: auto', 'carriers: 3', ['carriers']],
    ['the engine', 'relay: auto', 'relay: node', ['relay']],
    ['the runtime folder', 'runtime: /run/a', 'runtime: /run/b', ['runtime']],
    ['the health address', 'health: { address: "127.0.0.1:8080" }', 'health: { address: "127.0.0.1:0" }', ['health.address']],
    ['the admin address', 'admin: { address: "127.0.0.1:9901" }', 'admin: { address: "127.0.0.1:9902" }', ['admin.address']],
    ['several at once', 'carriers: 2\nrelay: auto', 'carriers: 3\nrelay: node', ['carriers', 'relay']],
    ['the token of admin: no', 'admin: { token: a }', 'admin: { token: b }', []],
    ['the way an address is written: no', 'listen: [{ address: "[::1]:443" }]', 'listen: [{ address: "[0::1]:443" }]', []],
    ['limits: no', 'limits: { tunnels: 1 }', 'limits: { tunnels: 2 }', []],
  ] as const) {
    test(what, () => {
      const text = (lines: string): string =>
        lines.includes('listen:') ? MINIMAL.replace(/^listen:\n.*\n/, `${lines}\n`) : `${MINIMAL}${lines}\n`;
      const [running, wanted] = [settingsOf(text(before)), settingsOf(text(after))];
      assert.deepEqual(
        atStartChanges(running.atStart, wanted.atStart).map(({ key }) => key),
        expected,
      );
    });
  }

  test('is said with both values, in words', () => {
    const running = settingsOf(`${MINIMAL}carriers: auto\n`);
    const wanted = settingsOf(`${MINIMAL.replace('127.0.0.1:8443', '"[::1]:9"')}carriers: 3\n`);
    assert.deepEqual(atStartChanges(running.atStart, wanted.atStart), [
      { key: 'listen[0].address', running: '127.0.0.1:8443', wanted: '[::1]:9' },
      { key: 'carriers', running: 'auto', wanted: '3' },
    ]);
  });

  test('survives the runtime folder as JSON', () => {
    const { atStart } = settingsOf(MINIMAL);
    assert.deepEqual(atStartChanges(JSON.parse(JSON.stringify(atStart)) as Settings['atStart'], atStart), []);
  });
});

describe('what a node goes on with', () => {
  test('keeps the ports, the number of carriers and the engine of its start, and takes all else', () => {
    const text = MINIMAL.replace('127.0.0.1:8443', '127.0.0.1:0') + 'health: { address: "127.0.0.1:0" }\n';
    const running = started(settingsOf(text));
    const wanted = settingsOf(`${text}limits: { idle: 40m }\nadmin: { token: secret }\n`, { machine: { cores: 64 } });
    const next = settingsBeside(running, wanted);
    assert.deepEqual([next.listeners[0]?.port, next.health.port, next.carriers, next.relay], [40_000, 40_001, 7, 'native']);
    assert.deepEqual([next.limits.idleMs, next.admin.token, next.policyVersion], [2_400_000, 'secret', wanted.policyVersion]);
    assert.deepEqual(changedKeys(running, next), ['limits', 'admin']);
  });

  test('has the doors that the rest of the file makes possible now', () => {
    const running = settingsOf(MINIMAL);
    const wanted = settingsOf(`${MINIMAL}${TLS}`);
    assert.deepEqual(atStartChanges(running.atStart, wanted.atStart), []);
    const next = settingsBeside(running, wanted);
    assert.deepEqual(next.listeners[0]?.doors, ['connect', 'connect-tls', 'sni']);
    assert.deepEqual(changedKeys(running, next), ['listen[].doors', 'tls']);
  });

  test('a renewed certificate is a change of tls, though the file is the same', () => {
    const running = settingsOf(`${MINIMAL}${TLS}`);
    const files = { '/etc/pinhole/cert.pem': other.certificate, '/etc/pinhole/key.pem': other.key };
    const wanted = settingsOf(`${MINIMAL}${TLS}`, { files });
    assert.notEqual(wanted.policyVersion, running.policyVersion);
    assert.deepEqual(changedKeys(running, settingsBeside(running, wanted)), ['tls']);
  });

  for (const [key, lines] of [
    ['node', 'node: { name: other }'],
    ['policy', 'policy: { alpn: report }'],
    ['resolve', 'resolve: { family: any }'],
    ['timeouts', 'timeouts: { head: 9s }'],
    ['drain', 'drain: { stop: 9s }'],
    ['probe', 'probe: off'],
    ['admin', 'admin: { names: [node.internal] }'],
    ['log', 'log: { level: debug }'],
    ['endpoints', `  - name: other\n    customDomain: iot.example.com`],
  ] as const) {
    test(`${key} is named where it is different`, () => {
      const running = settingsOf(MINIMAL);
      assert.deepEqual(changedKeys(running, settingsBeside(running, settingsOf(`${MINIMAL}${lines}\n`))), [key]);
    });
  }

  test('the version of a file does not depend on the machine that reads it', () => {
    const versions = [1, 2, 64].map((cores) => settingsOf(MINIMAL, { machine: { ...MACHINE, cores } }).policyVersion);
    assert.equal(new Set(versions).size, 1);
  });
});
