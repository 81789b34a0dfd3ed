import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { METRICS } from '../core/metrics.ts';
import { chooseFormat, contentType, type Format, renderMetricsText } from './exposition.ts';
import type { MetricJson } from './metrics-json.ts';

describe('the Accept header chooses the form', () => {
  const OPENMETRICS = 'application/openmetrics-text';
  const rows: readonly (readonly [what: string, accept: string, format: Format])[] = [
    ['none', '', 'text'],
    ['of curl', '*/*', 'text'],
    ['of a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
    [
      'of Prometheus 2.42',
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    ['of Prometheus without OpenMetrics', 'text/plain;version=0.0.4;q=1,*/*;q=0.1', 'text'],
    [
      'of Prometheus 3',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    ['OpenMetrics without a version', OPENMETRICS, 'openmetrics'],
    ['OpenMetrics of another version', `${OPENMETRICS}; version=0.0.1`, 'text'],
    ['OpenMetrics liked less', `${OPENMETRICS}; q=0.2, text/plain; q=0.9`, 'text'],
    ['OpenMetrics refused', `${OPENMETRICS}; q=0, */*`, 'text'],
    ['the text refused', `text/plain; q=0, ${OPENMETRICS}; q=0.1`, 'openmetrics'],
    ['both refused', `text/plain; q=0, ${OPENMETRICS}; q=0`, 'text'],
    ['neither of them', 'image/png', 'text'],
    ['both alike', `${OPENMETRICS}, text/plain`, 'text'],
    ['OpenMetrics by name, the rest by any', `${OPENMETRICS}; version=1.0.0, */*`, 'openmetrics'],
    ['any application before any text', 'text/*; q=0.3, application/*; q=0.4', 'openmetrics'],
    ['in capitals and with blanks', ' APPLICATION/OpenMetrics-Text ; Version=1.0.0 ; Q=1.0 ', 'openmetrics'],
    ['a weight that is none', `${OPENMETRICS}; q=high, text/plain; q=0.1`, 'text'],
    ['a weight above all', `${OPENMETRICS}; q=1.5, text/plain; q=0.1`, 'text'],
    ['commas and semicolons alone', ',;,;q=1,', 'text'],
  ];
  for (const [what, accept, format] of rows) test(what, () => assert.equal(chooseFormat(accept), format));
});

test('the answer names its form and version', () => {
  assert.equal(contentType('text'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(contentType('openmetrics'), 'application/openmetrics-text; version=1.0.0; charset=utf-8');
});

const COUNTER = {
  ...{ name: 'pinhole_bytes_total', help: 'Bytes relayed', type: 'counter', aggregator: 'sum' },
  values: [{ labels: { direction: 'up' }, value: 12 }],
} as unknown as MetricJson;

/** As the library merges them: all buckets first. */
const HISTOGRAM = {
  ...{ name: 'pinhole_open_seconds', help: 'Time', type: 'histogram', aggregator: 'sum' },
  values: [
    { metricName: 'pinhole_open_seconds_bucket', labels: { stage: 'head', le: 0.5 }, value: 1 },
    { metricName: 'pinhole_open_seconds_bucket', labels: { stage: 'dial', le: 1 }, value: 2 },
    { metricName: 'pinhole_open_seconds_bucket', labels: { stage: 'head', le: '+Inf' }, value: 1 },
    { metricName: 'pinhole_open_seconds_count', labels: { stage: 'head' }, value: 1 },
    { metricName: 'pinhole_open_seconds_count', labels: { stage: 'dial' }, value: 2 },
  ],
} as unknown as MetricJson;

test('the plain text has a counter by its whole name, and no unit', () => {
  assert.equal(
    renderMetricsText([COUNTER], 'text'),
    '# HELP pinhole_bytes_total Bytes relayed\n# TYPE pinhole_bytes_total counter\npinhole_bytes_total{direction="up"} 12\n',
  );
});

test('OpenMetrics has its family without _total, its unit, and an end', () => {
  assert.equal(
    renderMetricsText([COUNTER], 'openmetrics'),
    '# HELP pinhole_bytes Bytes relayed\n# TYPE pinhole_bytes counter\n# UNIT pinhole_bytes bytes\npinhole_bytes_total{direction="up"} 12\n# EOF\n',
  );
});

for (const format of ['text', 'openmetrics'] as const)
  test(`${format}: the lines of one histogram are side by side, and a bound is written alike in both forms`, () => {
    const lines = renderMetricsText([HISTOGRAM], format)
      .split('\n')
      .filter((line) => line.startsWith('pinhole'));
    assert.deepEqual(lines, [
      'pinhole_open_seconds_bucket{stage="head",le="0.5"} 1',
      'pinhole_open_seconds_bucket{stage="head",le="+Inf"} 1',
      'pinhole_open_seconds_count{stage="head"} 1',
      'pinhole_open_seconds_bucket{stage="dial",le="1.0"} 2',
      'pinhole_open_seconds_count{stage="dial"} 2',
    ]);
  });

const WORD = [
  ['pinhole_tunnels', { tenant: 'a"b\\c\nd' }, 1, 'pinhole_tunnels{tenant="a\\"b\\\\c\\nd"} 1'],
  ['pinhole_tunnels', {}, Infinity, 'pinhole_tunnels +Inf'],
  ['pinhole_tunnels', {}, -Infinity, 'pinhole_tunnels -Inf'],
  ['pinhole_tunnels', {}, NaN, 'pinhole_tunnels NaN'],
  ['pinhole_tunnels', { tenant: '' }, 0.5, 'pinhole_tunnels{tenant=""} 0.5'],
] as const;
for (const [name, labels, value, line] of WORD)
  test(`a sample: ${line}`, () => {
    const metric = { name, help: 'h', type: 'gauge', values: [{ labels, value }] } as unknown as MetricJson;
    assert.ok(renderMetricsText([metric], 'text').includes(`\n${line}\n`));
  });

test('no help text needs an escape, which the two forms spell otherwise', () => {
  for (const { help } of Object.values(METRICS)) assert.doesNotMatch(help, /["\\\n]/);
});
