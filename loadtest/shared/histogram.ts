// Latencies as a histogram that adds up: every power of two has 32 buckets, so a value is right within 3 %.
// No dependency: k6 runs this file too.

/** Bucket, count, bucket, count ... in rising order of buckets: what JSON carries. */
export type SparseHistogram = readonly number[];

const PER_POWER = 32;
/** Whole numbers below this have a bucket each. */
const EXACT_BELOW = 2 * PER_POWER;
/** 2^40 microseconds are 12 days: whatever is beyond was not measured, it was forgotten. */
const VALUE_MAX = 2 ** 40;

/** The bucket of a value; a negative one is a clock that went back, and counts as zero. */
export function bucketOf(value: number): number {
  const whole = Math.min(VALUE_MAX, Math.max(0, Math.floor(value)));
  if (whole < EXACT_BELOW) return whole;
  let power = 6;
  let width = 2;
  // By doubling and not by a logarithm: at a power of two a logarithm may be one off.
  while (whole >= width * EXACT_BELOW) {
    power += 1;
    width *= 2;
  }
  return PER_POWER * (power - 5) + Math.floor(whole / width);
}

/** Its values: from `from` to just below `to`. */
export function boundsOf(bucket: number): { readonly from: number; readonly to: number } {
  if (bucket < EXACT_BELOW) return { from: bucket, to: bucket + 1 };
  const width = 2 ** (Math.floor(bucket / PER_POWER) - 1);
  const from = (PER_POWER + (bucket % PER_POWER)) * width;
  return { from, to: from + width };
}

export class Histogram {
  readonly #counts = new Map<number, number>();
  #total = 0;

  /** Of any number: a soak has one a second. */
  static of(parts: Iterable<SparseHistogram>): Histogram {
    const histogram = new Histogram();
    for (const part of parts) histogram.merge(part);
    return histogram;
  }

  get count(): number {
    return this.#total;
  }

  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#put(bucketOf(value), 1);
  }

  /** What another one has seen, as if it had been seen here. */
  merge(part: SparseHistogram): void {
    for (let at = 0; at + 1 < part.length; at += 2) this.#put(part[at] ?? 0, part[at + 1] ?? 0);
  }

  /** The middle of the bucket below or in which that share of the values lies (0.99 for the 99th percentile); null where there is none. */
  quantile(share: number): number | null {
    const wanted = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (const [bucket, count] of this.#rising()) {
      seen += count;
      if (seen >= wanted) return middleOf(bucket);
    }
    return null;
  }

  sparse(): SparseHistogram {
    return this.#rising().flat();
  }

  clear(): void {
    this.#counts.clear();
    this.#total = 0;
  }

  #put(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#total += count;
  }

  #rising(): (readonly [number, number])[] {
    return [...this.#counts].sort(([one], [other]) => one - other);
  }
}

function middleOf(bucket: number): number {
  const { from, to } = boundsOf(bucket);
  return (from + to - 1) / 2;
}
