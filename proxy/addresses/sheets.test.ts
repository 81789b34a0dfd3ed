import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPacResolver } from 'pac-resolver';
import { QuickJS } from 'quickjs-wasi';
import type { AddressList } from './list.ts';
import { digestOf, judgeSheet, renderSheets, sheetsOf, sheetStem } from './sheet-files.ts';

const DATA = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const LIST: AddressList = {
  version: 1,
  fleet: 'example-eu',
  proxy: { host: 'proxy.example.com', port: 443 },
  issued: '2026-11-29T05:00:00Z',
  expires: '2027-02-27T05:00:00Z',
  addresses: [
    { slot: 'eu-0a', address: '203.0.113.5', state: 'retiring', date: '2027-07-31' },
    { slot: 'eu-1c', address: '203.0.113.30', state: 'standby' },
    { slot: 'eu-1a', address: '203.0.113.10', state: 'active' },
    { slot: 'eu-1b', address: '2001:db8::20', state: 'active' },
    { slot: 'eu-1d', address: '203.0.113.40', state: 'announced', date: '2027-06-01' },
  ],
  notice: 90,
  contact: 'net@example.com <script>alert(1)</script>',
};

function sheet(ending: string, list: AddressList = LIST): string {
  const found = renderSheets(list, 'addresses', [DATA]).find(({ file }) => file === `addresses.${ending}`);
  return found?.text ?? assert.fail(ending);
}

test('the text has each address on a line of its own, in use first, and all else as remarks', () => {
  const lines = sheet('txt').trimEnd().split('\n');
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('#')),
    ['203.0.113.10', '2001:db8::20', '203.0.113.30', '203.0.113.40', '203.0.113.5'],
  );
  assert.match(sheet('txt'), /^# eu-1d: allow before 2027-06-01\n203\.0\.113\.40$/m);
});

for (const [what, url, expected] of [
  [
    'a listed endpoint',
    `https://${DATA}/mqtt`,
    /^PROXY proxy\.example\.com:443; PROXY 203\.0\.113\.10:443; PROXY \[2001:db8::20\]:443; PROXY 203/,
  ],
  ['a listed endpoint in capitals', `wss://${DATA.toUpperCase()}/mqtt`, /^PROXY /],
  ["another account's endpoint", 'https://z9y8x7w6v5u4t3-ats.iot.eu-west-1.amazonaws.com/', /^DIRECT$/],
  ['a name that ends like it', `https://evil${DATA}/`, /^DIRECT$/],
  ['anything else', 'https://example.com/', /^DIRECT$/],
] as const) {
  test(`the PAC file sends ${what} where it should go`, async () => {
    const find = createPacResolver(await QuickJS.create(), sheet('pac'));
    assert.match(await find(url), expected);
  });
}

test('the PAC file names only addresses that are in use', () => {
  for (const address of ['203.0.113.5', '203.0.113.40']) assert.ok(!sheet('pac').includes(address), address);
});

test('the PAC file has nothing that a reader of 1999 would not know', () => {
  assert.doesNotMatch(sheet('pac'), /=>|\b(?:const|let)\b|`|\.includes\(|\bof\b(?=.*\) \{)/);
});

test('without endpoints there is no PAC file', () => {
  const files = renderSheets(LIST, 'addresses', []).map(({ file }) => file);
  assert.deepEqual(files, ['addresses.txt', 'addresses.html']);
});

test('the page says of every address what the firewall has to do, and what comes next, the next first', () => {
  const page = sheet('html');
  assert.match(page, /outbound TCP to port 443/);
  for (const { address } of LIST.addresses) assert.ok(page.includes(`<code>${address}</code></td>`), address);
  assert.match(page, /2027-06-01<\/b>: allow before this day: <code>203\.0\.113\.40<[^]*2027-07-31<\/b>: remove after this day/);
  assert.match(page, /at least 90 days ahead/);
  assert.match(sheet('html', { ...LIST, addresses: LIST.addresses.slice(1, 4) }), /None is planned/);
});

test('what an operator wrote cannot become a part of the page', () => {
  assert.ok(!sheet('html').includes('<script'));
  assert.match(sheet('html'), /net@example\.com &#60;script&#62;/);
});

test('the page loads nothing', () => assert.doesNotMatch(sheet('html'), /\b(?:src|href)=|url\(|@import/));

test('a sheet is good letter by letter, and where it is not there it is said', () => {
  const digest = digestOf({ file: 'addresses.txt', text: sheet('txt') });
  assert.equal(judgeSheet(digest, sheet('txt')), 'good');
  assert.equal(judgeSheet(digest, `${sheet('txt')}203.0.113.66\n`), 'changed');
  assert.equal(judgeSheet(digest, null), 'not here');
});

const DIGEST = { file: 'addresses.txt', sha256: '0'.repeat(64) };
for (const [what, sheets] of [
  ['a file in another folder', [{ ...DIGEST, file: '../addresses.txt' }]],
  ['a file of the root', [{ ...DIGEST, file: '/etc/passwd' }]],
  ['a short digest', [{ ...DIGEST, sha256: '00' }]],
  ['no digest', [{ file: 'addresses.txt' }]],
  ['no object', ['addresses.txt']],
  ['no list', 'addresses.txt'],
  ['more than there are kinds', Array.from({ length: 17 }, () => DIGEST)],
] as const) {
  test(`a list with ${what} for a sheet vouches for nothing`, () => {
    assert.equal(sheetsOf({ ...LIST, sheets } as unknown as AddressList), null);
  });
}

test('a list without sheets has none', () => assert.deepEqual(sheetsOf(LIST), []));

for (const [out, stem] of [
  ['addresses.json', 'addresses'],
  ['eu', 'eu'],
  ['.json', null],
  ['a b.json', null],
] as const) {
  test(`the sheets of ${out} begin with ${stem}`, () => assert.equal(sheetStem(out), stem));
}
