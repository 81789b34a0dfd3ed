// A straight line through measured points, or through two levels of them, and how sure its slope is.

export interface Fit {
  readonly slope: number;
  readonly intercept: number;
  /** 95 % confidence of the slope. */
  readonly low: number;
  readonly high: number;
  readonly points: number;
}

export type Point = readonly [x: number, y: number];

/** Of a normal distribution, both sides: with fewer points than these the true factor would be larger by a tenth or more. */
const Z_95 = 1.96;
const POINTS_LEAST = 12;

/**
 * Ordinary least squares over points in the order in which they were measured. Null where there are fewer than 12 or all have one x.
 * What a second shows is much what the second before it showed, so the confidence counts only as many points as are independent:
 * n (1 - r) / (1 + r), where r is the correlation of neighbouring residuals.
 */
export function fitLine(points: readonly Point[]): Fit | null {
  const n = points.length;
  if (n < POINTS_LEAST) return null;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const spread = sum(points.map(([x]) => (x - meanX) ** 2));
  if (!(spread > 0)) return null;

  const slope = sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const intercept = meanY - slope * meanX;
  const residuals = points.map(([x, y]) => y - intercept - slope * x);
  const squares = sum(residuals.map((residual) => residual ** 2));
  const independent = Math.max(3, n * shareIndependent(residuals, squares));
  const error = Math.sqrt(squares / n / ((spread / n) * (independent - 2)));
  return { slope, intercept, low: slope - Z_95 * error, high: slope + Z_95 * error, points: n };
}

/** Fewer say nothing of how far apart they are. */
const PAIRS_LEAST = 3;

/**
 * The line from one level of a sum to another, `apart` along x: its parts were read at both, and each has its share of what lies between, so that
 * their differences say how sure it is (Student's t). Null where there are fewer than three parts, or not the same ones.
 */
export function fitLevels(
  lower: readonly number[],
  upper: readonly number[],
  apart: number,
): Pick<Fit, 'slope' | 'low' | 'high' | 'points'> | null {
  const n = upper.length;
  if (n < PAIRS_LEAST || lower.length !== n || !(apart > 0)) return null;
  const differences = upper.map((value, index) => value - (lower[index] ?? 0));
  const middle = mean(differences);
  const deviation = Math.sqrt(sum(differences.map((difference) => (difference - middle) ** 2)) / (n - 1));
  const slope = sum(differences) / apart;
  const error = (studentT(n - 1) * deviation * Math.sqrt(n)) / apart;
  return { slope, low: slope - error, high: slope + error, points: n };
}

/** 97.5 % of Student's t, by degrees of freedom. */
const STUDENT_T = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23] as const;

function studentT(degrees: number): number {
  return STUDENT_T[degrees - 1] ?? Z_95;
}

function shareIndependent(residuals: readonly number[], squares: number): number {
  if (!(squares > 0)) return 1;
  const neighbours = sum(residuals.slice(1).map((residual, index) => residual * (residuals[index] ?? 0)));
  const r = Math.min(0.99, Math.max(0, neighbours / squares));
  return (1 - r) / (1 + r);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
