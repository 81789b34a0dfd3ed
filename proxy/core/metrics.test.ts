import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MetricName, METRICS, STAGES } from './metrics.ts';

/** Labels whose values are a list of ours. What a client can choose (a host, an address, a device, an SNI) is not among them. */
const CLOSED_LABELS = [
  'door',
  'tenant',
  'kind',
  'reason',
  'ended_by',
  'direction',
  'stage',
  'state',
  'resource',
  // Names under `endpoints` of the operator's file.
  'endpoint',
  'version',
  'node_version',
  'relay',
];

for (const name of Object.keys(METRICS) as MetricName[]) {
  const { kind, labels, help } = METRICS[name];

  test(`${name} has a name that Prometheus knows how to read`, () => {
    assert.match(name, /^pinhole_[a-z]+(_[a-z]+)*$/);
    assert.equal(name.endsWith('_total'), kind === 'counter', 'a counter, and nothing else, ends in _total');
    if (kind === 'histogram') assert.match(name, /_(seconds|bytes)$/, 'base units');
    assert.doesNotMatch(name, /_(ms|milliseconds|minutes|kb|mb|percent)(_|$)/, 'base units');
  });

  test(`${name} has labels of closed sets only`, () => {
    const all: readonly string[] = labels;
    for (const label of all) assert.ok(CLOSED_LABELS.includes(label), label);
    assert.equal(new Set(all).size, all.length);
  });

  test(`${name} says what it is`, () => assert.match(help, /^[A-Z0-9].{5,}[^.]$/));
}

test('the stages are names that may be label values, each once', () => {
  for (const stage of STAGES) assert.match(stage, /^[a-z]+$/);
  assert.equal(new Set(STAGES).size, STAGES.length);
});
