// Counting on the data path: one addition in an array or a map. The metrics library hashes labels at every sample, which at six samples
// an open would cost more than judging the open does; it gets the sums when somebody looks.

import type { MetricJson } from './metrics-json.ts';

/** Sums by a closed set of label values, since the last time somebody looked. */
export class Tally {
  readonly #sums = new Map<string, { readonly labels: readonly string[]; sum: number }>();

  add(amount: number, a: string, b: string, c: string): void {
    const key = `${a}\n${b}\n${c}`;
    const known = this.#sums.get(key);
    if (known) known.sum += amount;
    else this.#sums.set(key, { labels: [a, b, c], sum: amount });
  }

  /** Gives every sum that is not zero to `take`, and begins again. */
  drain(take: (labels: readonly string[], sum: number) => void): void {
    for (const entry of this.#sums.values()) {
      if (entry.sum !== 0) take(entry.labels, entry.sum);
      entry.sum = 0;
    }
  }
}

/** A histogram with one label whose values are known beforehand. */
export class StageHistogram<Stage extends string> {
  readonly #name: string;
  readonly #help: string;
  readonly #label: string;
  readonly #bounds: readonly number[];
  /** Per value: one count per bound, not cumulated; then those above all bounds; then the sum. */
  readonly #counts: Map<Stage, Float64Array>;

  constructor(metric: { name: string; help: string; label: string; values: readonly Stage[]; bounds: readonly number[] }) {
    this.#name = metric.name;
    this.#help = metric.help;
    this.#label = metric.label;
    this.#bounds = metric.bounds;
    this.#counts = new Map(metric.values.map((value) => [value, new Float64Array(metric.bounds.length + 2)]));
  }

  observe(value: Stage, seconds: number): void {
    const counts = this.#counts.get(value);
    if (!counts) return;
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? Infinity)) bucket += 1;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    const sum = bounds.length + 1;
    counts[sum] = (counts[sum] ?? 0) + seconds;
  }

  /** As the metrics library would give it: cumulated buckets, the sum and the count. */
  toJson(): MetricJson {
    const values: MetricJson['values'] = [];
    for (const [value, counts] of this.#counts) {
      const labels = { [this.#label]: value };
      let count = 0;
      for (let bucket = 0; bucket <= this.#bounds.length; bucket += 1) {
        count += counts[bucket] ?? 0;
        values.push({ metricName: `${this.#name}_bucket`, labels: { ...labels, le: this.#bounds[bucket] ?? '+Inf' }, value: count });
      }
      values.push({ metricName: `${this.#name}_sum`, labels, value: counts[this.#bounds.length + 1] ?? 0 });
      values.push({ metricName: `${this.#name}_count`, labels, value: count });
    }
    return { name: this.#name, help: this.#help, type: 'histogram', values, aggregator: 'sum' } as MetricJson;
  }
}
