// What operators read is held equal, both ways, to the tables that the code works by.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FaultCode, type ReasonCode, REASONS } from '../core/fault.ts';
import { LATCH_NAMES, LATCHES } from '../control/latches.ts';
import { VERDICT_STALE_MS } from '../control/verdict.ts';
import { CONNECTIONS_PER_SECOND } from '../control/carrier-rest.ts';
import {
  DESCRIPTORS_SHED,
  SHED_ANSWER_CLEAR_S,
  SHED_ANSWER_S,
  SHED_LOOP_CLEAR_S,
  SHED_LOOP_S,
  SHED_MEMORY_SHARE,
  SHED_PORTS_SHARE,
  SHED_SHARE_MAX,
} from '../core/limits.ts';
import { STAY_REASONS } from '../core/move.ts';
import { type MetricName, METRICS, STAGES } from '../core/metrics.ts';
import * as runtimeFiles from '../core/runtime-files.ts';
import { SHED_CAUSES } from '../core/ports.ts';
import { CLOSE_FIELDS, ENDINGS, PHASES, RECORD_FIELDS, SUMMARY_FIELDS } from '../core/record.ts';
import { DOORS, ENDPOINT_KINDS } from '../core/settings.ts';
import { BEAT_MS, CHILD_STATES, GENERATION_STATES, REST_MS } from '../core/supervision.ts';
import { SILENT_MS } from '../supervisor/keeper.ts';
import { renderRefusal } from '../wire/reply.ts';
import { codesIn, rowsWith, tableUnder } from './support/markdown.ts';
import { assertSame, assertWords, name, sourcesIn } from './support/pages.ts';
import { readText } from './support/tree.ts';

