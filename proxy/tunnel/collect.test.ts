import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCollector } from './collect.ts';

for (const [what, tunnels, expected] of [
  ['a node at rest is left alone', [0, 0, 0, 10, 10, 10], []],
  ['a ramp is followed by one collection, once it is over', [0, 3_000, 6_000, 8_000, 8_000, 8_000, 8_000], [4]],
  ['a ramp that ebbs away is over when a fiftieth of it still comes', [0, 7_000, 7_900, 8_000, 8_000], [3]],
  ['less than 256 tunnels are not worth it', [255, 255, 255], []],
  ['nor is less than a tenth of those that are there', [8_000, 8_000, 8_799, 8_799, 8_800, 8_800], [1, 4]],
  ['a storm that closed most of them is', [8_000, 8_000, 100, 100], [1, 3]],
  ['the last of a long ramp is, once it is over', [8_000, 8_000, 8_300, 8_500, ...Array.from({ length: 9 }, () => 8_500)], [1, 11]],
  ['slow growth is collected once in a tenth', [10_000, 10_000, 10_970, 10_988, 11_006, 11_024, 11_042], [1, 4]],
] as const) {
  test(what, () => {
    const seen: number[] = [];
    let second = 0;
    const collector = createCollector(() => seen.push(second));
    for (const count of tunnels) {
      collector.look(count, 0, 1);
      second += 1;
    }
    assert.deepEqual(seen, expected);
  });
}

const MIB = 1_048_576;

/** Looks at these bytes of heap every so many seconds, with as many tunnels all the time; a collection leaves 20 MiB. */
function restOf(mibPerSecond: number, seconds: number, every = 1): number[] {
  const seen: number[] = [];
  let bytes = 20 * MIB;
  let second = 0;
  const collector = createCollector(() => {
    seen.push(second);
    bytes = 20 * MIB;
  });
  for (; second < seconds; second += every) {
    collector.look(100, bytes, every);
    bytes += every * mibPerSecond * MIB;
  }
  return seen;
}

for (const [what, mibPerSecond, expected] of [
  ['what a rest piles up is collected at 4 MiB', 1 / 32, [128]],
  ['but no sooner than in a minute', 0.2, [60, 121, 182]],
  ['a carrier at work is left to the runtime', 0.3, []],
  ['a rest that makes nothing is left alone', 0, []],
] as const) {
  test(what, () => assert.deepEqual(restOf(mibPerSecond, 240), expected));
}

test('a carrier that rests looks seldom, and collects as soon and as seldom as one that looks each second', () =>
  assert.deepEqual(restOf(0.2, 240, 4), [60, 124, 188]));

test('a process that cannot collect goes on', () => {
  const collector = createCollector(undefined);
  for (const count of [8_000, 8_000]) collector.look(count, 0, 1);
});
