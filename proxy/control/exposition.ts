// Metrics as text, in the two forms that a scraper may ask for: Prometheus' own (version 0.0.4) and OpenMetrics 1.0. The metrics library writes
// neither as OpenMetrics wants it: it names no unit, and mixes the lines of one histogram with those of another. Pure.

import type { MetricJson } from './metrics-json.ts';

export type Format = 'text' | 'openmetrics';

/** Media type and version, as Accept and Content-Type spell them. */
const MEDIA = {
  text: { type: 'text/plain', version: '0.0.4' },
  openmetrics: { type: 'application/openmetrics-text', version: '1.0.0' },
} as const satisfies Record<Format, unknown>;

/** OpenMetrics 1.0, "Unit": the last word of the family's name. */
const UNITS = ['seconds', 'bytes', 'ratio'] as const;

export function contentType(format: Format): string {
  const { type, version } = MEDIA[format];
  return `${type}; version=${version}; charset=utf-8`;
}

/**
 * What Accept likes best (RFC 9110 section 12.5.1). Of two that it likes alike, the one that it names; else the plain text, which people read. Who
 * wants neither gets the plain text all the same: an answer is of more use to a scraper than a 406.
 */
export function chooseFormat(accept: string): Format {
  const ranges = accept.split(',').flatMap(readRange);
  const text = bestOf(ranges, 'text');
  const openmetrics = bestOf(ranges, 'openmetrics');
  if (openmetrics.q !== text.q) return openmetrics.q > text.q ? 'openmetrics' : 'text';
  return openmetrics.q > 0 && openmetrics.precision > text.precision ? 'openmetrics' : 'text';
}

interface Range {
  readonly type: string;
  /** Null where it names none. */
  readonly version: string | null;
  readonly q: number;
}

interface Liking {
  readonly q: number;
  /** How exactly it was named: 0 not at all, then by any type, by half of it, by the type, and with its version. */
  readonly precision: number;
}

/** None where the weight is not a number from 0 to 1: who knows what was meant. */
function readRange(text: string): Range[] {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const valueOf = (name: string): string | null => parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  const q = valueOf('q') ?? '1';
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? [{ type, version: valueOf('version'), q: Number(q) }] : [];
}

/** The most exact range decides, whatever the others say. */
function bestOf(ranges: readonly Range[], format: Format): Liking {
  let best: Liking = { q: 0, precision: 0 };
  for (const range of ranges) {
    const precision = precisionOf(range, format);
    if (precision > best.precision) best = { q: range.q, precision };
  }
  return best;
}

function precisionOf({ type, version }: Range, format: Format): number {
  const media = MEDIA[format];
  if (type === media.type) return version === null ? 3 : version === media.version ? 4 : 0;
  if (type === `${media.type.split('/', 1)[0]}/*`) return 2;
  return type === '*/*' ? 1 : 0;
}

export function renderMetricsText(metrics: readonly MetricJson[], format: Format): string {
  const families = metrics.map((metric) => renderFamily(metric, format));
  return `${families.join('')}${format === 'openmetrics' ? '# EOF\n' : ''}`;
}

function renderFamily(metric: MetricJson, format: Format): string {
  const { type } = metric;
  // In OpenMetrics a counter's family has no suffix, and its samples have.
  const family = format === 'openmetrics' && type === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
  const lines = [`# HELP ${family} ${escapeText(metric.help)}`, `# TYPE ${family} ${type}`];
  const unit = UNITS.find((word) => family.endsWith(`_${word}`));
  if (format === 'openmetrics' && unit !== undefined) lines.push(`# UNIT ${family} ${unit}`);
  for (const sample of bySeries(metric)) lines.push(`${sample.metricName ?? metric.name}${labelsOf(sample)} ${numberText(sample.value)}`);
  return `${lines.join('\n')}\n`;
}

type Sample = MetricJson['values'][number];

/** All lines of one histogram side by side, as OpenMetrics wants it; the library has all buckets first. */
function bySeries({ type, values }: MetricJson): readonly Sample[] {
  if (type !== 'histogram') return values;
  const series = new Map<string, Sample[]>();
  for (const sample of values) {
    const { le: _, ...labels } = sample.labels as Readonly<Record<string, string | number>>;
    const key = JSON.stringify(labels);
    const known = series.get(key);
    if (known) known.push(sample);
    else series.set(key, [sample]);
  }
  return [...series.values()].flat();
}

function labelsOf({ labels }: Sample): string {
  const pairs = Object.entries(labels as Readonly<Record<string, string | number>>).map(
    ([name, value]) => `${name}="${escapeText(typeof value === 'number' ? boundText(value) : value)}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** A bound is a label, and a label is compared as text: 1.0 in both forms, so that changing the form begins no other series. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

/** A quote needs no escape in a help text of the plain form, and is better without one there; no help text has one. */
function escapeText(text: string): string {
  return /[\\\n"]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : text;
}
