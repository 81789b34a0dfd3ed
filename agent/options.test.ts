import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type AgentOptions, FLAGS, parseOptions, USAGE } from './options.ts';

const ENDPOINT = 'a1b2c3-ats.iot.eu-west-1.amazonaws.com';
const NEEDED = ['--proxy', 'http://p:8443', '--endpoint', ENDPOINT, '--cert', 'c.pem', '--key', 'k.pem'];
const SIGNED = ['--role-alias', 'alias', '--credentials-endpoint', 'c.credentials.iot.eu-west-1.amazonaws.com', '--thing', 'thing-1'];

const LISTED = ['--addresses', 'list.json', '--addresses-key', 'k.pub'];

function options(...args: string[]): AgentOptions {
  const parsed = parseOptions([...NEEDED, ...args]);
  assert.equal(parsed.kind, 'options', JSON.stringify(parsed));
  return (parsed as { options: AgentOptions }).options;
}

test('what is left out has a default', () => {
  const found = options();
  assert.deepEqual(
    [found.door, found.port, found.topic, found.count, found.intervalMs, found.attempts, found.keepAliveSeconds, found.isJson],
    ['connect', 443, 'test/topic', 10, 1_000, 0, 60, false],
  );
});

test("the door follows the proxy's scheme unless it is named", () => {
  assert.equal(options('--proxy', 'http://q').door, 'connect');
  const tls = parseOptions(['--proxy', 'https://p', ...NEEDED.slice(2)]);
  assert.ok(tls.kind === 'options' && tls.options.door === 'connect-tls');
  assert.equal(options('--door', 'sni').door, 'sni');
});

for (const [name, args, problem] of [
  ['nothing', [], /--proxy: at least one.*--endpoint: is needed.*--cert: is needed.*--key: is needed/],
  ['an unknown flag', [...NEEDED, '--endpiont', 'x'], /--endpiont/],
  ['a stray word', [...NEEDED, 'x'], /x/],
  ['a count that is no number', [...NEEDED, '--count', 'many'], /--count: expected a number from 0 to 1000000000, got many/],
  ['a keep-alive that AWS would change', [...NEEDED, '--keep-alive', '5'], /--keep-alive: expected a number from 30 to 1200/],
  ['port 0', [...NEEDED, '--port', '0'], /--port/],
  ['an unknown door', [...NEEDED, '--door', 'back'], /--door: expected connect, connect-tls, sni, gateway, got back/],
  ['two schemes', [...NEEDED, '--proxy', 'https://q'], /mixes http:\/\/ and https:\/\//],
  ['half of a role', [...NEEDED, '--role-alias', 'a'], /belong together/],
  ['SigV4 on 8883', [...NEEDED, ...SIGNED, '--port', '8883'], /443 only/],
  ['a name without a region', ['--proxy', 'http://p', '--endpoint', 'iot.example.com', '--cert', 'c', '--key', 'k', ...SIGNED], /--region/],
  ['a gateway without a role', [...NEEDED, '--door', 'gateway'], /--door gateway/],
  ['sni to 8883', [...NEEDED, '--door', 'sni', '--port', '8883'], /--door sni/],
  ['a list without its key', [...NEEDED, '--addresses', 'list.json'], /--addresses and --addresses-key belong together/],
  ['a key without its list', [...NEEDED, '--addresses-key', 'k.pub'], /--addresses and --addresses-key belong together/],
  ['a place for no list', [...NEEDED, '--addresses-cache', 'c'], /--addresses-cache: is for --addresses/],
  ['a list by ftp', [...NEEDED, ...LISTED, '--addresses', 'ftp://p/x'], /--addresses: expected a file, or an http/],
  ['a list beside several proxies', [...NEEDED, ...LISTED, '--proxy', 'http://q'], /--addresses: stands for the addresses of one --proxy/],
  [
    'a list for an address',
    ['--proxy', 'http://192.0.2.1', ...NEEDED.slice(2), ...LISTED],
    /--proxy has to be the name that the list is for/,
  ],
  ['half a client certificate for the proxy', [...NEEDED, '--proxy-cert', 'x'], /--proxy-cert and --proxy-key/],
] as const) {
  test(`${name} is refused with words`, () => {
    const parsed = parseOptions(args);
    assert.ok(parsed.kind === 'problems');
    assert.match(parsed.problems.join(' '), problem);
  });
}

test('a list of addresses is a file or a URL', () => {
  assert.deepEqual(options(...LISTED).addresses, { source: { file: 'list.json' }, cache: null });
  const url = { isTls: true, host: 'p', port: 443, path: '/x' };
  const found = options(...LISTED, '--addresses', 'https://p/x', '--addresses-cache', 'c').addresses;
  assert.deepEqual(found, { source: { url }, cache: 'c' });
  assert.equal(options().addresses, null);
});

test('help wins over everything that is missing', () => {
  assert.equal(parseOptions(['--help']).kind, 'help');
});

test('the help and docs/agent.md name every flag', () => {
  const docs = readFileSync(new URL('../docs/agent.md', import.meta.url), 'utf8');
  for (const flag of Object.keys(FLAGS).map((name) => `--${name}`)) {
    assert.ok(USAGE.includes(flag), `${flag} is missing in the help`);
    assert.ok(docs.includes(`\`${flag}`), `${flag} is missing in docs/agent.md`);
  }
});
