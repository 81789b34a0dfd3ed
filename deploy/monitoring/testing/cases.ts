// For each alert a world in which it fires, and one just beside it in which it must not. Series are in promtool's words: a value a minute.

export type World = Readonly<Record<string, string>>;

export interface Case {
  readonly fires: World;
  readonly quiet: World;
  /** When it is looked at. */
  readonly atM: number;
}

const A = 'job="pinhole",instance="a"';
const B = 'job="pinhole",instance="b"';
const C = 'job="pinhole",instance="c"';

const reached = (a: string, b: string, c: string): World => ({
  [`pinhole_probe_success{${A},endpoint="production"}`]: a,
  [`pinhole_probe_success{${B},endpoint="production"}`]: b,
  [`pinhole_probe_success{${C},endpoint="production"}`]: c,
});
/** Counters of opens that grow by so many a minute. */
const opened = (good: number, failed: number, minutes: number, reason = 'DIAL_TIMEOUT'): World => ({
  [`pinhole_opens_total{${A},reason="OK"}`]: `0+${good}x${minutes}`,
  [`pinhole_opens_total{${A},reason="${reason}"}`]: `0+${failed}x${minutes}`,
});
const slow = (fast: number, all: number): World => ({
  [`pinhole_open_seconds_bucket{${A},stage="total",le="1.0"}`]: `0+${fast}x20`,
  [`pinhole_open_seconds_bucket{${A},stage="total",le="2.5"}`]: `0+${all}x20`,
  [`pinhole_open_seconds_bucket{${A},stage="total",le="+Inf"}`]: `0+${all}x20`,
  [`pinhole_open_seconds_count{${A},stage="total"}`]: `0+${all}x20`,
});
const one = (name: string, labels: string, values: string): World => ({ [`${name}{${A}${labels === '' ? '' : `,${labels}`}}`]: values });
const DAY_S = 86_400;

export const CASES: Readonly<Record<string, Case>> = {
  PinholeNotScraped: { fires: one('up', '', '1x10'), quiet: one('pinhole_ready', '', '0x10'), atM: 6 },
  PinholeNodeDown: {
    fires: one('up', '', '0x5'),
    quiet: { [`up{job="other",instance="a"}`]: '0x5', ...one('up', '', '1 0 1 0 1') },
    atM: 4,
  },
  PinholeNodeNotReady: {
    fires: { ...one('pinhole_ready', '', '0x5'), ...one('pinhole_draining', '', '0x5') },
    quiet: { ...one('pinhole_ready', '', '0x5'), ...one('pinhole_draining', '', '1x5') },
    atM: 4,
  },
  // 2 % of opens fail; and 1.4 %, which is less than 14.4 times the budget.
  PinholeBudgetBurns: { fires: opened(98, 2, 20), quiet: opened(986, 14, 20), atM: 15 },
  // Failing for what the client did spends nothing, and neither does a drain.
  PinholeBudgetGlows: {
    fires: opened(990, 10, 40),
    quiet: { ...opened(990, 10, 40, 'TARGET_NOT_ALLOWED'), ...opened(990, 10, 40, 'DRAINING') },
    atM: 35,
  },
  // Of two nodes; and tunnels that have only gone to the other one.
  PinholeTunnelsFell: {
    fires: { ...one('pinhole_tunnels', 'door="connect"', '1000x5 900x5'), [`pinhole_tunnels{${B}}`]: '100x11' },
    quiet: { ...one('pinhole_tunnels', 'door="connect"', '1000x5 900x5'), [`pinhole_tunnels{${B}}`]: '100x5 180x5' },
    atM: 9,
  },
  PinholeAwsUnreachedByMost: { fires: reached('0x5', '0x5', '1x5'), quiet: reached('0x5', '1x5', '1x5'), atM: 3 },
  PinholeAwsUnreached: { fires: reached('0x5', '1x5', '1x5'), quiet: reached('0x5', '0x5', '1x5'), atM: 3 },
  PinholeStorm: { fires: opened(16_000, 0, 5), quiet: opened(14_000, 5_000, 5, 'NODE_RATE_LIMITED'), atM: 4 },
  PinholeRoomRunsOut: {
    fires: {
      ...one('pinhole_headroom_ratio', 'resource="ports"', '0.19x15'),
      ...one('pinhole_headroom_ratio', 'resource="tunnels"', '0.5x15'),
    },
    quiet: one('pinhole_headroom_ratio', 'resource="ports"', '0.1x5 0.3 0.1x9'),
    atM: 12,
  },
  PinholePendingHigh: {
    fires: one('pinhole_pending_connections', '', '5001x8'),
    quiet: one('pinhole_pending_connections', '', '5000x8'),
    atM: 7,
  },
  PinholeLoopLate: {
    fires: one('pinhole_event_loop_delay_seconds', '', '0.11x8'),
    quiet: one('pinhole_event_loop_delay_seconds', '', '0.1x8'),
    atM: 7,
  },
  // Two of a hundred above a second, the slowest towards 2.5; and the same of too few.
  PinholeOpensSlow: { fires: slow(90, 100), quiet: slow(4, 5), atM: 19 },
  PinholeCarrierMissing: {
    fires: { ...one('pinhole_carriers', 'state="down"', '1x8'), ...one('pinhole_carriers', 'state="ready"', '1x8') },
    quiet: { ...one('pinhole_carriers', 'state="down"', '0x8'), ...one('pinhole_carriers', 'state="retired"', '2x8') },
    atM: 7,
  },
  PinholeRetirementLate: {
    fires: one('pinhole_generations', 'state="retired"', '1x200'),
    quiet: { ...one('pinhole_generations', 'state="retired"', '1x120 0x80'), ...one('pinhole_generations', 'state="current"', '1x200') },
    atM: 190,
  },
  PinholeCertificateEnds: {
    fires: one('pinhole_certificate_expiry_seconds', '', `${13 * DAY_S}x20`),
    quiet: one('pinhole_certificate_expiry_seconds', '', `${15 * DAY_S}x20`),
    atM: 18,
  },
  PinholeCertificateSoonEnds: {
    fires: one('pinhole_certificate_expiry_seconds', '', `${20 * DAY_S}x70`),
    quiet: one('pinhole_certificate_expiry_seconds', '', `${13 * DAY_S}x70`),
    atM: 65,
  },
  PinholeChangeNotTaken: {
    fires: one('pinhole_config_reload_failed_total', '', '0x5 1x5'),
    quiet: one('pinhole_config_reload_failed_total', '', '3x30'),
    atM: 8,
  },
  PinholeRecordsLost: {
    fires: one('pinhole_log_dropped_total', '', '0x5 7x5'),
    quiet: one('pinhole_log_dropped_total', '', '7x30'),
    atM: 8,
  },
  // The first of all: its series was not there before.
  PinholeFault: {
    fires: { ...one('up', '', '1x40'), ...one('pinhole_opens_total', 'reason="INTERNAL"', '_x20 1x10') },
    quiet: { ...one('pinhole_opens_total', 'reason="INTERNAL"', '1x40'), ...one('pinhole_closes_total', 'ended_by="upstream"', '0+9x40') },
    atM: 24,
  },
  // 20 a second from silence; and the same after a day that had more, all in one minute.
  PinholeStrangers: {
    fires: one('pinhole_opens_total', 'reason="SNI_MISMATCH"', '0x20 0+1200x25'),
    quiet: one('pinhole_opens_total', 'reason="SNI_MISMATCH"', '0x2 2000000x17 2000000+1200x25'),
    atM: 42,
  },
};
