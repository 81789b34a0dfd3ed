// Latencies as a histogram that adds up: every power of two has 32 buckets, so a value is right within 3 %.
// No dependency: k6 runs this file too.

/** Bucket, count, bucket, count ... in rising order of buckets: what JSON carries. */
export type SparseHistogram = readonly number[];
