import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  COLUMNS,
  type Costs,
  flawOf,
  isSound,
  type LoadBusy,
  type Measured,
  ratiosOf,
  renderJson,
  renderMarkdown,
  type Result,
} from './report.ts';

const COSTS: Costs = {
  idleKib: 2,
  idleMib: 30,
  idleCpuMs: 20,
  openCpuUs: 100,
  messageCpuUs: 10,
  rateP50Us: 80,
  rateP99Us: 200,
  bulkCpuSeconds: 1,
};

const IDLE_LOAD: LoadBusy = { open: 0.1, message: 0.1, rate: 0.1, bulk: 0.1 };

function measured(name: string, changes: Partial<Measured> = {}): Measured {
  const work = { failed: 0, firstFailure: '', died: 0, lostMessages: 0, lostMib: 0 };
  return {
    name,
    mode: 'connect',
    tunnels: 4_000,
    ...work,
    emptyMib: 10,
    openP50Ms: 1,
    openP99Ms: 5,
    costs: COSTS,
    loadBusy: IDLE_LOAD,
    ...changes,
  };
}

const HALF: Costs = {
  idleKib: 1,
  idleMib: 15,
  idleCpuMs: 10,
  openCpuUs: 50,
  messageCpuUs: 5,
  rateP50Us: 40,
  rateP99Us: 100,
  bulkCpuSeconds: 0.5,
};
const PINHOLE = measured('pinhole', { costs: HALF });
const HAPROXY = measured('haproxy');
const SQUID = measured('squid', { costs: { ...COSTS, idleKib: 4 } });

const FLAWS: readonly (readonly [Result, string | null])[] = [
  [HAPROXY, null],
  [measured('a', { failed: 12 }), '12 of 4000 tunnels failed'],
  [measured('a', { failed: 12, firstFailure: 'HTTP/1.1 503 Busy  ' }), '12 of 4000 tunnels failed (HTTP/1.1 503 Busy)'],
  [measured('a', { died: 1 }), '1 of 4000 tunnels were lost'],
  [measured('a', { lostMessages: 3 }), '3 messages were lost'],
  [measured('a', { lostMib: 0.25 }), '1 MiB were lost'],
  [{ name: 'a', problem: 'it ended with 1' }, 'it ended with 1'],
];

for (const [result, expected] of FLAWS) {
  test(`flawOf says ${expected ?? 'nothing of a proxy that did all its work'}`, () => assert.equal(flawOf(result), expected));

  test(`a run with ${expected ?? 'no flaw'} is ${expected === null ? 'sound' : 'not sound'}`, () => {
    assert.equal(isSound([PINHOLE, result]), expected === null);
  });

  if (expected === null) continue;
  test(`no ratios, in either direction, where ${expected}`, () => {
    assert.equal(ratiosOf(result, HAPROXY), null);
    assert.equal(ratiosOf(PINHOLE, result), null);
  });
}

describe('ratiosOf', () => {
  test('divides every cost by that of the yardstick', () => {
    const halves = {
      idleKib: 0.5,
      idleMib: 0.5,
      idleCpuMs: 0.5,
      openCpuUs: 0.5,
      messageCpuUs: 0.5,
      rateP50Us: 0.5,
      rateP99Us: 0.5,
      bulkCpuSeconds: 0.5,
    };
    assert.deepEqual(ratiosOf(PINHOLE, HAPROXY), halves);
    assert.deepEqual(ratiosOf(PINHOLE, SQUID), { ...halves, idleKib: 0.25 });
  });

  for (const cost of [0, -1]) {
    test(`gives none for a cost of ${cost}, on either side: it was too small to be measured`, () => {
      const free = measured('haproxy', { costs: { ...COSTS, idleKib: cost } });
      assert.equal(ratiosOf(PINHOLE, free)?.idleKib, null);
      assert.equal(ratiosOf(free, SQUID)?.idleKib, null);
      assert.equal(ratiosOf(PINHOLE, free)?.openCpuUs, 0.5);
    });
  }

  test('gives none for a cost that was not taken, on either side', () => {
    const untimed = measured('a', { costs: { ...COSTS, rateP99Us: null } });
    assert.equal(ratiosOf(untimed, SQUID)?.rateP99Us, null);
    assert.equal(ratiosOf(SQUID, untimed)?.rateP99Us, null);
    assert.equal(ratiosOf(untimed, SQUID)?.rateP50Us, 1);
  });

  test('gives none where the yardstick did not run', () => assert.equal(ratiosOf(PINHOLE, undefined), null));
});

