import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isHostName, parseAuthority } from './authority.ts';

const LABEL_63 = 'a'.repeat(63);
const NAME_253 = `${LABEL_63}.${LABEL_63}.${LABEL_63}.${'a'.repeat(61)}`;

for (const [text, host, port, isAddress] of [
  ['iot.example.com:443', 'iot.example.com', 443, false],
  ['IoT.Example.COM', 'iot.example.com', null, false],
  ['a:1', 'a', 1, false],
  ['a:65535', 'a', 65_535, false],
  [`${NAME_253}:443`, NAME_253, 443, false],
  ['xn--bcher-kva.test', 'xn--bcher-kva.test', null, false],
  ['3com.test', '3com.test', null, false],
  ['0x7f.test', '0x7f.test', null, false],
  ['a.0xg', 'a.0xg', null, false],
  ['127.0.0.1:80', '127.0.0.1', 80, true],
  ['127.1', '127.1', null, true],
  ['2130706433', '2130706433', null, true],
  ['0x7F000001', '0x7f000001', null, true],
  ['a.0x', 'a.0x', null, true],
  ['256.256.256.256', '256.256.256.256', null, true],
  ['[::1]:443', '::1', 443, true],
  ['[0:0::1]', '::1', null, true],
  ['[::ffff:10.0.0.1]', '10.0.0.1', null, true],
] as const) {
  test(`parseAuthority reads ${text.slice(0, 40)}`, () => {
    assert.deepEqual(parseAuthority(text), { ok: true, value: { host, port, isAddress } });
  });
}

for (const text of [
  '',
  ':',
  ':443',
  '.',
  '.:443',
  'a.',
  'a.:443',
  '.a',
  'a..b',
  '-a',
  'a-',
  'a.-b.c',
  'a_b',
  '__proto__',
  'a b',
  'a\tb',
  'a/',
  'a@b',
  'a#',
  'a?b',
  'a%2eb',
  'a\\b',
  'a,b',
  `${LABEL_63}a.test`,
  `${NAME_253}a`,
  'é.test',
  'a\0b',
  '*',
  '*.a',
  'a:',
  'a:0',
  'a:65536',
  'a:65979',
  'a:4294967739',
  'a:0443',
  'a:00443',
  'a:0x1bb',
  'a:+443',
  'a:-443',
  'a:4.43e2',
  'a:443abc',
  'a: 443',
  'a:443 ',
  'a:22:443',
  'a:https',
  'a:%34',
  'a:٤٤٣',
  '[',
  '[]',
  '[]:443',
  '[a]',
  '[a.test]:443',
  '[127.0.0.1]:443',
  '[::1',
  '::1',
  '::1:443',
  '[::1%eth0]:443',
  '[::1]x',
  '[::1]:',
  '[::1]443',
  '[::1]:443]:443',
  '[v1.a]:443',
  '[[::1]]',
]) {
  test(`parseAuthority refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(parseAuthority(text).ok, false);
  });
}

test('any text is read or refused, never thrown at, and what is read can be read again', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'ab0x1.:-[]f') }));
  fc.assert(
    fc.property(text, (candidate) => {
      const parsed = parseAuthority(candidate);
      if (!parsed.ok || parsed.value.host.includes(':')) return;
      assert.equal(parsed.value.host, parsed.value.host.toLowerCase());
      assert.ok(isHostName(parsed.value.host));
    }),
    { numRuns: 2_000 },
  );
});
