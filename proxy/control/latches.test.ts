import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { certificateWords, LATCH_NAMES, Latches, LATCHES, type LatchName, type NodeFacts, readingsOf } from './latches.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WELL: NodeFacts = {
  isStopping: false,
  port: '',
  eventLoopDelayS: 0,
  descriptorsFree: 1,
  portsFree: 1,
  memoryFree: 1,
  certificate: { leftMs: 60 * DAY_MS, lifeMs: 90 * DAY_MS },
  resolvers: ['answering'],
  probe: '',
};

test('a node that is well reads well in every latch', () => {
  for (const [latch, { sign }] of Object.entries(readingsOf(WELL))) assert.equal(sign, 'good', latch);
});

describe('what is measured, and how it reads', () => {
  for (const [latch, facts, sign, why] of [
    ['draining', { isStopping: true }, 'bad', /^the node stops$/],
    ['accepting', { port: '0.0.0.0:443 does not answer' }, 'bad', /^0\.0\.0\.0:443 does not answer$/],
    ['accepting', { port: null }, 'between', /^$/],
    ['event-loop', { eventLoopDelayS: 0.51 }, 'bad', /0\.51 s late/],
    ['event-loop', { eventLoopDelayS: 0.5 }, 'between', /./],
    ['event-loop', { eventLoopDelayS: 0.2 }, 'between', /./],
    ['event-loop', { eventLoopDelayS: 0.19 }, 'good', /./],
    ['event-loop', { eventLoopDelayS: null }, 'between', /./],
    ['descriptors', { descriptorsFree: 0.04 }, 'bad', /^4\.0 % of a carrier's descriptors are left$/],
    ['descriptors', { descriptorsFree: 0.07 }, 'between', /./],
    ['ports', { portsFree: 0.01 }, 'bad', /^1\.0 % of the local ports/],
    ['ports', { portsFree: 0.1 }, 'good', /./],
    ['memory', { memoryFree: 0.049 }, 'bad', /^4\.9 % of the memory/],
    ['memory', { memoryFree: null }, 'between', /./],
    ['certificate', { certificate: { leftMs: 23 * HOUR_MS, lifeMs: 90 * DAY_MS } }, 'bad', /expires in 23 h$/],
    ['certificate', { certificate: { leftMs: 25 * HOUR_MS, lifeMs: 90 * DAY_MS } }, 'good', /./],
    ['certificate', { certificate: { leftMs: 23 * HOUR_MS, lifeMs: 7 * DAY_MS } }, 'good', /./],
    ['certificate', { certificate: { leftMs: 2 * HOUR_MS, lifeMs: 24 * HOUR_MS } }, 'bad', /./],
    ['certificate', { certificate: { leftMs: -1, lifeMs: 90 * DAY_MS } }, 'bad', /has expired$/],
    ['certificate', { certificate: null }, 'good', /^$/],
    ['resolver', { resolvers: ['answering', 'failing'] }, 'bad', /no DNS server answers/],
    // Old answers do for an hour; a shared resolver must not take the fleet out.
    ['resolver', { resolvers: ['stale', 'unknown'] }, 'good', /./],
    ['resolver', { resolvers: [] }, 'good', /./],
    ['probe', { probe: 'it fails alone' }, 'bad', /^it fails alone$/],
  ] as const satisfies readonly (readonly [LatchName, Partial<NodeFacts>, string, RegExp])[]) {
    test(`${latch}: ${JSON.stringify(facts)} is ${sign}`, () => {
      const reading = readingsOf({ ...WELL, ...facts })[latch];
      assert.equal(reading.sign, sign);
      assert.match(reading.why, why);
    });
  }
});

for (const [leftMs, words] of [
  [-DAY_MS, 'our certificate has expired'],
  [0, 'our certificate has expired'],
  [90_000, 'our certificate expires in 1 min'],
  [119 * 60_000, 'our certificate expires in 119 min'],
  [2 * HOUR_MS, 'our certificate expires in 2 h'],
  [47 * HOUR_MS, 'our certificate expires in 47 h'],
  [48 * HOUR_MS, 'our certificate expires in 2 days'],
  [13.9 * DAY_MS, 'our certificate expires in 13 days'],
] as const) {
  test(`${leftMs} ms left: ${words}`, () => assert.equal(certificateWords(leftMs), words));
}

describe('each latch has its own hold times', () => {
  const bad: NodeFacts = {
    isStopping: true,
    port: 'x',
    eventLoopDelayS: 9,
    descriptorsFree: 0,
    portsFree: 0,
    memoryFree: 0,
    certificate: { leftMs: 0, lifeMs: 1 },
    resolvers: ['failing'],
    probe: 'x',
  };
  for (const name of LATCH_NAMES) {
    test(name, () => {
      const latches = new Latches(0);
      const { tripsAfterMs, clearsAfterMs } = LATCHES[name];
      const at = (ms: number, facts: NodeFacts): boolean | undefined =>
        latches.look(readingsOf(facts), ms).find(({ latch }) => latch === name)?.isTripped;
      assert.equal(at(0, bad), tripsAfterMs === 0);
      if (tripsAfterMs > 0) assert.equal(at(tripsAfterMs - 1, bad), false);
      assert.equal(at(tripsAfterMs, bad), true);
      const calmMs = tripsAfterMs + 1_000;
      assert.equal(at(calmMs, WELL), clearsAfterMs > 0);
      if (clearsAfterMs > 0) assert.equal(at(calmMs + clearsAfterMs - 1, WELL), true);
      assert.equal(at(calmMs + clearsAfterMs, WELL), false);
    });
  }
});

test('a latch that is tripped keeps the last reason that spoke for it', () => {
  const latches = new Latches(0);
  const why = (ms: number, eventLoopDelayS: number): string | undefined =>
    latches.look(readingsOf({ ...WELL, eventLoopDelayS }), ms).find(({ latch }) => latch === 'event-loop')?.why;
  assert.equal(why(0, 1), '');
  assert.match(why(10_000, 2) ?? '', /2\.00 s late/);
  assert.match(why(11_000, 0) ?? '', /2\.00 s late/);
  assert.equal(why(41_000, 0), '');
});

test('a control that starts again takes the latches as they were, and lets them clear in their own time', () => {
  const before = new Latches(0);
  before.look(readingsOf({ ...WELL, memoryFree: 0 }), 0);
  const left = before.look(readingsOf({ ...WELL, memoryFree: 0 }), 5_000);
  const after = new Latches(6_000, left);
  const memory = (ms: number) => after.look(readingsOf(WELL), ms).find(({ latch }) => latch === 'memory');
  assert.deepEqual(memory(6_000), { latch: 'memory', isTripped: true, sinceMs: 5_000, why: '0.0 % of the memory is left' });
  assert.equal(memory(35_999)?.isTripped, true);
  assert.equal(memory(36_000)?.isTripped, false);
});
