import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Honesty } from '../../run-record.ts';
import { madeRun } from '../../testing/made-run.ts';
import { summarise } from '../summary.ts';
import { honesty, rowsOf } from './honesty.ts';
import { head } from './judged.ts';

const made = madeRun();
const summary = (change: Partial<Honesty>) => summarise({ ...made, honesty: { ...made.honesty, ...change } });
const rows = (change: Partial<Honesty>) => Object.fromEntries(rowsOf(summary(change)));

describe('of a fleet of others', () => {
  const outside = { isTarget: true, isIsolated: false, wire: 'tls' } as const;

  test('nothing is said that this rig does not know', () => {
    const { 'far end': farEnd, network, 'inside the tunnels': inside } = rows(outside);
    assert.match(farEnd ?? '', /^of others/);
    assert.match(network ?? '', /way to the fleet/);
    assert.equal(inside, 'TLS; what the nodes check is theirs');
    assert.equal(rows({ ...outside, wire: 'plain' })['inside the tunnels'], 'plain WebSocket and MQTT; what the nodes check is theirs');
    assert.doesNotMatch(honesty(summary(outside)).text, /loopback/);
  });

  test('the head counts no nodes', () => assert.match(head(summary(outside)).text, /6,000 tunnels through a fleet of others/));
});

test('of our own nodes it is said that loopback is no network', () => {
  assert.match(honesty(summary({})).text, /On loopback there is no round-trip time/);
  assert.equal(rows({})['inside the tunnels'], 'plain WebSocket and MQTT, so the checks of SNI and ALPN are off');
  assert.match(head(summary({})).text, /6,000 tunnels through 3 nodes/);
});

for (const [isPrivileged, isIsolated, words] of [
  [true, true, 'root; sysctls were set for the run, in its own network'],
  [true, false, 'root; sysctls are as they were found'],
  [false, true, 'not root; sysctls were set for the run, in its own network'],
  [false, false, 'not root; sysctls are as they were found'],
] as const) {
  test(`rights, ${isPrivileged ? 'root' : 'no root'} ${isIsolated ? 'with' : 'without'} a network of its own`, () =>
    assert.equal(rows({ isPrivileged, isIsolated })['rights'], words));
}