describe('docs/reasons.md', () => {
  const page = readText('docs/reasons.md');
  const rows = rowsWith(page, 'code', 'answer', 'blame', 'what it means', 'who must do what');
  const codes = Object.keys(REASONS) as ReasonCode[];

  test('has a row for every code, and no other', () => assertSame(rows.map(name), codes, 'docs/reasons.md'));

  test('has them in the order of core/fault.ts', () => assert.deepEqual(rows.map(name), codes));

  for (const row of rows) {
    const [, answer = '', blame = ''] = row;
    test(`${name(row)} has the answer and the blame of the code`, () => {
      const code = name(row) as ReasonCode;
      assert.equal(blame, REASONS[code].blame);
      assert.equal(answer.split(',')[0], String(REASONS[code].answer));
      if (typeof REASONS[code].answer !== 'number' || code === 'OK') return;
      const onGateway = renderRefusal({ code, id: '', gateway: true }).status;
      assert.equal(/on the gateway (\d+)/.exec(answer)?.[1] ?? String(REASONS[code].answer), String(onGateway));
    });
  }

  test('says of every code in a few words what it means and who must do what', () => assertWords(rows));

  test('has no code that no stage gives', () => {
    const code = sourcesIn('proxy/wire/', 'proxy/policy/', 'proxy/tunnel/', 'proxy/gateway/', 'proxy/limits/');
    const given = (reason: string): boolean => new RegExp(`['"\`]${reason}['"\`]`).test(code);
    assert.deepEqual(
      codes.filter((reason) => !given(reason)),
      [],
    );
  });

  test('shows an answer as it is sent', () => {
    const example = /^```text[^\n]*\n(HTTP\/1\.1 [^`]*)```/m.exec(page)?.[1] ?? '';
    const [, code = '', id = ''] = /Pinhole-Reason: (\w+)\nPinhole-Request: (\w+)/.exec(example) ?? [];
    const { bytes } = renderRefusal({ code: code as FaultCode, id });
    assert.equal(example, bytes.toString('latin1').replaceAll('\r\n', '\n'));
  });
});

describe('docs/records.md', () => {
  const page = readText('docs/records.md');
  const rows = rowsWith(page, 'field', 'type', 'on', 'what it says');

  test('has a row for every field, in the order of core/record.ts', () => {
    assertSame(rows.map(name), [...RECORD_FIELDS, ...CLOSE_FIELDS, ...SUMMARY_FIELDS], 'docs/records.md');
    assert.deepEqual(rows.map(name), [...RECORD_FIELDS, ...CLOSE_FIELDS, ...SUMMARY_FIELDS]);
    assertWords(rows);
  });

  test('says on which lines a field is', () => {
    for (const row of rows) {
      const on = row[2] ?? '';
      const expected = (CLOSE_FIELDS as readonly string[]).includes(name(row))
        ? /^close$/
        : (SUMMARY_FIELDS as readonly string[]).includes(name(row))
          ? /^summary$/
          : /^decision, close(, summary)?$|^every line( of a carrier)?$/;
      assert.match(on, expected, name(row));
    }
  });

  for (const [heading, words] of [
    ['ended_by', ENDINGS],
    ['phase_at_end', PHASES],
    ['Tunnels that stay', STAY_REASONS],
  ] as const) {
    test(`${heading} has its words, each once`, () => {
      assertSame(tableUnder(page, heading).map(name), words, `docs/records.md, ${heading},`);
      assertWords(tableUnder(page, heading));
    });
  }

  test('has every other event that the supervisor and the carriers write, with its level', () => {
    const code = sourcesIn('proxy/supervisor/', 'proxy/carrier', 'proxy/control', 'proxy/cli/serve.ts');
    const events = new Map<string, Set<string>>();
    const add = (event: string, level: string): void => void events.set(event, (events.get(event) ?? new Set()).add(level));
    for (const [, levels = '', event = ''] of code.matchAll(/\bwrite\(([^,]+),\s*'([a-z-]+)'/g)) {
      for (const [, level = ''] of levels.matchAll(/'(info|warn|error|debug)'/g)) add(event, level);
    }
    for (const [, level = '', event = ''] of code.matchAll(/\.(info|warn|error|debug)\(\{ event: '([a-z-]+)'/g)) add(event, level);
    events.delete('decision');
    assert.ok(events.size > 10, 'the events were found');
    const documented = tableUnder(page, 'Other events');
    assertSame(documented.map(name), [...events.keys()], 'docs/records.md, "Other events",');
    for (const row of documented) assert.deepEqual(new Set(row[1]?.split(' or ')), events.get(name(row)), name(row));
    assertWords(documented);
  });

  test('shows a line that has every field, and no other', () => {
    const line = JSON.parse(/^```json[^\n]*\n(.*)\n```/m.exec(page)?.[1] ?? '') as object;
    assertSame(
      Object.keys(line).filter((field) => field !== 'level'),
      RECORD_FIELDS,
      'the example of docs/records.md',
    );
  });
});

describe('docs/health.md', () => {
  const page = readText('docs/health.md');
  const seconds = (ms: number): string => `${ms / 1_000} s`;

  test('has every latch with its hold times, in the order of control/latches.ts', () => {
    const rows = rowsWith(page, 'latch', 'not ready when', 'after', 'ready again when', 'after');
    assert.deepEqual(
      rows.map((row) => [name(row), row[2], row[4]]),
      LATCH_NAMES.map((latch) => [latch, seconds(LATCHES[latch].tripsAfterMs), seconds(LATCHES[latch].clearsAfterMs)]),
    );
    assertWords(rows);
  });

  test('has every cause for which new tunnels are refused, with a code of the catalogue', () => {
    const rows = rowsWith(page, 'cause', 'refused when', 'until', 'code');
    assertSame(rows.map(name), SHED_CAUSES, 'docs/health.md, "Overload",');
    for (const row of rows) for (const code of codesIn(row[3] ?? '')) assert.ok(code in REASONS, code);
    const text = rows.flat().join(' ');
    for (const said of [
      `more than ${SHED_LOOP_S} s late`,
      `less than ${SHED_LOOP_CLEAR_S} s late`,
      `more than ${SHED_ANSWER_S} s to answer`,
      `less than ${SHED_ANSWER_CLEAR_S} s`,
      `fewer than ${DESCRIPTORS_SHED}`,
      `less than ${SHED_MEMORY_SHARE * 100} %`,
      `less than ${SHED_PORTS_SHARE * 100} %`,
      `up to ${SHED_SHARE_MAX * 100} %`,
    ]) {
      assert.ok(text.includes(said), said);
    }
  });

  test('says what a rest is, and what it costs', () => {
    const rest = page.slice(page.indexOf('## Rest'), page.indexOf('## Overload'));
    const graceMs = SILENT_MS - BEAT_MS;
    for (const said of [
      `every ${REST_MS / 1_000} s what`,
      `killed after ${(REST_MS + graceMs) / 1_000} s, instead of ${SILENT_MS / 1_000}`,
      `within ${(2 * REST_MS) / 1_000} s`,
      `up to ${REST_MS / 1_000} s later`,
      `within ${(2 * REST_MS + BEAT_MS) / 1_000} s, instead of 2`,
      `${CONNECTIONS_PER_SECOND} connections a second or fewer`,
      `the ${(CONNECTIONS_PER_SECOND * REST_MS) / 1_000 + 1}st`,
    ])
      assert.ok(rest.includes(said), said);
  });

  test('promises a verdict that is as old as it may be', () => assert.match(page, new RegExp(`counts for ${seconds(VERDICT_STALE_MS)}`)));
});

test('docs/runtime-folder.md has every name of the folder', () => {
  const names = [
    runtimeFiles.supervisorSocket,
    runtimeFiles.ordersSocket,
    runtimeFiles.generationFile,
    runtimeFiles.ledgerFile,
    runtimeFiles.retiredMetricsFile,
    runtimeFiles.verdictFile,
    runtimeFiles.probeFile,
    runtimeFiles.drainFile,
    runtimeFiles.controlSocket,
    runtimeFiles.paceSocket,
    runtimeFiles.compiledFolder,
  ].map((name) => name('').slice(1));
  const ofCarriers = [
    runtimeFiles.settingsFile('', 1).slice(1),
    runtimeFiles.carrierSocket('', 1, 2).slice(1),
    runtimeFiles.moveSocket('', 1, 2).slice(1),
    runtimeFiles.metricsFileName({ generation: 1, slot: 2, pid: 3, startedMs: 4 }),
  ];
  const shown = tableUnder(readText('docs/runtime-folder.md'), 'Names').map((row) => name(row).replace(/\/$/, ''));
  const asNumbers = (text: string): string =>
    text
      .replace(/-G-S\b/, '-1-2')
      .replace('-G.', '-1.')
      .replace('-PID-START', '-3-4');
  assertSame(shown.map(asNumbers), [...names, ...ofCarriers], 'docs/runtime-folder.md');
});

describe('docs/metrics.md', () => {
  const page = readText('docs/metrics.md');
  const rows = rowsWith(page, 'metric', 'type', 'labels', 'what it says', 'worth an alarm');
  const metrics = Object.keys(METRICS) as MetricName[];

  test('has a row for every metric, in the order of core/metrics.ts', () => {
    assertSame(rows.map(name), metrics, 'docs/metrics.md');
    assert.deepEqual(rows.map(name), metrics);
    assertWords(rows);
  });

  for (const row of rows) {
    test(`${name(row)} has the type and the labels of the code`, () => {
      const { kind, labels } = METRICS[name(row) as MetricName];
      assert.equal(row[1], kind);
      assert.deepEqual(codesIn(row[2] ?? ''), [...labels]);
    });
  }

  test('every metric of the table is made somewhere', () => {
    const code = sourcesIn('proxy/control/');
    for (const metric of metrics) assert.match(code, new RegExp(`\\b${metric}\\b`), metric);
  });

  const labels = tableUnder(page, 'Label values');
  const valuesOf = (label: string): string[] => codesIn(labels.find((row) => name(row) === label)?.[1] ?? '');

  test('says of every label which values it has', () => {
    const all = new Set(metrics.flatMap((metric) => METRICS[metric].labels as readonly string[]));
    const said = ['version', 'node_version', 'relay'];
    assertSame([...labels.map(name), ...said], [...all], 'docs/metrics.md, "Label values",');
  });

  const control = sourcesIn('proxy/control/');
  for (const [label, values] of [
    ['door', [...DOORS, 'none']],
    ['kind', ENDPOINT_KINDS],
    ['ended_by', ENDINGS],
    ['stage', STAGES],
    ['state', [...new Set([...CHILD_STATES, ...GENERATION_STATES])]],
    ['direction', ['up', 'down']],
    ['resource', [...control.matchAll(/headroom\.labels\('([a-z]+)'\)/g)].map((match) => match[1] ?? '')],
  ] as const) {
    test(`${label} has its values`, () => assertSame(valuesOf(label), values, `docs/metrics.md, ${label},`));
  }
});
