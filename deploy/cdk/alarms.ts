// Every alarm of a stage as data, from the metric table and the table of reasons. What becomes of it in CloudWatch is watch-stack.ts. Pure.

import {
  CERTIFICATE_LEAST_S,
  HEADROOM_LEAST,
  LOOP_DELAY_MOST_S,
  OPENS_THAT_COUNT,
  PENDING_MOST_SHARE,
  failedReasonsBlaming,
  RETIREMENT_LATE_S,
} from '../monitoring/levels.ts';
import { type AllowanceMetric, allowanceMetric, ALLOWANCES, type SentMetric } from './agent-config.ts';
import { POOL } from './names.ts';
import type { Stage } from './stage.ts';

/** A metric of an instance besides those of the node itself. */
type HostMetric = 'address_held' | AllowanceMetric;

/** What CloudWatch counts in logs (counts.ts), over all slots. */
export type CountedMetric = 'opens_good' | 'opens_failed' | 'opens_internal' | 'fleet_rounds' | 'fleet_troubles';

export interface Series {
  /** Its name in an expression. */
  readonly as: string;
  readonly metric: SentMetric | HostMetric | CountedMetric;
  readonly labels: Readonly<Record<string, string>>;
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum';
}

export interface AlarmSpec {
  readonly id: string;
  /** What is wrong, and what to do: the text of the mail. */
  readonly says: string;
  /** One of them, or several and an expression. */
  readonly series: readonly Series[];
  readonly expression?: string;
  readonly is: 'above' | 'below';
  readonly threshold: number;
  readonly periodS: number;
  readonly periods: number;
  /** Silence is a fault where the node itself should speak. */
  readonly silence: 'fault' | 'fine';
}

const MINUTE_S = 60;
const FIVE_S = 300;

const UPSTREAM_SHARE_MOST = 0.05;
const PROXY_SHARE_MOST = 0.01;

/** Who speaks under a name of its own: each slot, or the pool. */
export function speakersOf(stage: Stage): string[] {
  return stage.shape === 'slots' ? stage.slots.map(({ id }) => id) : [POOL];
}

export function alarmsOf(stage: Stage): AlarmSpec[] {
  return speakersOf(stage).flatMap((slot) => alarmsOfSlot(stage, slot));
}

