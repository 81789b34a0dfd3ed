// The dashboard of a stage: a graph for every metric of the table, in its order. Pure.

import { METRICS } from '../../proxy/core/metrics.ts';
import { DIMENSIONS, type SentMetric } from './agent-config.ts';
import type { Stage } from './stage.ts';

/** CloudWatch's grid is 24 wide. */
const WIDTH = 12;
const HEIGHT = 6;

export function dashboardBody(stage: Stage, namespace: string): object {
  const names = Object.keys(DIMENSIONS) as SentMetric[];
  const widgets = names.map((name, index) => ({
    ...{ type: 'metric', x: (index % 2) * WIDTH, y: 3 + Math.floor(index / 2) * HEIGHT, width: WIDTH, height: HEIGHT },
    properties: {
      title: METRICS[name].help,
      region: stage.region,
      view: 'timeSeries',
      metrics: [[{ expression: search(namespace, name), id: `m${index}` }]],
    },
  }));
  const text = {
    ...{ type: 'text', x: 0, y: 0, width: 24, height: 3 },
    properties: {
      markdown:
        `# ${stage.prefix}: ${stage.name}\n` +
        'What each number says: docs/metrics.md. The time of opens (pinhole_open_seconds) is at each node’s /metrics: the agent drops histograms.',
    },
  };
  return { widgets: [text, ...widgets] };
}

/** Every slot and every label that there is, also those that come later. */
function search(namespace: string, name: SentMetric): string {
  const schema = [namespace, 'slot', ...DIMENSIONS[name]].join(',');
  const statistic = METRICS[name].kind === 'counter' ? 'Sum' : 'Average';
  return `SEARCH('{${schema}} MetricName="${name}"', '${statistic}', 60)`;
}
