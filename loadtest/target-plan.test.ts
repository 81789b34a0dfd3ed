// Which scenarios run against a fleet of others, and what a machine's share of one needs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from './plan.ts';
import { agentPlan } from './rig/agents.ts';
import { findScenario } from './scenarios.ts';
import type { Target } from './target.ts';
import { planTarget, scenarioAt } from './target-plan.ts';

const TARGET: Target = {
  ...{ proxy: 'http://fleet.example.com:443', url: 'ws://far-end.example.com/mqtt', tunnels: 30_000, opensPerSecond: 300 },
  ...{ machine: { number: 2, of: 3 }, holdSeconds: 600 },
};
/** Steps have their own length. */
const { holdSeconds: _, ...STEPS } = TARGET;
const SIZES = { tunnels: null, nodes: null, minutes: null };
const HERE: Machine = { cores: 2, availableMib: 24_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: false };

test('a hold takes its numbers from the target, and is judged by what k6 can see', () => {
  const scenario = scenarioAt(findScenario('hold')!, TARGET, 200, SIZES);
  assert.ok(typeof scenario !== 'string');
  const { tunnels, opensPerSecond, holdSeconds, thresholds } = scenario;
  assert.deepEqual({ tunnels, opensPerSecond, holdSeconds }, { tunnels: 30_000, opensPerSecond: 190, holdSeconds: 600 });
  assert.ok(thresholds.length > 2 && thresholds.every(({ figure }) => figure !== 'descriptorsBackSeconds' && figure !== 'kibPerTunnel'));
});

test('a sweep of opens asks for no more than a schedule may', () => {
  const scenario = scenarioAt(findScenario('opens')!, STEPS, 150, SIZES);
  assert.ok(typeof scenario !== 'string' && scenario.work.kind === 'opens');
  assert.deepEqual(
    scenario.work.steps.map(({ perSecond }) => perSecond),
    [50, 100, 142.5, 142.5, 142.5, 142.5],
  );
});

for (const [name, words] of [
  ['storm', /does things to nodes/],
  ['smoke', /needs parts/],
  ['squid', /needs parts/],
  ['idle', /needs parts/],
  ['idle-beyond-real', /needs parts/],
] as const)
  test(`${name} has no target`, () => assert.match(String(scenarioAt(findScenario(name)!, TARGET, 300, SIZES)), words));

test('a sweep of opens needs room for what stands at once, at the rate that is allowed', () => {
  const at = (tunnels: number) => scenarioAt(findScenario('opens')!, { ...STEPS, tunnels }, 150, SIZES);
  assert.match(
    String(at(1_424)),
    /142.5 opens a second, each session 10 s long, are 1,425 sessions at once: 1425 tunnels or more, got 1424/,
  );
  assert.ok(typeof at(1_425) !== 'string');
});

test('minutes are shared by the steps, and steps last as long as all of them', () => {
  for (const name of ['messages', 'opens']) {
    const own = findScenario(name)!;
    const short = scenarioAt(own, STEPS, 300, { ...SIZES, minutes: 2 });
    assert.ok(typeof short !== 'string' && short.work.kind !== 'ping');
    assert.equal(short.holdSeconds, 120);
    assert.equal(
      short.work.steps.reduce((sum, { seconds }) => sum + seconds, 0),
      120,
    );
    const whole = scenarioAt(own, STEPS, 300, SIZES);
    assert.ok(typeof whole !== 'string');
    assert.equal(whole.holdSeconds, own.holdSeconds);
    assert.match(String(scenarioAt(own, TARGET, 300, SIZES)), /lasts as long as its steps: leave holdSeconds out .*--minutes/);
  }
});

test('a third of the agents is this machine’s, in a plan that is the same on all three', () => {
  const scenario = scenarioAt(findScenario('hold')!, TARGET, 300, SIZES);
  assert.ok(typeof scenario !== 'string');
  const plan = planTarget(scenario, HERE, { machine: TARGET.machine, triesPerSecond: 300, doors: 2 });
  assert.ok(typeof plan !== 'string', String(plan));
  assert.equal(plan.generators, 1);
  assert.equal(plan.vus % 3, 0);
  assert.deepEqual({ rampSeconds: plan.rampSeconds, seconds: plan.seconds }, { rampSeconds: 106, seconds: 706 });
});

test('of a sweep of opens, too, this machine holds its share and no more', () => {
  const scenario = scenarioAt(findScenario('opens')!, { ...STEPS, tunnels: 30_000 }, 1_000, SIZES);
  assert.ok(typeof scenario !== 'string');
  const socketsOn = (machines: number): number => {
    const plan = planTarget(scenario, HERE, { machine: { number: 1, of: machines }, triesPerSecond: 1_000, doors: 8 });
    assert.ok(typeof plan !== 'string', String(plan));
    return plan.sockets;
  };
  assert.equal(socketsOn(1), 4 * socketsOn(4));
});

test('a share that this machine cannot hold is refused, with the sum', () => {
  const scenario = scenarioAt(findScenario('hold')!, { ...TARGET, tunnels: 900_000 }, 300, SIZES);
  assert.ok(typeof scenario !== 'string');
  assert.match(String(planTarget(scenario, HERE, { machine: TARGET.machine, triesPerSecond: 300, doors: 2 })), /300,000/);
});

test('the plan has the tries of all machines together, and agents come back as the reference agent does', () => {
  const scenario = scenarioAt(findScenario('hold')!, TARGET, 300, SIZES);
  assert.ok(typeof scenario !== 'string');
  const plan = planTarget(scenario, HERE, { machine: { number: 1, of: 10 }, triesPerSecond: 300, doors: 1 });
  assert.ok(typeof plan !== 'string', String(plan));
  assert.deepEqual(plan.backoff, { firstMs: 1_000, capMs: 120_000 });
  assert.equal(agentPlan(scenario, plan, TARGET.url, 0).triesPerSecond, 300);
});

test('the ports of this machine are good for as many tunnels as the fleet has addresses', () => {
  const here = { ...HERE, portRange: [32_768, 60_999] as const };
  const scenario = scenarioAt(findScenario('hold')!, { ...TARGET, tunnels: 40_000 }, 300, SIZES);
  assert.ok(typeof scenario !== 'string');
  const alone = { machine: { number: 1, of: 1 }, triesPerSecond: 300 };
  assert.match(
    String(planTarget(scenario, here, { ...alone, doors: 1 })),
    /28,232 \(32768 to 60999\) x 1 addresses they dial .* fewer tunnels, or more machines/,
  );
  assert.ok(typeof planTarget(scenario, here, { ...alone, doors: 2 }) !== 'string');
});

test('a rate at which the agents would not be up within a day is refused, with the sum', () => {
  for (const [tunnels, rate, days] of [
    [50_000, 0.1, '6.1'],
    [82_081, 1, '1.0'],
  ] as const)
    assert.match(
      String(scenarioAt(findScenario('hold')!, { ...TARGET, tunnels }, rate, SIZES)),
      new RegExp(`agents at ${0.95 * rate} a second take ${days}`),
    );
  assert.ok(typeof scenarioAt(findScenario('hold')!, { ...TARGET, tunnels: 82_080 }, 1, SIZES) !== 'string');
});

test('more machines than tunnels are refused: some would hold nothing, and prove nothing', () => {
  const few = { ...TARGET, tunnels: 50, machine: { number: 51, of: 51 } };
  assert.match(String(scenarioAt(findScenario('hold')!, few, 10, SIZES)), /50 tunnels on 51 machines/);
});
