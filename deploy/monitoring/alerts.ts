// What Prometheus watches, as data: each alert is something that an operator has to act on, with its paragraph in docs/runbooks.md. Pure.

import {
  ACCOUNT_CONNECTS_PER_S,
  BURN_FAST,
  BURN_SLOW,
  CERTIFICATE_LEAST_S,
  CERTIFICATE_SOON_S,
  ERROR_BUDGET,
  FAILED_REASONS,
  HEADROOM_LEAST,
  LOOP_DELAY_MOST_S,
  NODE_OUT_S,
  OPEN_MOST_S,
  OPENS_FOR_P99,
  OPENS_THAT_COUNT,
  PENDING_MOST,
  PENDING_MOST_SHARE,
  reasonsBlaming,
  RETIREMENT_LATE_S,
  STORM_SHARE,
  STRANGERS_PER_S,
  STRANGERS_TIMES,
  TUNNELS_LOST_SHARE,
  TUNNELS_THAT_COUNT,
} from './levels.ts';

export interface Alert {
  readonly name: string;
  /** `page` wakes somebody, `ticket` is read in the morning. */
  readonly severity: 'page' | 'ticket';
  readonly expr: string;
  /** It has to be so for so long; at once where it is left out. */
  readonly forS?: number;
  /** One line, with the labels of who it is. */
  readonly summary: string;
  /** What to do first. */
  readonly does: string;
}

export interface Recording {
  readonly record: string;
  readonly expr: string;
}

const MINUTE_S = 60;
const HOUR_S = 3_600;

const opens = (reasons: readonly string[]): string => `pinhole_opens_total{reason=~"${reasons.join('|')}"}`;
const FAILED = opens(FAILED_REASONS);
const JUDGED = opens(['OK', ...FAILED_REASONS]);
const BY_CLIENT = opens(reasonsBlaming('client'));

/** Each fleet is a job of its own in Prometheus. */
const BURN_WINDOWS = ['5m', '30m', '1h', '6h', '3d'] as const;
type Window = (typeof BURN_WINDOWS)[number];
const failedShare = (window: Window): string => `pinhole:opens_failed:ratio_rate${window}`;

export const RECORDINGS: readonly Recording[] = BURN_WINDOWS.map((window) => ({
  record: failedShare(window),
  expr: `sum by (job) (rate(${FAILED}[${window}])) / sum by (job) (rate(${JUDGED}[${window}]))`,
}));

/** The long window says that it matters, the short one that it goes on. */
function burn(times: number, long: Window, short: Window): string {
  const most = Number((times * ERROR_BUDGET).toPrecision(6));
  const enough = `sum by (job) (increase(${JUDGED}[${short}])) >= ${OPENS_THAT_COUNT}`;
  return `(${failedShare(long)} > ${most} and ${failedShare(short)} > ${most} and ${enough})`;
}

/** Also where the series has only just come to be: what Prometheus sees first it does not call an increase. */
const grew = (series: string): string => `increase(${series}[15m]) > 0 or (${series} > 0 unless ${series} offset 15m)`;

const tunnels = (offset = ''): string => `sum by (job) (pinhole_tunnels${offset})`;
const UNREACHED_BY_MOST = 'count by (job, endpoint) (pinhole_probe_success == 0) > 0.5 * count by (job, endpoint) (pinhole_probe_success)';
const byClient = (window: string, offset = ''): string => `sum by (job) (rate(${BY_CLIENT}[${window}]${offset}))`;
const SLOWEST = 'histogram_quantile(0.99, sum by (job, instance, le) (rate(pinhole_open_seconds_bucket{stage="total"}[10m])))';
const OPENED = 'sum by (job, instance) (increase(pinhole_open_seconds_count{stage="total"}[10m]))';

