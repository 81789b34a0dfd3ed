// What leaves an instance for CloudWatch, against the table of metrics that the node has.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MetricName, METRICS } from '../../proxy/core/metrics.ts';
import { goodStage, stageText } from '../testing/synth.ts';
import { alarmsOf } from './alarms.ts';
import { DIMENSIONS, nodeAgentConfig, prometheusFile } from './agent-config.ts';

interface Sent {
  readonly logs: {
    readonly metrics_collected: {
      readonly prometheus: {
        readonly emf_processor: {
          readonly metric_declaration: readonly { readonly dimensions: string[][]; readonly metric_selectors: string[] }[];
        };
      };
    };
  };
}

const config = nodeAgentConfig('Pinhole/example', 'eu-1a', { records: 'records', metrics: 'metrics' }) as Sent;
const declared = config.logs.metrics_collected.prometheus.emf_processor.metric_declaration;

test('every metric but the histograms is sent, once', () => {
  const wanted = Object.entries(METRICS)
    .filter(([, { kind }]) => kind !== 'histogram')
    .map(([name]) => `^${name}$`);
  assert.deepEqual(declared.flatMap(({ metric_selectors }) => metric_selectors).toSorted(), wanted.toSorted());
});

test('each is kept apart by labels that it has, and a gauge by all of them: CloudWatch would mix its parts', () => {
  for (const [name, labels] of Object.entries(DIMENSIONS)) {
    const { kind, labels: all } = METRICS[name as MetricName];
    for (const label of labels) assert.ok((all as readonly string[]).includes(label), `${name} has no ${label}`);
    const kept = (all as readonly string[]).filter((label) => label !== 'tenant' && name !== 'pinhole_build_info');
    if (kind === 'gauge' && name !== 'pinhole_build_info') assert.deepEqual(labels, kept, name);
  }
});

test('what the network card says is alarmed on under the name that the agent gives it, and asked for under the card’s', () => {
  const { metrics } = config as unknown as { metrics: { metrics_collected: { ethtool: { metrics_include: string[] } } } };
  const asked = metrics.metrics_collected.ethtool.metrics_include;
  const alarmed = alarmsOf(goodStage(stageText('example')))
    .flatMap(({ series }) => series.map(({ metric }) => metric))
    .filter((metric) => metric.endsWith('_exceeded'));
  assert.ok(asked.includes('conntrack_allowance_exceeded'));
  // CloudWatch guide, "Collect network performance metrics": the agent puts ethtool_ in front of each.
  assert.deepEqual(new Set(alarmed), new Set(asked.map((name) => `ethtool_${name}`)));
});

test('the agent scrapes the health address, and says which slot it is', () => {
  assert.match(prometheusFile('eu-1a'), /127\.0\.0\.1:8080[^]*slot: eu-1a/);
});
