// The names that dashboards rely on: one table, the same in docs/metrics.md. Labels are closed sets: never a host from the wire.

export type MetricKind = 'counter' | 'gauge' | 'histogram';

interface Metric {
  readonly kind: MetricKind;
  readonly labels: readonly string[];
  readonly help: string;
}

export const METRICS = {
  pinhole_tunnels: { kind: 'gauge', labels: ['door', 'tenant', 'kind'], help: 'Open tunnels' },
  pinhole_opens_total: { kind: 'counter', labels: ['door', 'tenant', 'reason'], help: 'Decisions, OK and every refusal' },
  pinhole_closes_total: { kind: 'counter', labels: ['door', 'ended_by'], help: 'Allowed sessions that ended' },
  pinhole_bytes_total: { kind: 'counter', labels: ['direction'], help: 'Bytes relayed; up is from client to upstream' },
  pinhole_open_seconds: { kind: 'histogram', labels: ['stage'], help: 'Time of each stage of an open' },
  pinhole_pending_connections: { kind: 'gauge', labels: [], help: 'Connections without a head or hello yet' },
  pinhole_carriers: { kind: 'gauge', labels: ['state'], help: 'Carriers by state' },
  pinhole_generations: { kind: 'gauge', labels: ['state'], help: 'Generations of carriers by state' },
  pinhole_retired_tunnels: { kind: 'gauge', labels: [], help: 'Open tunnels of retired generations, which are moved or closed at a pace' },
  pinhole_probe_success: { kind: 'gauge', labels: ['endpoint'], help: '1 where the last round of the probe got through to this endpoint' },
  pinhole_ready: { kind: 'gauge', labels: [], help: '1 while this node answers /ready with 200' },
  pinhole_draining: { kind: 'gauge', labels: [], help: '1 while a drain of this node is ordered' },
  pinhole_certificate_expiry_seconds: { kind: 'gauge', labels: [], help: 'Seconds until our own certificate expires' },
  pinhole_headroom_ratio: { kind: 'gauge', labels: ['resource'], help: 'Share of a resource that is still free' },
  pinhole_ports_in_use: { kind: 'gauge', labels: [], help: 'Local ports in use towards upstreams' },
  pinhole_event_loop_delay_seconds: { kind: 'gauge', labels: [], help: 'Worst event loop delay (p99 of the last period) over carriers' },
  pinhole_config_reload_failed_total: {
    kind: 'counter',
    labels: [],
    help: 'Changes of the configuration that were asked for and left it as it was',
  },
  pinhole_log_dropped_total: { kind: 'counter', labels: [], help: 'Log lines dropped because their reader was too slow' },
  pinhole_build_info: { kind: 'gauge', labels: ['version', 'node_version', 'relay'], help: 'Always 1' },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

/** Values of the `stage` label of pinhole_open_seconds. */
export const STAGES = ['sniff', 'handshake', 'head', 'resolve', 'dial', 'hello', 'total'] as const;
export type Stage = (typeof STAGES)[number];
