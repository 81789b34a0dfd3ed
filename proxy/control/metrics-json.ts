// Metrics as plain objects: what carriers hand over, and what is kept of the dead.

import type { MetricObjectWithValues, MetricValueWithName, Registry } from '@prometheus-io/client';

export type MetricJson = MetricObjectWithValues<MetricValueWithName<string>>;

/** What adds up for ever; a gauge of a carrier that is gone says nothing any more. */
export function countersOf(metrics: readonly MetricJson[]): MetricJson[] {
  return metrics.filter(({ type }) => type === 'counter' || type === 'histogram');
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
