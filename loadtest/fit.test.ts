// What is run where a user may have no network of their own, and what is refused there.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fit, type Fitted } from './fit.ts';
import type { Machine } from './plan.ts';
import type { Sizes } from './resize.ts';
import { findScenario, SCENARIOS } from './scenarios.ts';

const ISOLATED: Machine = { cores: 2, availableMib: 24_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: true };
const SHARED: Machine = { ...ISOLATED, portRange: [32_768, 60_999], isIsolated: false };
const OWN: Sizes = { tunnels: null, nodes: null, minutes: null };

function fitted(name: string, machine: Machine, sizes: Partial<Sizes> = {}): Fitted {
  const got = fit(findScenario(name)!, { ...OWN, ...sizes }, machine);
  assert.ok(typeof got !== 'string', String(got));
  return got;
}

test('with a network of its own every scenario runs as it is', () => {
  for (const found of SCENARIOS) {
    const { scenario, shrunk } = fitted(found.name, ISOLATED);
    assert.deepEqual({ scenario, shrunk }, { scenario: found, shrunk: null });
  }
});

describe('without one', () => {
  test('two nodes become one, which holds all where it can', () => {
    const { scenario, plan, shrunk } = fitted('hold', SHARED);
    assert.deepEqual([scenario.nodes, scenario.tunnels, plan.tunnelsPerNode], [1, 10_000, 11_020]);
    assert.match(shrunk ?? '', /^One node in place of 2: a name that leads to several nodes needs a network of their own/);
  });

  test('and else as many as its ports allow, less a tenth; what is judged goes with the number', () => {
    const { scenario, shrunk } = fitted('hold-50k', SHARED);
    // 28,232 ports to the one address of the node.
    assert.deepEqual([scenario.nodes, scenario.tunnels], [1, 25_408]);
    assert.match(shrunk ?? '', /^One node in place of 2 and 25,408 tunnels in place of 50,000: /);
    assert.ok(scenario.thresholds.every(({ figure }) => figure !== 'kibPerTunnel'));
  });

  test('or as its memory or its descriptors allow', () => {
    const { scenario, plan } = fitted('hold-50k', { ...SHARED, availableMib: 3_000 });
    assert.ok(scenario.tunnels > 5_000 && scenario.tunnels < 20_000, String(scenario.tunnels));
    assert.ok(plan.memoryMib <= 3_000 * 0.9);
    assert.deepEqual(fitted('hold', { ...SHARED, descriptors: 4_096 }).scenario.tunnels, 10_000);
  });

  test('what has one node anyhow, or goes through none, is as it was meant', () => {
    for (const name of ['smoke', 'direct', 'squid', 'haproxy']) assert.equal(fitted(name, SHARED).shrunk, null);
  });

  test('what is done to far ends or by hostile clients needs no second node', () => {
    for (const name of ['brownout', 'flood', 'soak', 'idle', 'messages']) assert.deepEqual(fitted(name, SHARED).scenario.nodes, 1, name);
  });

  for (const [what, name, sizes, says] of [
    ['what needs sockets of another size', 'slow', {}, /smaller socket buffers/],
    ['a storm', 'storm', {}, /3 nodes need a name that leads to all of them, .* \(unshare -r -n true\)$/m],
    ['a drain of no more than one of three', 'drain', { tunnels: 100 }, /3 nodes need a name/],
    ['an upgrade of both nodes', 'upgrade', {}, /2 nodes need a name/],
    ['two nodes that were asked for', 'hold', { nodes: 2 }, /2 nodes need a name .* Without: --nodes 1/],
    ['tunnels that were asked for and do not fit', 'hold', { tunnels: 40_000 }, /need 40,000 local ports; 28,232 .* x 1 addresses/],
    [
      'a sweep, whose rates no number of tunnels makes smaller',
      'opens',
      {},
      /15,000 open .* and 60,000 in TIME_WAIT .*28,232: a network of their own/,
    ],
    ['a wrong size, whatever the network', 'idle-beyond', { minutes: 5 }, /some would end twice/],
  ] as const)
    test(`${what} is refused, with why`, () => {
      const got = fit(findScenario(name)!, { ...OWN, ...sizes }, SHARED);
      assert.match(typeof got === 'string' ? got : 'it was fitted', says);
    });

  test('and on a machine on which nothing fits, with the sum of what was meant', () => {
    const got = fit(findScenario('hold')!, OWN, { ...SHARED, availableMib: 300 });
    assert.match(typeof got === 'string' ? got : 'it was fitted', /10,000 tunnels need about/);
  });
});
