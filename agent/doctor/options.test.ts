import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DoctorOptions, parseDoctorOptions } from './options.ts';

const ENDPOINT = ['--endpoint', 'a1b2c3d4-ats.iot.eu-west-1.amazonaws.com'];

function options(...args: readonly string[]): DoctorOptions {
  const parsed = parseDoctorOptions([...ENDPOINT, ...args]);
  assert.equal(parsed.kind, 'options', JSON.stringify(parsed));
  return (parsed as { options: DoctorOptions }).options;
}

describe('--proxy', () => {
  for (const [text, host, port] of [
    ['proxy.example.com', 'proxy.example.com', 443],
    ['proxy.example.com:8443', 'proxy.example.com', 8443],
    ['http://proxy.example.com', 'proxy.example.com', 443],
    ['https://proxy.example.com/', 'proxy.example.com', 443],
    ['203.0.113.10', '203.0.113.10', 443],
    ['2001:db8::40', '2001:db8::40', 443],
    ['[2001:db8::40]', '2001:db8::40', 443],
    ['[2001:db8::40]:8443', '2001:db8::40', 8443],
  ] as const) {
    test(`${text} is ${host}, port ${port}`, () => {
      const [proxy] = options('--proxy', text).proxies;
      assert.deepEqual([proxy?.host, proxy?.port, proxy?.authorization], [host, port, null]);
    });
  }

  test('a tenant and its token may be in it, and no message repeats them', () => {
    assert.equal(options('--proxy', 'https://acme:t0ken@proxy.example.com').proxies[0]?.authorization, 'Basic YWNtZTp0MGtlbg==');
    const wrong = parseDoctorOptions([...ENDPOINT, '--proxy', 'https://acme:t0ken@proxy.example.com:99999']);
    assert.equal(wrong.kind, 'problems');
    assert.doesNotMatch(JSON.stringify(wrong), /t0ken/);
  });
});

for (const list of ['https://acme:t0ken@p.example/list', 'https://t0ken@p.example/list', 'ftp://acme:t0ken@p.example/list']) {
  test(`a list with a login in its URL is refused, and no message repeats it: ${list}`, () => {
    const refused = parseDoctorOptions([...ENDPOINT, '--addresses', list]);
    assert.equal(refused.kind, 'problems');
    assert.doesNotMatch(JSON.stringify(refused), /t0ken/);
  });
}

test('every door is looked at unless some are named, and the gateway where its name is known', () => {
  const proxy = ['--proxy', 'proxy.example.com'];
  assert.deepEqual(options(...proxy).doors, ['connect', 'connect-tls', 'sni']);
  assert.deepEqual(options(...proxy, '--gateway', 'gw.example.com').doors, ['connect', 'connect-tls', 'sni', 'gateway']);
  assert.deepEqual(options(...proxy, '--door', 'sni', '--door', 'connect').doors, ['connect', 'sni']);
});

for (const [text, ms] of [
  ['30s', 30_000],
  ['10m', 600_000],
  ['19m', 1_140_000],
] as const) {
  test(`--idle ${text} is ${ms} ms`, () =>
    assert.equal(options('--proxy', 'p.example', '--cert', 'c', '--key', 'k', '--client-id', 'x', '--idle', text).idleMs, ms));
}

for (const [args, why] of [
  [['--proxy', 'p.example'], /--endpoint: is needed/],
  [ENDPOINT, /--addresses or --proxy/],
  [[...ENDPOINT, '--proxy', 'p.example', '--idle', '20m'], /--idle 20m: expected/],
  [[...ENDPOINT, '--proxy', 'p.example', '--idle', '0s'], /--idle 0s: expected/],
  [[...ENDPOINT, '--proxy', 'p.example', '--idle', '5m'], /need --cert and --key/],
  [[...ENDPOINT, '--proxy', 'p.example', '--cert', 'c'], /--cert and --key belong together/],
  [[...ENDPOINT, '--proxy', 'p.example', '--cert', 'c', '--key', 'k'], /--client-id: is needed/],
  [[...ENDPOINT, '--proxy', 'p.example', '--door', 'window'], /--door: expected connect/],
  [[...ENDPOINT, '--proxy', 'p.example', '--door', 'gateway'], /needs --gateway/],
  [[...ENDPOINT, '--proxy', 'p.example', '--dns', 'a name'], /--dns a name: expected/],
  [[...ENDPOINT, '--proxy', 'p.example', '--addresses-key', 'k'], /--addresses-key: is for --addresses/],
  [[...ENDPOINT, '--proxy', 'p.example', '--role-alias', 'a'], /belong together/],
  [[...ENDPOINT, '--addresses', 'ftp://p.example/list'], /expected a file, or an http/],
  [['--no-such-flag'], /no-such-flag/],
] as const) {
  test(`${args.join(' ')} is refused`, () => {
    const parsed = parseDoctorOptions(args);
    assert.equal(parsed.kind, 'problems');
    assert.match((parsed as { problems: readonly string[] }).problems.join('\n'), why);
  });
}
