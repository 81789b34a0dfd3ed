// Metrics as plain objects: what carriers hand over, what is kept of the dead, and how they become one.

import { Registry } from '@prometheus-io/client';
import type { MetricObjectWithValues, MetricValueWithName } from '@prometheus-io/client';

export type MetricJson = MetricObjectWithValues<MetricValueWithName<string>>;

/** What adds up for ever; a gauge of a carrier that is gone says nothing any more. */
export function countersOf(metrics: readonly MetricJson[]): MetricJson[] {
  return metrics.filter(({ type }) => type === 'counter' || type === 'histogram');
}

/** One registry of all: each metric by its own aggregator, sums where it names none. */
export function merge(groups: readonly (readonly MetricJson[])[]): Registry {
  return Registry.aggregate(groups.map((group) => [...group]));
}

export function toJson(registry: Registry): Promise<MetricJson[]> {
  return registry.getMetricsAsJSON();
}

/** Sums of one metric by one of its labels. */
export function sumBy(metrics: readonly MetricJson[], name: string, label: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { value, labels } of metrics.find((metric) => metric.name === name)?.values ?? []) {
    const key = String((labels as Readonly<Record<string, string | number>>)[label] ?? '');
    sums[key] = (sums[key] ?? 0) + value;
  }
  return sums;
}
