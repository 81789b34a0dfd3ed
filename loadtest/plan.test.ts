// What a run needs, by numbers worked out by hand, and the sums in what is refused.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { beginOf, lostNodes, type Machine, mostAtOnce, planRun, type RigPlan } from './plan.ts';
import { agentPlan } from './rig/agents.ts';
import { findScenario, SCENARIOS } from './scenarios.ts';
import { resize } from './resize.ts';
import type { Scenario } from './scenario.ts';

const MACHINE: Machine = { cores: 2, availableMib: 24_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: true };

function scenario(name: string, change: Partial<Scenario> = {}): Scenario {
  return { ...findScenario(name)!, ...change };
}

function plan(what: Scenario, machine: Partial<Machine> = {}): RigPlan {
  const planned = planRun(what, { ...MACHINE, ...machine });
  assert.ok(planned.ok, planned.ok ? '' : planned.refusals.join('\n'));
  return planned.plan;
}

function refusals(what: Scenario, machine: Partial<Machine> = {}): string {
  const planned = planRun(what, { ...MACHINE, ...machine });
  assert.ok(!planned.ok, 'it was planned');
  return planned.refusals.join('\n');
}

test('every scenario can be held by two cores, 24 GiB and 20,000 descriptors', () => {
  for (const one of SCENARIOS) plan(one);
});

test('50,000 tunnels on two nodes: three processes of k6, four far ends, three carriers a node, 200,000 sockets', () => {
  const { generators, farEnds, carriers, tunnelsPerNode, sockets, vus } = plan(scenario('hold-50k'));
  assert.deepEqual({ generators, farEnds, carriers, sockets }, { generators: 3, farEnds: 4, carriers: 3, sockets: 200_000 });
  assert.equal(tunnelsPerNode, 27_520);
  assert.ok(vus % 3 === 0 && vus >= 50, `${vus}`);
});

test('one node of three may die: the others have room for all, and together ask no more than the quota', () => {
  const { tunnelsPerNode, opensPerSecondPerNode, backoff } = plan(scenario('storm'));
  assert.equal(tunnelsPerNode, 27_520);
  assert.equal(opensPerSecondPerNode, 222);
  // 16,667 lost at 500 a second are 33 s.
  assert.deepEqual(backoff, { firstMs: 12_000, capMs: 12_000 });
});

test('where a process may open next to nothing that is said, with the sum', () => {
  for (const [descriptors, room] of [
    [1_023, 383],
    [256, 0],
    [64, 0],
    [0, 0],
  ] as const)
    assert.match(
      refusals(scenario('hold', { tunnels: 100 }), { descriptors }),
      new RegExp(`^a process may have ${descriptors} descriptors here; .* room for ${room}: 1024 are the least`),
    );
  plan(scenario('hold', { tunnels: 100 }), { descriptors: 1_024 });
});

test('without a quota no node holds opens back, and agents wait as the reference agent does', () => {
  const { opensPerSecondPerNode, backoff } = plan(scenario('hold'));
  assert.equal(opensPerSecondPerNode, 100_000);
  assert.deepEqual(backoff, { firstMs: 1_000, capMs: 120_000 });
});

test('slow readers have tunnels, too: nodes have room for them beside the agents', () => {
  assert.equal(plan(scenario('slow')).tunnelsPerNode, 1_395);
  assert.equal(plan(scenario('flood')).tunnelsPerNode, 1_120);
});

test('the ramp is as long as the schedule says; a sweep of opens has none', () => {
  assert.equal(plan(scenario('hold')).rampSeconds, 50);
  assert.equal(plan(scenario('hold')).seconds, 650);
  assert.equal(plan(scenario('hold', { restSeconds: 150 })).seconds, 800);
  assert.equal(plan(scenario('opens')).rampSeconds, 0);
});

test('a sweep has room for what stays at its highest rate and for what is on its way for 5 s, in k6, in nodes and in the sums', () => {
  assert.equal(mostAtOnce(scenario('hold')), 10_000);
  assert.equal(mostAtOnce(scenario('opens')), 15_000);
  assert.equal(mostAtOnce(scenario('opens', { tunnels: 16_000 })), 16_000);
  const { tunnelsPerNode, generators, sockets } = plan(scenario('opens'));
  assert.deepEqual({ tunnelsPerNode, generators, sockets }, { tunnelsPerNode: 8_270, generators: 1, sockets: 60_000 });
  assert.equal(agentPlan(scenario('opens'), plan(scenario('opens')), 'ws://far.test/mqtt', 0).tunnels, 15_000);
  // 1,134 a second are one process more than its descriptors allow.
  const work: Scenario['work'] = { kind: 'opens', staySeconds: 10, steps: [{ perSecond: 1_134, seconds: 10 }] };
  assert.equal(plan(scenario('opens', { work, nodes: 3 })).generators, 2);
});

