import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Fleet } from './fleet.ts';
import { FLEET_TEXT, load, saidOf } from './test-support.ts';

const NO_SPARE = 'slots: no spare: to replace a node, its address has to move, and that cuts every tunnel on it';

function good(text: string, files: Readonly<Record<string, string>> = {}): Fleet {
  const loaded = load(text, { files });
  assert.ok('fleet' in loaded, JSON.stringify(loaded));
  return loaded.fleet;
}

test('the smallest file, with every default', () => {
  const { slots, ...rest } = good(FLEET_TEXT);
  assert.deepEqual(rest, {
    name: 'proxy.example.com',
    companion: 'proxy-all.example.com',
    zone: 'example.com',
    ttlS: 60,
    owner: 'pinhole-eu',
    quota: { connectsPerSecond: 500, closeShare: 0.25 },
    guard: { minWeight: 1, withdrawnShare: 0.34 },
    check: { protocol: 'http', port: 443, path: '/ready', search: 'ready', intervalS: 10, threshold: 3 },
  });
  assert.deepEqual(
    slots.map(({ id, weight, role }) => [id, weight, role]),
    [
      ['a', 100, 'active'],
      ['b', 100, 'active'],
      ['c', 100, 'active'],
      ['s', 0, 'spare'],
    ],
  );
  assert.deepEqual(saidOf(FLEET_TEXT), []);
});

test('a canary without a weight has 10, and a written weight counts', () => {
  const text = FLEET_TEXT.replace('address: 203.0.113.2', 'address: 203.0.113.2, role: canary').replace('113.3 }', '113.3, weight: 7 }');
  assert.deepEqual(
    good(text).slots.map(({ weight }) => weight),
    [100, 10, 7, 0],
  );
});

test('a tcp check asks for no path and searches for nothing', () => {
  const { check } = good(`${FLEET_TEXT}check: { protocol: tcp, threshold: 2 }\n`);
  assert.deepEqual(check, { protocol: 'tcp', port: 443, path: null, search: null, intervalS: 10, threshold: 2 });
});

test('a token comes from its file, which stands beside FLEET.yaml', () => {
  const text = FLEET_TEXT.replace('113.1 }', '113.1, admin: "http://10.0.0.1:9901", token: "file:a.token" }');
  const [first] = good(text, { '/etc/pinhole/a.token': 'SECRET\n' }).slots;
  assert.deepEqual([first?.admin, first?.token], ['http://10.0.0.1:9901', 'SECRET']);
  assert.deepEqual(saidOf(text), ['5:74: slots[0].token: cannot read /etc/pinhole/a.token (ENOENT)']);
});

test('the zone may be given by its id', () => {
  assert.equal(good(FLEET_TEXT.replace('zone: example.com', 'zone: Z0123456789ABCDEFGHIJ')).zone, 'Z0123456789ABCDEFGHIJ');
});

test('every problem at once, each with its place, those across keys included', () => {
  const text = `name: proxy.example.org
zone: example.com
ttl: 90s
ownr: pinhole-eu
guard: { minWeight: 0 }
check: { protocol: tcp, path: /ready, interval: 20s, threshold: 11 }
slots:
  - { id: a, address: 203.0.113.1, weight: 256 }
  - { id: a, address: 203.0.113.1, role: primary }
  - { id: s, address: "2001:db8::1", role: spare, weight: 5, token: SECRETMARK }
`;
  const said = saidOf(text);
  assert.deepEqual(said, [
    '1:7: name: not in the zone example.com',
    '3:6: ttl: "90s": expected a duration from 5s to 1m',
    '4:1: ownr: unknown key; did you mean owner?',
    '5:21: guard.minWeight: 0: expected a whole number from 1 to 25500',
    '6:31: check.path: a tcp check asks for nothing; leave it out, or take http',
    '6:49: check.interval: "20s": expected 10s or 30s',
    '6:65: check.threshold: 11: expected a whole number from 1 to 10',
    '8:44: slots[0].weight: 256: expected a whole number from 0 to 255',
    '9:11: slots[1].id: a is the id of slots[0] already',
    '9:23: slots[1].address: 203.0.113.1 is the address of slots[0] already',
    '9:42: slots[1].role: "primary": expected active, canary or spare',
    '10:23: slots[2].address: "2001:db8::1": expected an IPv4 address',
    '10:59: slots[2].weight: a spare has weight 0; make it active to give it agents',
    '10:69: slots[2].token: a token for no address: admin is missing',
  ]);
  assert.doesNotMatch(said.join(), /SECRETMARK/);
});

