import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { costsOf, deviationOf, flawsOf, type Held, quantile, renderHeld, renderHeldJson } from './hold-report.ts';

const HELD: Held = {
  tunnels: 4_096,
  minutes: 10,
  failed: 0,
  firstFailure: '',
  lost: 0,
  rampSeconds: 12.4,
  pingsSent: 40_960,
  pingsAnswered: 40_960,
  p50Us: 150,
  p99Us: 400,
  emptyMib: 190,
  halfMib: 196,
  rampedMib: 200,
  endMib: 208,
  holdSeconds: 600,
  holdCpuSeconds: 15,
  spread: [2_000, 2_096],
  metrics: { p50Ms: 20.4, mostMs: 31, bytes: 9_000 },
  relay: 'native',
};

const FLAWS: readonly (readonly [Partial<Held>, readonly string[]])[] = [
  [{}, []],
  [{ failed: 3 }, ['3 tunnels did not open']],
  [{ failed: 3, firstFailure: 'HTTP/1.1 503 Busy ' }, ['3 tunnels did not open (HTTP/1.1 503 Busy)']],
  [{ lost: 1, pingsAnswered: 40_958 }, ['1 tunnels were lost', '2 pings were not answered']],
];
for (const [changes, flaws] of FLAWS)
  test(`the flaws of ${JSON.stringify(changes)}`, () => assert.deepEqual(flawsOf({ ...HELD, ...changes }), flaws));

describe('deviationOf', () => {
  const SPREADS: readonly (readonly [readonly number[], number, number])[] = [
    [[100, 100, 100], 0, 0],
    [[90, 100, 110], -10, 10],
    [[0, 200], -100, 100],
    [[0, 0], 0, 0],
    [[], 0, 0],
  ];
  for (const [spread, least, most] of SPREADS)
    test(`of [${spread.join(', ')}] is from ${least} to ${most} percent`, () => {
      const deviation = deviationOf(spread);
      assert.equal(Math.round(deviation.least), least);
      assert.equal(Math.round(deviation.most), most);
    });
});

const QUANTILES: readonly (readonly [readonly number[], number, number])[] = [
  [[], 0.5, 0],
  [[7], 0.99, 7],
  [[1, 2, 3, 4], 0.5, 3],
  [[1, 2, 3, 4], 1, 4],
];
for (const [sorted, share, expected] of QUANTILES)
  test(`${expected} is at ${share} of [${sorted.join(', ')}]`, () => assert.equal(quantile(sorted, share), expected));

test('a tunnel costs what the second half of them added, and its share of all', () => {
  assert.deepEqual(costsOf(HELD), { kibPerTunnel: 2, kibPerTunnelInAll: 52, cpuSecondsPerHour: 90 });
});

test('the table says what was lost and how even the carriers are', () => {
  const lines = renderHeld({ ...HELD, lost: 1, failed: 1 }).split('\n');
  for (const line of [
    '| lost | 2 |',
    '| `/metrics` with all of them, median / longest of 30 | 20 / 31 ms (wanted: below 100 ms), 9000 bytes |',
    '| emptiest / fullest carrier, from even | −2.3 % / +2.3 % (wanted: within 20 %) |',
  ])
    assert.ok(lines.includes(line), `${line} is not in\n${lines.join('\n')}`);
});

test('the JSON has the machine, what was measured, what follows from it, and the flaws', () => {
  const json = JSON.parse(renderHeldJson({ cores: 2 }, { ...HELD, lost: 4 }));
  assert.equal(json.cores, 2);
  assert.equal(json.lost, 4);
  assert.equal(json.kibPerTunnel, 2);
  assert.deepEqual(json.flaws, ['4 tunnels were lost']);
});
