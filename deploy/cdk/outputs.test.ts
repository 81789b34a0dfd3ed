import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntries } from '../../proxy/cli/address-entries.ts';
import { readAddresses, renderAddresses } from './outputs.ts';

const LIST = [
  { slot: 'eu-1a', address: '203.0.113.10', role: 'active' },
  { slot: 'eu-1s', address: '203.0.113.12', role: 'spare' },
] as const;

test('what the stack puts out is what is read again', () => {
  const text = JSON.stringify({ 'pinhole-x-addresses': { Addresses: renderAddresses(LIST) } });
  assert.deepEqual(
    readAddresses(text, 'pinhole-x'),
    new Map([
      ['eu-1a', '203.0.113.10'],
      ['eu-1s', '203.0.113.12'],
    ]),
  );
});

test('a line of it each is what `addresses make --from` takes', () => {
  const read = readEntries([], { name: 'addresses.txt', text: renderAddresses(LIST).replaceAll(' ', '\n') });
  assert.deepEqual(read, {
    ok: true,
    entries: [
      { slot: 'eu-1a', address: '203.0.113.10', state: 'active' },
      { slot: 'eu-1s', address: '203.0.113.12', state: 'standby' },
    ],
  });
});

for (const [what, text, says] of [
  ['no JSON', 'Outputs:', /not JSON/],
  ['outputs of another stage', '{"pinhole-y-addresses":{"Addresses":"a=1.2.3.4"}}', /of another stage/],
  ['null', 'null', /of another stage/],
  ['an output of another form', '{"pinhole-x-addresses":{"Addresses":"eu-1a"}}', /not a list of slot=address/],
] as const) {
  test(`${what} is said`, () => {
    const read = readAddresses(text, 'pinhole-x');
    assert.ok(typeof read === 'string');
    assert.match(read, says);
  });
}
