// What /metrics says: the carriers' counters as one, and what only the node as a whole has.

import { X509Certificate } from 'node:crypto';
import { Counter, Gauge, Registry } from '@prometheus-io/client';
import type { ProbeVerdict } from '../../healthcheck/probe/contract.ts';
import type { Clock } from '../core/clock.ts';
import type { MetricName } from '../core/metrics.ts';
import { METRICS } from '../core/metrics.ts';
import { ledgerFile } from '../core/runtime-files.ts';
import type { TlsSettings } from '../core/settings.ts';
import { CHILD_STATES, GENERATION_STATES, type GenerationView } from '../core/supervision.ts';
import { readLedger } from '../limits/ledger-view.ts';
import type { CarrierStatus } from './carrier-api.ts';
import { isDrainOrdered } from './drain-file.ts';
import { memoryHeadroom, portsHeadroom } from './machine-room.ts';
import { merge } from './merge-metrics.ts';
import type { MetricJson } from './metrics-json.ts';
import { toJson } from './metrics-json.ts';
import type { NodeCounters } from './node-counters.ts';

export interface NodeMetricsDeps {
  readonly runtime: string;
  readonly clock: Clock;
  readonly tls: Pick<TlsSettings, 'certificatePem'> | null;
  readonly probe: ProbeVerdict | null;
  readonly isReady: boolean;
  /** Null where one does not answer. */
  readonly carriers: readonly (Pick<CarrierStatus, 'generation' | 'tunnels'> | null)[];
}

/** Everything that is said of the node. */
export async function nodeMetrics(deps: NodeMetricsDeps, counters: NodeCounters): Promise<MetricJson[]> {
  return merge([...counters.groups, await nodeGauges(deps, counters)]);
}

async function nodeGauges(
  { runtime, clock, tls, probe, isReady, carriers: statuses }: NodeMetricsDeps,
  counters: NodeCounters,
): Promise<MetricJson[]> {
  const registry = new Registry();
  const gauge = (name: MetricName): Gauge<string> =>
    new Gauge({ name, help: METRICS[name].help, labelNames: [...METRICS[name].labels], registers: [registry], aggregator: 'min' });

  gauge('pinhole_ready').set(isReady ? 1 : 0);
  gauge('pinhole_draining').set(isDrainOrdered(runtime) ? 1 : 0);
  const { supervisor } = counters;
  if (supervisor) {
    const carriers = gauge('pinhole_carriers');
    for (const state of CHILD_STATES) carriers.labels(state).set(supervisor.slots.filter((slot) => slot.state === state).length);
    const generations = gauge('pinhole_generations');
    for (const state of GENERATION_STATES)
      generations.labels(state).set(supervisor.generations.filter((generation) => generation.state === state).length);
    gauge('pinhole_retired_tunnels').set(retiredTunnels(supervisor.generations, statuses));
    const name = 'pinhole_config_reload_failed_total';
    new Counter({ name, help: METRICS[name].help, registers: [registry] }).inc(supervisor.configuration.failed);
  }
  if (tls) gauge('pinhole_certificate_expiry_seconds').set(secondsLeft(tls.certificatePem, clock.wallMs()));

  const success = gauge('pinhole_probe_success');
  // Not there while nothing can be said: an endpoint that was never reached is another thing than one whose answer is unknown.
  for (const { name, ok } of probe?.endpoints ?? []) if (ok !== null) success.labels(name).set(ok ? 1 : 0);

  const headroom = gauge('pinhole_headroom_ratio');
  headroom.labels('ports').set(portsHeadroom(counters.upstreams));
  const memory = memoryHeadroom();
  if (memory !== null) headroom.labels('memory').set(memory);
  if (supervisor) {
    const { tunnels } = readLedger(ledgerFile(runtime), clock.nowMs());
    headroom.labels('tunnels').set(Math.max(0, 1 - tunnels / Math.max(1, supervisor.capacity.tunnels)));
  }
  return toJson(registry);
}

function retiredTunnels(generations: readonly GenerationView[], carriers: NodeMetricsDeps['carriers']): number {
  const retired = new Set(generations.filter(({ state }) => state === 'retired').map(({ generation }) => generation));
  return carriers.reduce((sum, carrier) => sum + (carrier !== null && retired.has(carrier.generation) ? carrier.tunnels : 0), 0);
}

/** Of the first certificate of the file, which is ours; negative once it has expired. */
function secondsLeft(pem: string, wallMs: number): number {
  return Math.round((new X509Certificate(pem).validToDate.getTime() - wallMs) / 1_000);
}