export const ALERTS: readonly Alert[] = [
  {
    ...{ name: 'PinholeNotScraped', severity: 'page', forS: 5 * MINUTE_S, expr: 'absent(pinhole_ready)' },
    summary: 'no node tells its metrics: every other alert is blind',
    does: 'Look at Prometheus and its targets, then at the nodes.',
  },
  {
    ...{ name: 'PinholeNodeDown', severity: 'page', forS: NODE_OUT_S, expr: 'up{job=~"pinhole.*"} == 0' },
    summary: '{{ $labels.instance }} does not answer',
    does: 'Look that the other nodes carry its tunnels, then at the machine.',
  },
  {
    ...{ name: 'PinholeNodeNotReady', severity: 'page', forS: NODE_OUT_S, expr: 'pinhole_ready == 0 unless pinhole_draining == 1' },
    summary: '{{ $labels.instance }} takes no new tunnels, and no drain is ordered',
    does: '`pinhole status` on it says by which latch it is out.',
  },
  {
    ...{ name: 'PinholeBudgetBurns', severity: 'page', forS: 2 * MINUTE_S, expr: burn(BURN_FAST, '1h', '5m') },
    summary: '{{ $value | humanizePercentage }} of opens fail: the error budget of 28 days is gone in two',
    does: 'Look which reason it is: blame upstream is AWS IoT or the way to it, blame proxy is want of room.',
  },
  {
    ...{ name: 'PinholeBudgetGlows', severity: 'ticket', forS: 15 * MINUTE_S },
    expr: `${burn(BURN_SLOW, '6h', '30m')} or ${burn(1, '3d', '6h')}`,
    summary: '{{ $value | humanizePercentage }} of opens fail, for hours: more than the error budget has',
    does: 'Look which reason it is, and on which node.',
  },
  {
    ...{ name: 'PinholeTunnelsFell', severity: 'page', forS: 2 * MINUTE_S },
    expr: `${tunnels()} < ${1 - TUNNELS_LOST_SHARE} * ${tunnels(' offset 5m')} and ${tunnels(' offset 5m')} >= ${TUNNELS_THAT_COUNT}`,
    summary: 'agents are gone from the whole fleet, and not back: {{ $value }} tunnels are left',
    does: 'A drain or a lost node does not do this: its agents are back elsewhere. Look at closes by ended_by.',
  },
  {
    ...{ name: 'PinholeAwsUnreachedByMost', severity: 'page', forS: MINUTE_S, expr: UNREACHED_BY_MOST },
    summary: 'most nodes do not reach {{ $labels.endpoint }}',
    does: 'It is AWS IoT, or all of the way to it: change nothing in DNS, restart nothing.',
  },
  {
    ...{ name: 'PinholeAwsUnreached', severity: 'ticket', forS: MINUTE_S },
    expr: `pinhole_probe_success == 0 unless on (job, endpoint) (${UNREACHED_BY_MOST})`,
    summary: '{{ $labels.instance }} alone does not reach {{ $labels.endpoint }}',
    does: 'It leaves DNS by itself. Look at its routes, its security group and its resolver.',
  },
  {
    ...{ name: 'PinholeStorm', severity: 'page', forS: MINUTE_S },
    expr: `sum by (job) (rate(pinhole_opens_total{reason="OK"}[2m])) > ${STORM_SHARE * ACCOUNT_CONNECTS_PER_S}`,
    summary: '{{ $value | humanize }} opens a second: more than half of what AWS IoT takes from an account',
    does: 'Stop every drain and every release, then look who comes back and why.',
  },
  {
    ...{ name: 'PinholeRoomRunsOut', severity: 'ticket', forS: 10 * MINUTE_S, expr: `pinhole_headroom_ratio < ${HEADROOM_LEAST}` },
    summary: '{{ $labels.instance }} has {{ $value | humanizePercentage }} of its {{ $labels.resource }} left',
    does: 'Add a slot, or a larger node, before it is none.',
  },
  {
    ...{ name: 'PinholePendingHigh', severity: 'ticket', forS: 5 * MINUTE_S },
    expr: `pinhole_pending_connections > ${PENDING_MOST_SHARE * PENDING_MOST}`,
    summary: '{{ $labels.instance }} has {{ $value }} connections without a request: half of what may wait',
    does: 'A flood, or a network that loses what clients send. Look at the sources.',
  },
  {
    ...{ name: 'PinholeLoopLate', severity: 'ticket', forS: 5 * MINUTE_S },
    expr: `pinhole_event_loop_delay_seconds > ${LOOP_DELAY_MOST_S}`,
    summary: 'a carrier of {{ $labels.instance }} is {{ $value | humanizeDuration }} late',
    does: 'Its core is full. Take a larger machine, or one more slot.',
  },
  {
    ...{ name: 'PinholeOpensSlow', severity: 'ticket', forS: 10 * MINUTE_S },
    expr: `${SLOWEST} > ${OPEN_MOST_S} and ${OPENED} >= ${OPENS_FOR_P99}`,
    summary: 'one of a hundred opens at {{ $labels.instance }} takes {{ $value | humanizeDuration }} or more',
    does: 'Look which stage it is: pinhole_open_seconds has them all.',
  },
  {
    ...{ name: 'PinholeCarrierMissing', severity: 'ticket', forS: 5 * MINUTE_S },
    expr: 'sum by (job, instance) (pinhole_carriers{state=~"starting|full|down"}) > 0',
    summary: '{{ $value }} carriers of {{ $labels.instance }} do not accept',
    does: 'The log has why it ended, or it is out of descriptors.',
  },
  {
    ...{ name: 'PinholeRetirementLate', severity: 'ticket', forS: RETIREMENT_LATE_S },
    expr: 'pinhole_generations{state="retired"} > 0',
    summary: '{{ $labels.instance }} still holds a retired generation',
    does: '`pinhole status` on it says until when. More than two hold up the next upgrade.',
  },
  {
    ...{ name: 'PinholeCertificateEnds', severity: 'page', forS: 15 * MINUTE_S },
    expr: `pinhole_certificate_expiry_seconds < ${CERTIFICATE_LEAST_S}`,
    summary: 'the certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}',
    does: 'Put a new one in place. Route 53 does not notice that it ends.',
  },
  {
    ...{ name: 'PinholeCertificateSoonEnds', severity: 'ticket', forS: HOUR_S },
    expr: `pinhole_certificate_expiry_seconds < ${CERTIFICATE_SOON_S} and pinhole_certificate_expiry_seconds >= ${CERTIFICATE_LEAST_S}`,
    summary: 'the certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}, and was not renewed',
    does: 'Look why its renewal fails.',
  },
  {
    ...{ name: 'PinholeChangeNotTaken', severity: 'ticket', expr: 'increase(pinhole_config_reload_failed_total[15m]) > 0' },
    summary: '{{ $labels.instance }} did not take its new file, and goes on by the one before',
    does: '`pinhole status` on it says why.',
  },
  {
    ...{ name: 'PinholeRecordsLost', severity: 'ticket', expr: 'increase(pinhole_log_dropped_total[15m]) > 0' },
    summary: '{{ $labels.instance }} has lost lines of its log',
    does: 'The disk, or whoever reads the log, is too slow or gone.',
  },
  {
    ...{ name: 'PinholeFault', severity: 'ticket' },
    expr: `${grew('pinhole_opens_total{reason="INTERNAL"}')} or ${grew('pinhole_closes_total{ended_by="fault"}')}`,
    summary: '{{ $labels.instance }} has met a fault of Pinhole itself',
    does: 'Keep the record, and report it.',
  },
  {
    ...{ name: 'PinholeStrangers', severity: 'ticket', forS: 10 * MINUTE_S },
    expr: `${byClient('10m')} > ${STRANGERS_PER_S} unless ${byClient('10m')} <= ${STRANGERS_TIMES} * ${byClient('1d', ' offset 10m')}`,
    summary: '{{ $value | humanize }} opens a second are refused, ten times as many as the day before',
    does: 'Look which reason it is, and from which sources.',
  },
];

/** Where its paragraph is. */
export function runbookOf({ name }: Pick<Alert, 'name'>): string {
  return `docs/runbooks.md#${name.toLowerCase()}`;
}
