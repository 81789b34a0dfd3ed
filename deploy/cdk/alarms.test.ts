// Alarms, counts and dashboard against the tables that they are built from.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRICS } from '../../proxy/core/metrics.ts';
import { REASONS, type ReasonCode } from '../../proxy/core/fault.ts';
import { rowsWith } from '../../proxy/test/support/markdown.ts';
import { name } from '../../proxy/test/support/pages.ts';
import { readText } from '../../proxy/test/support/tree.ts';
import { goodStage, stageText } from '../testing/synth.ts';
import { DIMENSIONS } from './agent-config.ts';
import { alarmsOf, speakersOf } from './alarms.ts';
import { OPENS_COUNTS, PATTERN_LENGTH_MAX } from './counts.ts';
import { dashboardBody } from './dashboard.ts';

const SLOTS = goodStage(stageText('example'));
const NLB = goodStage(stageText('example-nlb'));
/** CloudWatch quotas: metrics in one alarm. */
const METRICS_IN_ALARM_MAX = 10;

/** docs/metrics.md says that they are worth an alarm, and why there is none here. */
const NOT_ALARMED: Readonly<Record<string, string>> = {
  pinhole_closes_total: 'many of `upstream` at once show as fallen tunnels and as failed opens',
  pinhole_open_seconds: 'the CloudWatch agent drops histograms',
  pinhole_tunnels: 'its fall is seen in the headroom of tunnels, which is one number where this is one for each door and kind',
  pinhole_carriers: 'how many there should be is the machine’s; a node without them is not ready',
};

test('every metric that the page calls worth an alarm has one, or a reason', () => {
  const rows = rowsWith(readText('docs/metrics.md'), 'metric', 'type', 'labels', 'what it says', 'worth an alarm');
  assert.ok(rows.length > 10);
  const worth = rows.filter((row) => !(row[4] ?? '').startsWith('–')).map(name);
  const withCertificate = { ...SLOTS, certificate: { file: 'chain.pem' } };
  const alarmed = new Set<string>(alarmsOf(withCertificate).flatMap(({ series }) => series.map(({ metric }) => metric)));
  assert.deepEqual(worth.filter((metric) => !alarmed.has(metric)).toSorted(), Object.keys(NOT_ALARMED).toSorted());
});

test('every slot has the same alarms, its ready and its address among them', () => {
  const ids = alarmsOf(SLOTS).map(({ id }) => id);
  assert.deepEqual(new Set(ids).size, ids.length, 'each id once');
  for (const slot of ['eu-1a', 'eu-1b', 'eu-1s'])
    for (const what of ['ready', 'address', 'tunnels-fell', 'conntrack-allowance-exceeded'])
      assert.ok(ids.includes(`${slot}-${what}`), `${slot}-${what}`);
  assert.equal(ids.length % 3, 0);
});

test('a pool has one set of them, and no address to hold', () => {
  assert.deepEqual(speakersOf(NLB), ['pool']);
  assert.ok(!alarmsOf(NLB).some(({ id }) => id.endsWith('-address')));
});

test('labels are those by which the metric is sent: another set would be a metric that nobody sends', () => {
  for (const { id, series } of [...alarmsOf(SLOTS), ...alarmsOf(NLB)])
    for (const { metric, labels } of series) {
      if (!(metric in METRICS)) continue;
      assert.deepEqual(Object.keys(labels), ['slot', ...DIMENSIONS[metric as keyof typeof DIMENSIONS]], `${id}: ${metric}`);
    }
});

test('an alarm asks for no more metrics than CloudWatch takes, and its expression for no other', () => {
  for (const { id, series, expression } of alarmsOf(SLOTS)) {
    assert.ok(series.length <= METRICS_IN_ALARM_MAX, id);
    if (series.length > 1) assert.ok(expression !== undefined, id);
    for (const { as } of series) assert.ok(expression === undefined || new RegExp(`\\b${as}\\b`).test(expression), `${id}: ${as}`);
  }
});

test('docs/costs.md counts what alarms on expressions ask for: each metric in one is paid for', () => {
  const asked = alarmsOf(SLOTS).flatMap(({ series }) => series).length / SLOTS.slots.length;
  for (const page of ['docs/costs.md', 'docs/deploy.md'])
    assert.match(readText(page), new RegExp(` ${asked} (more )?in (its )?alarms at 0\\.10`), page);
});

test('a drain that somebody has planned sets off no alarm by what it refuses', () => {
  const reasons = alarmsOf(SLOTS).flatMap(({ series }) => series.map(({ labels }) => labels['reason']));
  assert.ok(reasons.includes('NODE_FULL'));
  assert.ok(!reasons.includes('DRAINING'));
});

test('a node that drains is not missed: its ready counts only beside a drain that nobody has ordered, and its silence always', () => {
  const ready = alarmsOf(SLOTS).find(({ id }) => id === 'eu-1a-ready');
  assert.deepEqual(
    ready?.series.map(({ as, metric }) => [as, metric]),
    [
      ['ready', 'pinhole_ready'],
      ['draining', 'pinhole_draining'],
    ],
  );
  assert.deepEqual([ready?.expression, ready?.is, ready?.threshold, ready?.silence], ['MAX([ready, draining])', 'below', 1, 'fault']);
});

test('a single fault of ours is counted where it is written down: a counter that was never seen before has no growth', () => {
  const [internal, ...more] = OPENS_COUNTS.filter(({ metric }) => metric === 'opens_internal');
  assert.match(internal?.pattern ?? '', /event = "decision".*reason = "INTERNAL"/);
  assert.deepEqual(more, []);
  assert.ok(!alarmsOf(SLOTS).some(({ series }) => series.length === 1 && series[0]?.metric === 'pinhole_opens_total'));
});

test('what counts as failed is every reason that blames us or what is behind us, and no other', () => {
  const patterns = OPENS_COUNTS.filter(({ metric }) => metric === 'opens_failed').map(({ pattern }) => pattern);
  for (const pattern of patterns) {
    const counted = [...pattern.matchAll(/\$\.reason = "(\w+)"/g)].map(([, code]) => code as ReasonCode);
    const blamed = (Object.keys(REASONS) as ReasonCode[]).filter(
      (code) => ['upstream', 'proxy'].includes(REASONS[code].blame) && code !== 'DRAINING',
    );
    assert.deepEqual(counted.toSorted(), blamed.toSorted());
    assert.ok(pattern.length <= PATTERN_LENGTH_MAX, `${pattern.length} characters`);
  }
});

test('the dashboard has a graph for every metric that is sent', () => {
  const text = JSON.stringify(dashboardBody(SLOTS, 'Pinhole/example'));
  for (const metric of Object.keys(DIMENSIONS)) assert.ok(text.includes(`MetricName=\\"${metric}\\"`), metric);
});
