// What is said of a run that starts its own nodes, and of one at a fleet of others, of which this rig knows less.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findScenario } from '../scenarios.ts';
import { parseK6Version, readHonesty } from './honesty.ts';

const known = { isIsolated: false, isPrivileged: false, shrunk: null, loadBefore: 0 };
const of = (scenario: string, targetUrl: string | null) => readHonesty(findScenario(scenario)!, 'true', { ...known, targetUrl });

for (const [what, scenario, targetUrl, wire, isTarget, knowsNodes] of [
  ['our own far end is plain', 'hold', null, 'plain', false, true],
  ['the sandbox has TLS', 'smoke', null, 'tls', false, true],
  ['a target is as its URL says: TLS', 'hold', 'wss://iot.example.com/mqtt', 'tls', true, false],
  ['a target is as its URL says: plain', 'hold', 'WS://iot.example.com/mqtt', 'plain', true, false],
] as const) {
  test(what, () => {
    const { versions, ...honesty } = of(scenario, targetUrl);
    assert.deepEqual([honesty.wire, honesty.isTarget, 'pinhole' in versions], [wire, isTarget, knowsNodes]);
  });
}

for (const [said, k6, go] of [
  ['k6 v2.2.0 (go1.26.8, linux/amd64)\n', 'v2.2.0', 'go1.26.8'],
  ['k6-v2.2.0-go1.26.8 v2.2.0 (go1.26.8, linux/amd64)\nExtensions:\n  none\n', 'v2.2.0', 'go1.26.8'],
  ['k6 v2.2.0 (commit/0123abcd, go1.26.8, linux/arm64)\n', 'v2.2.0', 'go1.26.8'],
  ['', 'unknown', 'unknown'],
] as const) {
  test(`${JSON.stringify(said)} is k6 ${k6} of ${go}`, () => assert.deepEqual(parseK6Version(said), { k6, go }));
}
