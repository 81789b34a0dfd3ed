// What names of a target lead to, with a DNS that answers as each case says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doorsOf } from './target-dns.ts';

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
