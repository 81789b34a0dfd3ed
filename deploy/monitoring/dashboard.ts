// A dashboard for Grafana: a graph for every metric of the table, in its order. Pure.

import { type MetricName, METRICS } from '../../proxy/core/metrics.ts';

/** Grafana's grid is 24 wide. */
const WIDTH = 12;
const HEIGHT = 8;
/** Of the JSON model: Grafana 9 and later read it. */
const SCHEMA_VERSION = 37;

/** Grafana asks on import which data source this is. */
const SOURCE = { type: 'prometheus', uid: '${DS_PROMETHEUS}' } as const;
const CHOSEN = 'job=~"$job",instance=~"$instance"';

interface Graph {
  readonly expr: string;
  readonly legend: string;
}

/** Where adding up all nodes, by every label, would say little. */
const OTHERWISE: Partial<Record<MetricName, Graph>> = {
  pinhole_tunnels: { expr: `sum by (instance) (pinhole_tunnels{${CHOSEN}})`, legend: '{{instance}}' },
  pinhole_opens_total: { expr: `sum by (reason) (rate(pinhole_opens_total{${CHOSEN}}[$__rate_interval]))`, legend: '{{reason}}' },
  pinhole_closes_total: { expr: `sum by (ended_by) (rate(pinhole_closes_total{${CHOSEN}}[$__rate_interval]))`, legend: '{{ended_by}}' },
  pinhole_headroom_ratio: { expr: `min by (resource) (pinhole_headroom_ratio{${CHOSEN}})`, legend: '{{resource}}' },
  pinhole_build_info: { expr: `count by (version, node_version, relay) (pinhole_build_info{${CHOSEN}})`, legend: '{{version}}, {{relay}}' },
};

/** In the form of an export: `__inputs` is asked for on import, and is no part of the dashboard's own schema. */
export function renderDashboard(): string {
  const names = Object.keys(METRICS) as MetricName[];
  const board = {
    __inputs: [{ name: 'DS_PROMETHEUS', label: 'Prometheus', type: 'datasource', pluginId: 'prometheus', pluginName: 'Prometheus' }],
    ...{ uid: 'pinhole', title: 'Pinhole', tags: ['pinhole'], schemaVersion: SCHEMA_VERSION, editable: true, refresh: '30s' },
    time: { from: 'now-3h', to: 'now' },
    annotations: { list: [] },
    templating: {
      list: [
        variable('job', 'label_values(pinhole_ready, job)'),
        variable('instance', 'label_values(pinhole_ready{job=~"$job"}, instance)'),
      ],
    },
    panels: names.map(panelOf),
  };
  return `${JSON.stringify(board, null, 2)}\n`;
}

function variable(name: string, query: string): object {
  return {
    ...{ name, query, type: 'query', datasource: SOURCE, refresh: 2, sort: 1, multi: true, includeAll: true, allValue: '.*' },
    current: { text: 'All', value: '$__all', selected: true },
  };
}

function panelOf(name: MetricName, index: number): object {
  const { expr, legend } = graphOf(name);
  return {
    ...{ id: index + 1, type: 'timeseries', title: METRICS[name].help, description: name, datasource: SOURCE },
    gridPos: { x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit: unitOf(name), min: 0 }, overrides: [] },
    targets: [{ refId: 'A', datasource: SOURCE, expr, legendFormat: legend }],
  };
}

function graphOf(name: MetricName): Graph {
  const { kind, labels } = METRICS[name];
  const legend = ['instance', ...labels].map((label) => `{{${label}}}`).join(' ');
  if (kind === 'histogram') {
    const by = ['le', ...labels].join(', ');
    const slowest = `histogram_quantile(0.99, sum by (${by}) (rate(${name}_bucket{${CHOSEN}}[$__rate_interval])))`;
    return { expr: slowest, legend: `${labels.map((label) => `{{${label}}}`).join(' ')} p99` };
  }
  const plain = kind === 'counter' ? `rate(${name}{${CHOSEN}}[$__rate_interval])` : `${name}{${CHOSEN}}`;
  return OTHERWISE[name] ?? { expr: plain, legend };
}

/** Grafana's names of units. */
function unitOf(name: MetricName): string {
  if (METRICS[name].kind === 'counter') return name.includes('_bytes') ? 'Bps' : 'cps';
  if (name.endsWith('_seconds')) return 's';
  return name.endsWith('_ratio') ? 'percentunit' : 'short';
}
