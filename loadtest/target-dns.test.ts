// What names of a target lead to, with a DNS that answers as each case says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliasesOf, doorsOf } from './target-dns.ts';

const CASES: readonly (readonly [string, readonly (4 | 6)[], number])[] = [
  ['each address of IPv4 is a door', [4, 4, 4], 3],
  ['those of IPv6 are not dialled beside them', [4, 6, 6], 1],
  ['and are where there are no others', [6, 6], 2],
  ['a name without an answer is one door', [], 1],
];
for (const [title, families, doors] of CASES)
  test(title, async () => {
    const lookupAll = (host: string): Promise<{ family: number }[]> => {
      assert.equal(host, 'fleet.example.com');
      return families.length === 0 ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(families.map((family) => ({ family })));
    };
    assert.equal(await doorsOf('http://fleet.example.com:443', lookupAll), doors);
  });

test('an address is itself', async () => assert.equal(await doorsOf('http://127.0.0.1:8080'), 1));

/** By name: where it leads, or what the resolver fails with. */
const dns =
  (answers: Readonly<Record<string, readonly string[] | string>>) =>
  (name: string): Promise<readonly string[]> => {
    const answer = answers[name] ?? 'ENODATA';
    return typeof answer === 'string' ? Promise.reject(Object.assign(new Error(answer), { code: answer })) : Promise.resolve(answer);
  };

for (const [title, answers, aliases] of [
  ['a name without an alias leads nowhere else', {}, []],
  [
    'where nobody knows a name here: it is the proxy’s to resolve, and may lead anywhere',
    { 'iot.example.com': 'ENOTFOUND' },
    'DNS did not say where iot.example.com leads (ENOTFOUND)',
  ],
  ['an alias that nobody knows leads nowhere', { 'iot.example.com': ['b.example.com'], 'b.example.com': 'ENOTFOUND' }, ['b.example.com']],
  [
    'an alias of an alias is one',
    { 'iot.example.com': ['b.example.com'], 'b.example.com': ['c.example.com'] },
    ['b.example.com', 'c.example.com'],
  ],
  ['where DNS does not answer nobody knows', { 'iot.example.com': 'ETIMEOUT' }, 'DNS did not say where iot.example.com leads (ETIMEOUT)'],
  [
    'nor where it stops half way',
    { 'iot.example.com': ['b.example.com'], 'b.example.com': 'ESERVFAIL' },
    'DNS did not say where b.example.com leads (ESERVFAIL)',
  ],
  ['a ring has an end', { 'iot.example.com': ['iot.example.com'] }, Array.from({ length: 8 }, () => 'iot.example.com')],
] as const)
  test(title, async () => assert.deepEqual(await aliasesOf('wss://iot.example.com/mqtt', dns(answers)), aliases));

test('nobody is asked for an address', async () => {
  for (const url of ['ws://10.0.0.1/mqtt', 'ws://[fd00::1]/mqtt']) assert.deepEqual(await aliasesOf(url, dns({})), []);
});
