import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortNotices } from './change-notice.ts';
import type { AddressList, PublishedAddress } from './list.ts';

const list = (...addresses: readonly PublishedAddress[]): AddressList => ({
  version: 1,
  fleet: 'eu',
  proxy: { host: 'proxy.example.com', port: 443 },
  issued: '2027-01-01T00:00:00Z',
  expires: '2027-04-01T00:00:00Z',
  addresses,
});

const at = (state: PublishedAddress['state'], date?: string): PublishedAddress => ({
  ...{ slot: 'b', address: '203.0.113.2', state },
  ...(date === undefined ? {} : { date }),
});
const OTHER: PublishedAddress = { slot: 'a', address: '203.0.113.1', state: 'active' };
const NONE = null;

/** What becomes of 203.0.113.2 with 90 days promised, and what is said of it. */
const ROWS: readonly (readonly [what: string, was: PublishedAddress | null, is: PublishedAddress | null, says: RegExp | null])[] = [
  ['stays', at('active'), at('active'), null],
  ['becomes standby', at('active'), at('standby'), null],
  ['is announced 90 days ahead', NONE, at('announced', '2027-04-01'), null],
  ['is announced 89 days ahead', NONE, at('announced', '2027-03-31'), /announced with a date 89 days ahead: 90 are promised/],
  ['was announced, and its day has come nearer', at('announced', '2027-01-10'), at('announced', '2027-01-10'), null],
  ['was announced, and its day was moved nearer', at('announced', '2027-03-10'), at('announced', '2027-02-10'), /40 days ahead/],
  ['was announced, and its day has come', at('announced', '2027-01-01'), at('active'), null],
  ['was announced, and is used a month early', at('announced', '2027-02-01'), at('active'), /in use before 2027-02-01/],
  ['is in use at once', NONE, at('standby'), /new and in use at once/],
  ['retires 90 days ahead', at('active'), at('retiring', '2027-04-01'), null],
  ['retires in a week', at('active'), at('retiring', '2027-01-08'), /retiring with a date 7 days ahead/],
  ['has retired, and is gone', at('retiring', '2026-12-31'), NONE, null],
  ['is gone before its last day', at('retiring', '2027-01-02'), NONE, /is gone from the list/],
  ['is gone out of use', at('standby'), NONE, /is gone from the list/],
  ['was announced, and never came', at('announced', '2027-01-10'), NONE, null],
];

for (const [what, was, is, says] of ROWS) {
  test(`an address that ${what}: ${says === null ? 'as promised' : 'said'}`, () => {
    const words = shortNotices(list(OTHER, ...(was ? [was] : [])), list(OTHER, ...(is ? [is] : [])), 90);
    if (says === null) return assert.deepEqual(words, []);
    assert.equal(words.length, 1, words.join('\n'));
    assert.match(words[0] ?? '', says);
  });
}