function alarmsOfSlot(stage: Stage, slot: string): AlarmSpec[] {
  type Labels = Series['labels'];
  const named = (as: string, metric: Series['metric'], statistic: Series['statistic'], labels: Labels = {}): Series => ({
    ...{ as, metric, statistic, labels: { slot, ...labels } },
  });
  const on = (metric: Series['metric'], statistic: Series['statistic'], labels?: Labels): Series[] => [
    named('m', metric, statistic, labels),
  ];
  const each = { periodS: MINUTE_S, periods: 3, silence: 'fine' } as const;
  const once = { periodS: FIVE_S, periods: 1, silence: 'fine', is: 'above', threshold: 0 } as const;
  const resources = ['tunnels', 'descriptors', 'ports', 'memory'] as const;
  const specs: AlarmSpec[] = [
    {
      ...{ id: 'ready', series: [named('ready', 'pinhole_ready', 'Minimum'), named('draining', 'pinhole_draining', 'Maximum')] },
      // A node that drains is not ready because somebody has said so.
      ...{ expression: 'MAX([ready, draining])', is: 'below', threshold: 1, ...each, silence: 'fault' },
      says: 'The node is not ready and nobody drains it, or it says nothing. `pinhole status` on it, or the group’s activity, says why.',
    },
    shareOf(
      'upstream',
      UPSTREAM_SHARE_MOST,
      slot,
      'AWS IoT, or the way to it, fails opens. On one slot: replace the node. On all: change nothing in DNS.',
    ),
    shareOf('proxy', PROXY_SHARE_MOST, slot, 'The node refuses for want of room. Add a slot, or take a larger type.'),
    {
      ...{ id: 'tunnels-fell', series: on('pinhole_headroom_ratio', 'Average', { resource: 'tunnels' }), periodS: FIVE_S, periods: 1 },
      ...{ expression: 'IF(1 - m + DIFF(m) > 0.01, -DIFF(m) / (1 - m + DIFF(m)), 0)', is: 'below', threshold: -0.5, silence: 'fine' },
      says: 'Half of the open tunnels went within five minutes. A drain of yours does this; else look at closes by ended_by.',
    },
    ...resources.map((resource): AlarmSpec => ({
      ...{ id: `room-${resource}`, series: on('pinhole_headroom_ratio', 'Minimum', { resource }), ...each },
      ...{
        is: 'below',
        threshold: HEADROOM_LEAST,
        says: `Less than a fifth of ${resource} is left. Add a slot, or a larger node, before it is none.`,
      },
    })),
    ...stage.node.endpoints.map(({ name }): AlarmSpec => ({
      ...{ id: `probe-${name}`, series: on('pinhole_probe_success', 'Maximum', { endpoint: name }), ...each, is: 'below', threshold: 1 },
      says: `The node’s own probe does not reach ${name}. On one slot it leaves DNS by itself; on all it is AWS IoT: change nothing in DNS.`,
    })),
    {
      ...{
        id: 'pending',
        series: on('pinhole_pending_connections', 'Maximum'),
        ...each,
        is: 'above',
        threshold: stage.node.limits.pending * PENDING_MOST_SHARE,
      },
      says: 'Half of the connections that may wait for a request do: a flood, or a network that loses what clients send.',
    },
    {
      ...{
        id: 'event-loop',
        series: on('pinhole_event_loop_delay_seconds', 'Maximum'),
        ...each,
        is: 'above',
        threshold: LOOP_DELAY_MOST_S,
      },
      says: 'A carrier is late: its core is full. Take a larger type, or another slot.',
    },
    {
      ...{ id: 'retirement', series: on('pinhole_generations', 'Minimum', { state: 'retired' }), ...once },
      ...{ periods: RETIREMENT_LATE_S / FIVE_S },
      says: 'A retired generation is still there after three hours. `pinhole status` on the node says what it waits for.',
    },
    {
      ...{ id: 'reload', series: on('pinhole_config_reload_failed_total', 'Sum'), ...once },
      says: 'The node did not take its new file, certificate or list, and goes on by the one before. `pinhole reload` on it says why.',
    },
    {
      ...{ id: 'log-lost', series: on('pinhole_log_dropped_total', 'Sum'), ...once },
      says: 'Records are missing: the disk, or whoever reads the log, was too slow.',
    },
    ...ALLOWANCES.map((counter): AlarmSpec => ({
      ...{ id: counter.replaceAll('_', '-'), series: on(allowanceMetric(counter), 'Maximum'), expression: 'DIFF(m)', ...once },
      says: 'EC2 dropped packets of this instance beyond what its type allows. Take a larger type.',
    })),
  ];
  if (stage.certificate !== undefined)
    specs.push({
      ...{
        id: 'certificate',
        series: on('pinhole_certificate_expiry_seconds', 'Minimum'),
        ...each,
        is: 'below',
        threshold: CERTIFICATE_LEAST_S,
      },
      says: 'The certificate that the node shows ends within 14 days. Route 53 does not notice; put a new one into its secret.',
    });
  if (stage.shape === 'slots')
    specs.push({
      ...{
        id: 'address',
        series: on('address_held', 'Minimum'),
        is: 'below',
        threshold: 1,
        periodS: MINUTE_S,
        periods: 10,
        silence: 'fault',
      },
      says: 'No node has the slot’s published address. The instance’s log (pinhole-aws.service) says who holds it.',
    });
  return specs.map((spec) => ({ ...spec, id: `${slot}-${spec.id}` }));
}

/** Of all opens, those that ended by a reason which blames this party. CloudWatch takes ten metrics in one alarm. */
function shareOf(blame: 'upstream' | 'proxy', most: number, slot: string, says: string): AlarmSpec {
  const bad = failedReasonsBlaming(blame);
  const series = [...bad, 'OK' as const].map((reason, index): Series => ({
    as: `r${index}`,
    metric: 'pinhole_opens_total',
    statistic: 'Sum',
    labels: { slot, reason },
  }));
  const failed = bad.map((_, index) => `FILL(r${index},0)`).join('+');
  const all = `(${failed}+FILL(r${bad.length},0))`;
  return {
    ...{ id: `blame-${blame}`, series, expression: `IF(${all} >= ${OPENS_THAT_COUNT}, (${failed})/${all}, 0)` },
    ...{ is: 'above', threshold: most, periodS: FIVE_S, periods: 2, silence: 'fine', says },
  };
}