test('nodes that are away are counted by the moment, in any order of the events', () => {
  const away = (events: Scenario['events']): number => lostNodes({ events });
  assert.equal(away([]), 0);
  assert.equal(
    away([
      { after: 9, do: 'start-node', node: 0 },
      { after: 1, do: 'kill-node', node: 0 },
      { after: 20, do: 'kill-node', node: 1 },
    ]),
    1,
  );
  assert.equal(
    away([
      { after: 2, do: 'drain-node', node: 1 },
      { after: 1, do: 'kill-node', node: 0 },
    ]),
    2,
  );
});

describe('what cannot be is refused, with the sum', () => {
  const CASES: readonly (readonly [string, Scenario, Partial<Machine>, RegExp])[] = [
    [
      'more tunnels than ports',
      scenario('hold', { tunnels: 200_000 }),
      { availableMib: 1e6 },
      /the agents need 200,000 local ports; 64,512 \(1024 to 65535\) x 2 addresses they dial = 129,024/,
    ],
    ['fewer ports', scenario('hold', { tunnels: 60_000 }), { portRange: [32_768, 60_999] }, /28,232 \(32768 to 60999\) x 2/],
    [
      'opens whose ports are not back yet',
      scenario('opens', { work: { kind: 'opens', staySeconds: 1, steps: [{ perSecond: 5_000, seconds: 10 }] } }),
      {},
      /30,000 open \(5,000\/s, 1 s each and 5 s for an open\) and 300,000 in TIME_WAIT/,
    ],
    [
      'less memory than a sweep takes',
      scenario('opens'),
      { availableMib: 2_000 },
      /^15,000 tunnels \(1,000\/s, 10 s each and 5 s for an open\) need about/,
    ],
    [
      'more tunnels than one Squid has descriptors for',
      scenario('squid', { tunnels: 12_000 }),
      {},
      /12,000 tunnels through squid need 24,500 descriptors .* 20,000 here: --tunnels 9750 at most/,
    ],
    ['less memory', scenario('hold-50k'), { availableMib: 4_000 }, /need about [0-9,]+ MiB .* 4,000 MiB are free here/],
    ['several nodes without a network of their own', scenario('hold'), { isIsolated: false }, /2 nodes need a name .* --nodes 1/],
    [
      'nodes to which something is done, as well',
      scenario('storm'),
      { isIsolated: false },
      /3 nodes need a name .*\(unshare -r -n true\)$/m,
    ],
    [
      'slow readers that the kernel would hold everything for',
      scenario('slow', { nodes: 1 }),
      { isIsolated: false },
      /^slow needs smaller socket buffers than a machine has, and so a network of its own/,
    ],
    ['a signed URL that would have expired', scenario('smoke', { holdSeconds: 600 }), {}, /good for 270 s, and this would last 610 s/],
  ];
  for (const [title, what, machine, words] of CASES) test(title, () => assert.match(refusals(what, machine), words));
});

test('a small machine has more processes, not fewer tunnels', () => {
  const { generators, farEnds, carriers } = plan(scenario('hold'), { descriptors: 4_096 });
  assert.deepEqual({ generators, farEnds, carriers }, { generators: 3, farEnds: 4, carriers: 3 });
});

test('a machine that allows more descriptors gives no process more than 17,000 sockets', () => {
  for (const name of ['hold-50k', 'storm'])
    for (const descriptors of [524_288, 21_250]) {
      const { generators, farEnds } = plan(scenario(name), { descriptors });
      assert.deepEqual({ generators, farEnds }, { generators: 3, farEnds: 4 }, `${name} with ${descriptors}`);
    }
});

test('the first agent opens when k6 is ready, 3 s and 40 ms a VU from now, and never before', () => {
  const readyMs = 5_000 + 3_000 + 40 * 200;
  assert.equal(beginOf(null, 200, 5_000), readyMs);
  assert.equal(beginOf(readyMs, 200, 5_000), readyMs);
  assert.match(String(beginOf(Date.parse('9999-01-01T00:00:00Z'), 200, 5_000)), /is 29\d{5} days from now: a week is the most/);
  assert.match(String(beginOf(readyMs - 1, 200, 5_000)), /k6 needs 11 s to be ready with 200 VUs, .* 1970-01-01T00:00:16.000Z or later/);
});

