import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeTick, parseTick, type Tick } from './tick.ts';

const QUIET: Tick = { at: 1_790_000_000, vu: 7, established: 12, wanted: 13 };
const BUSY: Tick = {
  ...QUIET,
  tried: 3,
  opened: 1,
  failed: { NODE_FULL: 1, timeout: 1 },
  dropped: { 1006: 2 },
  closed: 1,
  sent: 9,
  back: 8,
  unanswered: 1,
  openUs: [640, 1],
  dialUs: [600, 1],
  connackUs: [300, 1],
  roundTripUs: [200, 5, 201, 3],
};

for (const [name, tick] of Object.entries({ QUIET, BUSY })) {
  test(`a tick survives its line: ${name}`, () => {
    const line = encodeTick(tick);
    assert.ok(!line.includes('\n'));
    assert.deepEqual(parseTick(line), { kind: 'tick', tick });
  });
}

test('what is empty is not in the line', () => {
  assert.equal(encodeTick({ ...QUIET, failed: {}, openUs: [] }), encodeTick(QUIET));
});

test('every beginning of a tick is torn, save those too short to be told', () => {
  const line = encodeTick(BUSY);
  for (let length = 0; length < line.length; length++) {
    const kind = parseTick(line.slice(0, length)).kind;
    assert.equal(kind, length < 'TICK '.length ? 'foreign' : 'torn', `the first ${length} characters`);
  }
});

const valid = JSON.stringify(BUSY);
for (const [what, line, kind] of [
  ["k6's own words", 'time="2026-01-01" level=error msg="no"', 'foreign'],
  ['nothing', '', 'foreign'],
  ['a number for a tick', 'TICK 5', 'torn'],
  ['a list for a tick', 'TICK []', 'torn'],
  ['two ticks in one line', `TICK ${valid}TICK ${valid}`, 'torn'],
  ['a count that is a word', 'TICK {"at":1,"vu":1,"established":"2","wanted":3}', 'torn'],
  ['a count below zero', 'TICK {"at":1,"vu":1,"established":-2,"wanted":3}', 'torn'],
  ['no wanted', 'TICK {"at":1,"vu":1,"established":2}', 'torn'],
  ['a histogram with half a pair', 'TICK {"at":1,"vu":1,"established":2,"wanted":3,"openUs":[1]}', 'torn'],
  ['reasons that are a list', 'TICK {"at":1,"vu":1,"established":2,"wanted":3,"failed":[1]}', 'torn'],
] as const) {
  test(`parseTick: ${what} is ${kind}`, () => assert.deepEqual(parseTick(line), { kind, line }));
}
