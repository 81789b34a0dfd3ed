// What the CloudWatch agent of an instance reads: the node's metrics, its log, and what the network card says. From the metric table, so that
// a new metric is either sent or named here as left out. Pure.

import { stringify } from 'yaml';
import type { MetricName, METRICS } from '../../proxy/core/metrics.ts';
import { HEALTH_PORT, LOG_FOLDER } from './names.ts';

/** The agent drops histograms (CloudWatch guide, Prometheus metric type conversion): percentiles are Prometheus' or the records'. */
type SentMetric = { [M in MetricName]: (typeof METRICS)[M]['kind'] extends 'histogram' ? never : M }[MetricName];

/**
 * By which labels each metric is kept apart, besides the slot: each combination that occurs is a metric to pay for. Counters may leave a label
 * out, for their parts add up; of a gauge all stay, for CloudWatch would mix its parts. `tenant` is empty in this version.
 */
export const DIMENSIONS = {
  pinhole_tunnels: ['door', 'kind'],
  pinhole_opens_total: ['reason'],
  pinhole_closes_total: ['ended_by'],
  pinhole_bytes_total: ['direction'],
  pinhole_pending_connections: [],
  pinhole_carriers: ['state'],
  pinhole_generations: ['state'],
  pinhole_retired_tunnels: [],
  pinhole_probe_success: ['endpoint'],
  pinhole_ready: [],
  pinhole_draining: [],
  pinhole_certificate_expiry_seconds: [],
  pinhole_headroom_ratio: ['resource'],
  pinhole_ports_in_use: [],
  pinhole_event_loop_delay_seconds: [],
  pinhole_config_reload_failed_total: [],
  pinhole_log_dropped_total: [],
  pinhole_build_info: ['version'],
} as const satisfies Record<SentMetric, readonly string[]>;

export type { SentMetric };

/** Counters of the ENA driver that say that EC2 dropped packets (EC2 guide, network performance metrics). */
export const ALLOWANCES = [
  'conntrack_allowance_exceeded',
  'bw_in_allowance_exceeded',
  'bw_out_allowance_exceeded',
  'pps_allowance_exceeded',
  'linklocal_allowance_exceeded',
] as const;

export type AllowanceMetric = `ethtool_${(typeof ALLOWANCES)[number]}`;

/** Under which name such a counter is in CloudWatch: the agent puts its own word in front (CloudWatch guide, network performance metrics). */
export function allowanceMetric(counter: (typeof ALLOWANCES)[number]): AllowanceMetric {
  return `ethtool_${counter}`;
}

const PROMETHEUS_FILE = '/etc/pinhole/prometheus.yaml';

export interface Groups {
  /** Names of log groups. */
  readonly records: string;
  readonly metrics: string;
}

export function nodeAgentConfig(namespace: string, slot: string, groups: Groups): object {
  return {
    agent: { metrics_collection_interval: 60 },
    metrics: {
      namespace,
      metrics_collected: {
        ethtool: { interface_include: ['*'], metrics_include: [...ALLOWANCES], append_dimensions: { slot } },
      },
      aggregation_dimensions: [['slot']],
    },
    logs: {
      logs_collected: collected(`${LOG_FOLDER}/pinhole.jsonl`, groups.records),
      metrics_collected: {
        prometheus: {
          log_group_name: groups.metrics,
          prometheus_config_path: PROMETHEUS_FILE,
          emf_processor: { metric_namespace: namespace, metric_declaration: declarations() },
        },
      },
    },
  };
}

export function fleetAgentConfig(group: string): object {
  return { logs: { logs_collected: collected(`${LOG_FOLDER}/fleet.log`, group) } };
}

function collected(file: string, group: string): object {
  return { files: { collect_list: [{ file_path: file, log_group_name: group, log_stream_name: '{instance_id}' }] } };
}

/** One for all metrics of the same dimensions. */
function declarations(): object[] {
  const byDimensions = new Map<string, string[]>();
  for (const [name, labels] of Object.entries(DIMENSIONS)) {
    const key = ['slot', ...labels].join(',');
    byDimensions.set(key, [...(byDimensions.get(key) ?? []), `^${name}$`]);
  }
  return [...byDimensions].map(([key, selectors]) => ({
    source_labels: ['job'],
    label_matcher: '^pinhole$',
    dimensions: [key.split(',')],
    metric_selectors: selectors,
  }));
}

/** What the agent scrapes, and under which slot: those of a pool share one. */
export function prometheusFile(slot: string): string {
  return stringify({
    global: { scrape_interval: '1m', scrape_timeout: '10s' },
    scrape_configs: [{ job_name: 'pinhole', static_configs: [{ targets: [`127.0.0.1:${HEALTH_PORT}`], labels: { slot } }] }],
  });
}
