// Latencies as a report has them.

import { Histogram, type SparseHistogram } from '../shared/histogram.ts';

/** In microseconds, right within 3 %; null where there was nothing to measure. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

export function percentilesOf(parts: readonly SparseHistogram[]): Percentiles {
  const histogram = Histogram.of(parts);
  const at = (share: number): number | null => {
    const value = histogram.quantile(share);
    return value === null ? null : Math.round(value);
  };
  return { count: histogram.count, p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1) };
}
