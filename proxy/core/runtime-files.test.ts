import assert from 'node:assert/strict';
import { test } from 'node:test';
import { carrierSocket, isLeftover, longestSocketPath, moveSocket } from './runtime-files.ts';

test('no socket of a carrier has a longer name than the folder was judged by', () => {
  const longest = longestSocketPath('/run/pinhole', 12).length;
  for (const name of [carrierSocket, moveSocket]) assert.ok(name('/run/pinhole', 9_999_999, 11).length <= longest, name.name);
});

for (const [name, is] of [
  ['carrier-12-3.sock', true],
  ['move-12-3.sock', true],
  ['settings.json', false],
  ['ledger', false],
] as const) {
  test(`${name} is ${is ? 'cleared' : 'kept'} by the next run`, () => assert.equal(isLeftover(name), is));
}
