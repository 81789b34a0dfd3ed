// Rules and dashboard against the tables that they are made from, and every alert against its paragraph of the runbooks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REASONS, type ReasonCode } from '../../proxy/core/fault.ts';
import { type MetricName, METRICS } from '../../proxy/core/metrics.ts';
import { rowsWith } from '../../proxy/test/support/markdown.ts';
import { name } from '../../proxy/test/support/pages.ts';
import { readText } from '../../proxy/test/support/tree.ts';
import { ALERTS, RECORDINGS, runbookOf } from './alerts.ts';
import { renderDashboard } from './dashboard.ts';
import { FAILED_REASONS } from './levels.ts';
import { renderRules } from './rules.ts';
import { CASES } from './testing/cases.ts';

const EXPRESSIONS = [...ALERTS, ...RECORDINGS].map(({ expr }) => expr);

for (const [file, text] of [
  ['deploy/monitoring/pinhole.rules.yaml', renderRules()],
  ['deploy/monitoring/pinhole.dashboard.json', renderDashboard()],
] as const)
  test(`${file} is as the code makes it (else run scripts/monitoring.ts)`, () => assert.equal(readText(file), text));

/** `### Heading`, and what stands under it until the next one. */
function paragraphs(page: string): Map<string, string> {
  const section = page.slice(page.indexOf('\n## Each alert\n'));
  return new Map([...section.matchAll(/^### (\w+)\n\n((?:(?!#{2,3} ).*\n)+)/gm)].map(([, title = '', text = '']) => [title, text.trim()]));
}

test('every alert has its paragraph in the runbooks, and none there is of an alert that is not', () => {
  const written = paragraphs(readText('docs/runbooks.md'));
  assert.deepEqual(
    [...written.keys()],
    ALERTS.map((alert) => alert.name),
  );
  for (const [title, text] of written) assert.ok(text.length > 100, `${title} says too little`);
});

test('promtool tries each of them', () => {
  assert.deepEqual(
    Object.keys(CASES),
    ALERTS.map((alert) => alert.name),
  );
});

test('the anchor in an annotation is the one that GitHub gives the heading', () => {
  const rules = renderRules();
  for (const alert of ALERTS) assert.ok(rules.includes(`runbook: docs/runbooks.md#${alert.name.toLowerCase()}\n`), runbookOf(alert));
});

test('every alert has one row in docs/slos.md, with its severity', () => {
  const rows = rowsWith(readText('docs/slos.md'), 'alert', 'when', 'why there', 'wakes', '[deployed](deploy.md) as');
  assert.deepEqual(
    rows.map(name),
    ALERTS.map((alert) => alert.name),
  );
  for (const [index, row] of rows.entries()) assert.equal(row[3], ALERTS[index]?.severity === 'page' ? 'yes' : 'no', name(row));
});

test('an expression has no metric that is not in the table, and no label that the metric has not', () => {
  const ofHistograms = Object.entries(METRICS).flatMap(([metric, { kind }]) =>
    kind === 'histogram' ? [`${metric}_bucket`, `${metric}_count`] : [],
  );
  for (const expr of EXPRESSIONS)
    for (const [, metric = '', selector = ''] of expr.matchAll(/\b(pinhole_\w+)(?:\{([^}]*)\})?/g)) {
      const base = (ofHistograms.includes(metric) ? metric.replace(/_(bucket|count)$/, '') : metric) as MetricName;
      assert.ok(base in METRICS, metric);
      const labels: readonly string[] = METRICS[base].labels;
      for (const [, label = ''] of selector.matchAll(/(\w+)=~?"/g)) assert.ok(labels.includes(label), `${metric}: ${label}`);
    }
});

test('every metric that docs/metrics.md calls worth an alarm has an alert', () => {
  const rows = rowsWith(readText('docs/metrics.md'), 'metric', 'type', 'labels', 'what it says', 'worth an alarm');
  const worth = rows.filter((row) => !(row[4] ?? '').startsWith('–')).map(name);
  const silent = worth.filter((metric) => !EXPRESSIONS.some((expr) => expr.includes(metric)));
  assert.deepEqual(silent, []);
});

test('what counts as failed is what blames us or what is behind us, save a drain', () => {
  for (const code of Object.keys(REASONS) as ReasonCode[]) {
    const isOurs = ['upstream', 'proxy'].includes(REASONS[code].blame) && code !== 'DRAINING';
    assert.equal(FAILED_REASONS.includes(code), isOurs, code);
  }
});

test('a summary names only labels that its series still has', () => {
  for (const { name: title, expr, summary } of ALERTS) {
    const asked = [...summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? '');
    const [, by] = /^\w+ by \(([^)]*)\)/.exec(expr) ?? [];
    if (by !== undefined) for (const label of asked) assert.ok(by.includes(label), `${title}: ${label}`);
  }
});

test('the dashboard has a graph for every metric, each at its own place, and asks for the nodes that are chosen', () => {
  const { panels } = JSON.parse(renderDashboard()) as {
    panels: { id: number; description: string; gridPos: { x: number; y: number }; targets: { expr: string }[] }[];
  };
  assert.deepEqual(
    panels.map(({ description }) => description),
    Object.keys(METRICS),
  );
  assert.equal(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size, panels.length);
  for (const { description, targets } of panels)
    for (const { expr } of targets) assert.match(expr, new RegExp(`${description}(_bucket)?\\{job=~"\\$job",instance=~"\\$instance"`));
});