describe('renderMarkdown', () => {
  const lines = (...results: Result[]): string[] => renderMarkdown(results).split('\n');

  test('has a table of costs, and one of ratios for each yardstick', () => {
    const shown = lines(PINHOLE, HAPROXY, SQUID);
    assert.equal(
      shown[0],
      `| proxy | ${Object.values(COLUMNS)
        .map(({ title }) => title)
        .join(' | ')} |`,
    );
    for (const line of [
      '| pinhole | 1.00 | 15 | 10 | 50 | 5.00 | 40 | 100 | 0.50 |',
      '| haproxy | 2.00 | 30 | 20 | 100 | 10.00 | 80 | 200 | 1.00 |',
      '| pinhole | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 |',
      '| pinhole | 0.25 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 |',
    ])
      assert.ok(shown.includes(line), `${line} is not in\n${shown.join('\n')}`);
    assert.deepEqual(
      shown.filter((line) => line.startsWith('| ×')).map((line) => line.split(' | ')[0]),
      ['| × haproxy', '| × squid'],
    );
  });

  test('holds all others to a bare relay, where one ran', () => {
    const shown = lines(PINHOLE, measured('bare relay'));
    assert.ok(shown.some((line) => line.startsWith('| × bare relay |')));
    assert.equal(shown.at(-2), '| pinhole | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 |');
  });

  test('has no table of ratios where there is nothing to hold to a yardstick', () => {
    assert.ok(!lines(HAPROXY).some((line) => line.startsWith('| ×')));
  });

  test('shows a cost that was not taken as a dash', () => {
    const untimed = measured('a', { costs: { ...COSTS, rateP50Us: null, rateP99Us: null } });
    assert.ok(lines(untimed).includes('| a | 2.00 | 30 | 20 | 100 | 10.00 | – | – | 1.00 |'));
  });

  test('has no table of ratios to a yardstick that did not run', () => {
    assert.ok(!lines(PINHOLE, SQUID).some((line) => line.includes('haproxy')));
  });

  test('shows no number of a proxy that lost tunnels, and says why in its place', () => {
    const shown = lines(measured('pinhole', { died: 7 }), HAPROXY).filter((line) => line.startsWith('| pinhole'));
    const refusal = '| pinhole | not compared: 7 of 4000 tunnels were lost | – | – | – | – | – | – | – |';
    assert.deepEqual(shown, [refusal, refusal]);
  });

  test('compares nothing with a yardstick that failed tunnels', () => {
    const shown = lines(PINHOLE, measured('haproxy', { failed: 1 }), SQUID);
    assert.ok(shown.includes('Nothing is compared with haproxy: 1 of 4000 tunnels failed.'));
    assert.ok(!shown.some((line) => line.startsWith('| × haproxy')));
    assert.ok(shown.some((line) => line.startsWith('| × squid')));
  });

  test('keeps a table whole whatever a proxy said', () => {
    const [row] = lines({ name: 'nginx', problem: 'a | b' }).filter((line) => line.startsWith('| nginx'));
    assert.equal(row?.split(' | ').length, 1 + Object.keys(COLUMNS).length);
  });
});

test('the JSON has the ratios of each to each yardstick but itself, and whether the run is sound', () => {
  const json = JSON.parse(renderJson({ tunnels: 4_000 }, [PINHOLE, HAPROXY, measured('squid', { died: 2 })]));
  assert.equal(json.tunnels, 4_000);
  assert.equal(json.isSound, false);
  assert.equal(json.results[0].ratios.haproxy.idleKib, 0.5);
  assert.equal(json.results[0].ratios.squid, null);
  assert.deepEqual(json.results[1].ratios, { squid: null, 'bare relay': null });
  assert.equal(json.results[2].flaw, '2 of 4000 tunnels were lost');
});