for (const [change, expected] of [
  [
    ['name: proxy.example.com', 'name: example.com'],
    '1:7: name: the zone itself: its companion name would be outside of it; take a name below',
  ],
  [['zone: example.com', 'zone: example.com.'], '2:7: zone: "example.com.": leave out the trailing dot'],
  [['owner: pinhole-eu', 'owner: Pinhole_EU'], '3:8: owner: "Pinhole_EU": expected up to 24 lower-case letters, digits and hyphens'],
  [['owner: pinhole-eu', 'owner: pinhole-eu\nttl: 5500ms'], '4:6: ttl: expected whole seconds: DNS knows no shorter ones'],
  [
    ['owner: pinhole-eu', 'owner: pinhole-eu\nguard: { minWeight: 301 }'],
    '4:21: guard.minWeight: more than all slots together have, which is 300',
  ],
  [['owner: pinhole-eu', 'owner: pinhole-eu\nquota: { closeShare: 1.5 }'], '4:22: quota.closeShare: 1.5: expected a number from 0 to 1'],
  [['name: proxy.', `name: ${'x'.repeat(60)}.`], '1:7: name: the companion name would have a label of 64 characters'],
  [['113.1 }', '113.1, admin: "http://10.0.0.1:9901/x" }'], /^5:43: slots\[0\]\.admin: .*expected scheme, host and port alone/],
  [['zone: example.com', 'zone: "${NOPE}"'], '2:7: zone: ${NOPE}: the environment variable NOPE is not set'],
] as const) {
  test(`a mistake: ${change[1].slice(0, 60)}`, () => {
    const said = saidOf(FLEET_TEXT.replace(change[0], change[1]));
    assert.equal(said.length, 1, said.join('\n'));
    if (typeof expected === 'string') assert.equal(said[0], expected);
    else assert.match(said[0] ?? '', expected);
  });
}

test('a fleet in which no slot has a weight', () => {
  const text = FLEET_TEXT.replaceAll(/113\.([123]) \}/g, '113.$1, weight: 0 }');
  assert.deepEqual(saidOf(text), ['5:3: slots: no slot has a weight: Route 53 would then give all of them the same']);
});

for (const [text, expected] of [
  ['', '1:1: the file is empty'],
  ['- a\n', '1:1: expected a map of keys, such as name:, zone: and slots:'],
] as const) {
  test(`no fleet at all: ${JSON.stringify(text)}`, () => assert.deepEqual(saidOf(text), [expected]));
}

for (const [change, expected] of [
  [['  - { id: s, address: 203.0.113.4, role: spare }\n', ''], [`5:3: ${NO_SPARE}`]],
  [
    ['owner: p', 'check: { interval: 30s }\nowner: p'],
    ['3:1: check: a dead node may stay in DNS for 168 s; with 10s, threshold 3 and ttl 60s it is 108 s'],
  ],
  [['203.0.113.2', '10.0.0.2'], ['6:23: slots[1].address: 10.0.0.2 is private: Route 53 cannot check it']],
] as const) {
  test(`a warning: ${change[1] || 'no spare'}`, () => {
    const loaded = load(FLEET_TEXT.replace(change[0], change[1]));
    assert.ok('fleet' in loaded);
    assert.deepEqual(
      loaded.warnings.map(({ line, path, message }) => `${line} ${path}: ${message}`),
      expected.map((text) => text.replace(/^(\d+):\d+: /, '$1 ')),
    );
  });
}

test('whatever the text, loading ends in a fleet or in problems with a place', () => {
  const isGoodResult = (text: string): void => {
    const loaded = load(text);
    if ('fleet' in loaded) return;
    assert.ok(loaded.problems.length > 0);
    for (const { line, column, message } of loaded.problems) {
      assert.ok(line >= 1 && column >= 1);
      assert.doesNotMatch(message, /undefined|\[object|Invalid input/);
    }
  };
  for (let end = 0; end <= FLEET_TEXT.length; end++) isGoodResult(FLEET_TEXT.slice(0, end));
  const keys = fc.constantFrom('name', 'zone', 'ttl', 'owner', 'quota', 'guard', 'check', 'slots', 'x');
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 })), (value) => isGoodResult(JSON.stringify(value))),
    { numRuns: 300 },
  );
});

test('the example of docs/fleet.md is a good file, with nothing to warn of', () => {
  const docs = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml[^\n]*\n([^`]*)```/.exec(docs) ?? [];
  assert.match(text, /slots:/);
  assert.deepEqual(saidOf(text), []);
});
