// The rules as Prometheus' own tool reads them, and each alert in the worlds of testing/cases.ts.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sayNotRun } from '../../../healthcheck/testing/not-run.ts';
import { renderRules } from '../rules.ts';
import { CASES, type World } from '../testing/cases.ts';
import { findPrometheus, promtool } from '../testing/prometheus.ts';

const missing = await findPrometheus();
if (missing === null) tests();
else sayNotRun('alert rules at promtool', missing);

function tests(): void {
  test('promtool reads the rules, and every alert fires where it should and nowhere beside', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'pinhole-rules-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const rules = write('rules.yaml', renderRules());
    const checked = await promtool(['check', 'rules', rules]);
    assert.ok(checked.ok, checked.text);
    assert.doesNotMatch(checked.text, /FAILED|duplicate|warn/i);

    const judged = await promtool(['test', 'rules', write('worlds.yaml', JSON.stringify(unitTests()))]);
    assert.ok(judged.ok, judged.text);
  });
}

/**
 * Every world at once, each a job of its own, since a run costs promtool more than a rule. Only the alert that looks for nothing at all has a run to
 * itself. In JSON, which is YAML too.
 */
function unitTests(): object {
  const { PinholeNotScraped: nothing, ...others } = CASES;
  assert.ok(nothing);
  const named = Object.entries(others);
  const worlds = named.flatMap(([name, { fires, quiet }]) => [...seriesOf(fires, `${name}-fires`), ...seriesOf(quiet, `${name}-quiet`)]);
  const looks = named.map(([name, { atM }]) =>
    look(`count by (job) (${firing(name)})`, atM, [{ labels: `{job="pinhole-${name}-fires"}`, value: 1 }]),
  );
  const blind = (atM: number, wanted: readonly object[]) => look(firing('PinholeNotScraped'), atM, wanted);
  const labels = 'ALERTS{alertname="PinholeNotScraped",alertstate="firing",severity="page"}';
  return {
    ...{ rule_files: ['rules.yaml'], evaluation_interval: '1m' },
    tests: [
      { interval: '1m', input_series: worlds, promql_expr_test: looks },
      { interval: '1m', input_series: seriesOf(nothing.fires, 'fires'), promql_expr_test: [blind(nothing.atM, [{ labels, value: 1 }])] },
      { interval: '1m', input_series: seriesOf(nothing.quiet, 'quiet'), promql_expr_test: [blind(nothing.atM, [])] },
    ],
  };
}

function firing(name: string): string {
  const where = name === 'PinholeNotScraped' ? '' : `,job=~"other|pinhole-${name}-.*"`;
  return `ALERTS{alertname="${name}",alertstate="firing"${where}}`;
}

function look(expr: string, atM: number, wanted: readonly object[]): object {
  return { expr, eval_time: `${atM}m`, exp_samples: wanted };
}

function seriesOf(world: World, job: string): object[] {
  return Object.entries(world).map(([series, values]) => ({ series: series.replace('job="pinhole"', `job="pinhole-${job}"`), values }));
}