describe('a scenario of another size', () => {
  const sized = (name: string, sizes: Partial<Parameters<typeof resize>[1]>): Scenario => {
    const made = resize(scenario(name), { tunnels: null, nodes: null, minutes: null, ...sizes });
    assert.ok(typeof made !== 'string', String(made));
    return made;
  };

  test('keeps what it is where nothing is said', () => {
    for (const one of SCENARIOS) assert.deepEqual(resize(one, { tunnels: null, nodes: null, minutes: null }), one);
  });

  test('a smaller storm has a smaller quota, so that it lasts as long', () => {
    const { quota, opensPerSecond, tunnels } = sized('storm', { tunnels: 6_000 });
    assert.deepEqual({ quota, tunnels, opensPerSecond }, { quota: 60, tunnels: 6_000, opensPerSecond: 20 });
    assert.equal(sized('storm', { tunnels: 15_000 }).opensPerSecond, 120);
    assert.equal(sized('storm', { tunnels: 50_000 }).opensPerSecond, 400);
  });

  test('the smallest has one that chance does not break', () => assert.equal(sized('storm', { tunnels: 100 }).quota, 30));

  test('a larger one has AWS’s default, no more', () => assert.equal(sized('storm', { tunnels: 200_000, nodes: 8 }).quota, 500));

  test('minutes are shared by the steps', () => {
    const { work, holdSeconds } = sized('messages', { minutes: 2 });
    assert.ok(work.kind === 'messages' && work.steps.every(({ seconds }) => seconds === 15));
    assert.equal(holdSeconds, 120);
  });

  test('the slope of memory is judged where there are enough tunnels and time to see it', () => {
    for (const [sizes, isJudged] of [
      [{ tunnels: 40_000 }, true],
      [{ tunnels: 39_999 }, false],
      [{ minutes: 0.5 }, false],
    ] as const) {
      const { thresholds, restSeconds } = sized('hold-50k', sizes);
      assert.equal(
        thresholds.some(({ figure }) => figure === 'kibPerTunnel'),
        isJudged,
      );
      assert.equal(restSeconds > 0, isJudged);
    }
  });

  test('growth of memory is judged over an hour and more', () => {
    for (const [minutes, isJudged] of [
      [60, true],
      [59, false],
    ] as const)
      assert.equal(
        sized('soak', { minutes }).thresholds.some(({ figure }) => figure === 'memoryGrowthPerHour'),
        isJudged,
      );
  });

  test('as many drops are expected as there are tunnels that have to drop', () => {
    const drops = (name: string, tunnels: number): readonly number[] =>
      sized(name, { tunnels }).thresholds.flatMap(({ figure, value }) => (figure === 'unexpectedDrops' ? [value] : []));
    assert.deepEqual(drops('idle-beyond', 333), [333, 333]);
    assert.deepEqual(drops('brownout', 500), [495]);
    assert.deepEqual(drops('hold', 200), [0]);
  });

  const IMPOSSIBLE: readonly (readonly [string, Partial<Parameters<typeof resize>[1]>, RegExp])[] = [
    ['storm', { minutes: 0.1 }, /last thing 30 s after the ramp: --minutes has to be 1 or more, got 0.1/],
    ['storm', { nodes: 1 }, /takes 1 of the nodes away: --nodes has to be 2/],
    ['upgrade', { nodes: 1 }, /does something to node 2: --nodes has to be 2/],
    [
      'drain',
      { tunnels: 30_000 },
      /takes a drained node back after 240 s, and 10000 tunnels at 41 a second take 244 s and more: fewer --tunnels/,
    ],
    ['direct', { nodes: 2 }, /leave --nodes out/],
    ['idle-beyond', { minutes: 1 }, /waits until every tunnel has ended after 50 s of silence, and 10 s .*: 60 s are too short/],
    ['idle-beyond', { minutes: 5 }, /within 10 s of ramp and 300 s more some would end twice/],
    ['idle-beyond-real', { minutes: 31 }, /waits until every tunnel has ended after 1860 s of silence, .* 1860 s are too short/],
    ['idle-beyond', { tunnels: 2_000 }, /within 20 s of ramp and 80 s more some would end twice/],
    [
      'opens',
      { tunnels: 1_000 },
      /1,000 opens a second, each session 10 s long, are 10,000 sessions at once: 10000 tunnels or more, got 1000/,
    ],
  ];
  for (const [name, sizes, words] of IMPOSSIBLE)
    test(`${name} with ${JSON.stringify(sizes)} is not to be`, () =>
      assert.match(String(resize(scenario(name), { tunnels: null, nodes: null, minutes: null, ...sizes })), words));
});
