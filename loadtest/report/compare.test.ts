import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { RunRecord } from '../run-record.ts';
import { type Made, madeRun } from '../testing/made-run.ts';
import { findScenario } from '../scenarios.ts';
import type { Scenario } from '../scenario.ts';
import { compare } from './compare.ts';
import { compareRuns } from './comparison.ts';
import { summarise } from './summary.ts';
import { writeReport } from './write.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinhole-compare-'));
after(() => rmSync(folder, { recursive: true }));
const made = (change: Made = {}, record: Partial<RunRecord> = {}) => summarise({ ...madeRun(change), ...record });
const one = made({ kibPerTunnel: 2 });

describe('two runs of the same work on the same machine', () => {
  const { obstacles, rows, differences } = compareRuns(one, made({ kibPerTunnel: 3, scenario: { through: 'pinhole', nodes: 3 } }));

  test('are comparable, and have ratios', () => {
    assert.deepEqual([obstacles, differences], [[], []]);
    const memory = rows.find(({ name }) => name === 'Memory of a tunnel');
    assert.ok(memory?.ratio && Math.abs(memory.ratio - 1.5) < 0.05);
  });

  test('have no ratio where one of them is zero', () =>
    assert.equal(rows.find(({ name }) => name === 'Sessions that ended unasked')?.ratio, null));

  test('have their latencies in milliseconds', () => {
    assert.match(rows.find(({ name }) => name === 'round trip, whole run, p99')?.one ?? '', /^\d+\.\d\d ms$/);
  });

  test('may differ in what they go through, and are named by it', () => {
    const through = (name: string, change: Partial<Scenario> = {}) =>
      made({ tunnels: 5_000, scenario: { ...findScenario(name)!, ...change } });
    const [hold, direct, squid] = [through('hold', { tunnels: 5_000 }), through('direct'), through('squid')];
    for (const [left, right] of [
      [hold, direct],
      [hold, squid],
      [direct, squid],
    ] as const) {
      const { obstacles, differences, rows } = compareRuns(left, right);
      assert.deepEqual(obstacles, []);
      assert.ok(differences.includes(`through: ${left.scenario.through} and ${right.scenario.through}`));
      assert.ok(rows.some(({ ratio }) => ratio !== null));
    }
  });
});

describe('two runs are not comparable, and have no ratio,', () => {
  const { honesty } = madeRun();
  for (const [why, other, says] of [
    ['where one is not valid', made({}, { ended: 'interrupted' }), /is not a valid run: It was interrupted/],
    ['where the scenarios differ', made({ scenario: { name: 'soak' } }), /scenarios differ: hold and soak/],
    [
      'where something was done to the nodes of one of them',
      made({ kill: { after: 30, backPerSecond: 400 }, scenario: { name: 'storm', through: 'squid' } }),
      /scenarios differ: hold and storm/,
    ],
    ['where the tunnels differ', made({ tunnels: 9_000 }), /tunnels differ: 6000 and 9000/],
    ['where one is of one machine of three', made({}, { machine: { number: 1, of: 3 } }), /machines that share them differ: 1 and 3/],
    ['where the work differs', made({ scenario: { work: { kind: 'ping', everySeconds: 30 } } }), /work differs/],
    ['where one was of a fleet of others', made({}, { honesty: { ...honesty, isTarget: true } }), /fleet of others: false and true/],
    ['where one has TLS inside', made({}, { honesty: { ...honesty, wire: 'tls' } }), /inside the tunnels differs: plain and tls/],
    [
      'where the machines differ',
      made({}, { honesty: { ...honesty, machine: { ...honesty.machine, cores: 8 } } }),
      /machines differ: .* 2 cores and .* 8 cores/,
    ],
    ['where the far ends differ', made({ scenario: { to: 'sandbox' } }), /far ends differ/],
    ['where one never was', { ...one, isSynthetic: false }, /one is synthetic/],
  ] as const) {
    test(why, () => {
      const { obstacles, rows } = compareRuns(one, other);
      assert.match(obstacles.join('\n'), says);
      assert.ok(rows.every(({ ratio }) => ratio === null));
    });
  }
});

describe('the command', () => {
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  writeReport(madeRun(), a);
  writeReport(madeRun({ tunnels: 9_000 }), b);
  const run = (...args: string[]) => {
    const said = { out: '', err: '' };
    const code = compare(args, { out: (text) => (said.out += text), err: (text) => (said.err += text) });
    return { code, ...said };
  };

  test('takes folders and files, and prints a table', () => {
    const { code, out } = run(a, join(a, 'report.json'));
    assert.equal(code, 0);
    assert.match(out, /^A: hold through pinhole, 2026-01-02 03:04\n/);
    assert.match(out, /Opens that succeeded, outside of faults and within the knee +100 % +100 % +× 1\.00/);
  });

  test('exits with 2 where the two cannot be compared, and says why', () => {
    const { code, out } = run(a, b);
    assert.equal(code, 2);
    assert.match(out, /Not comparable: the numbers of tunnels differ: 6000 and 9000/);
  });

  test('prints JSON', () => assert.equal((JSON.parse(run(a, a, '--json').out) as { obstacles: string[] }).obstacles.length, 0));

  test('writes a page that runs nothing', () => {
    const file = join(folder, 'both.html');
    assert.equal(run(a, b, '--html', file).code, 2);
    assert.match(readFileSync(file, 'utf8'), /script-src &#39;none&#39;/);
  });

  test('takes a report that was written before there was one of the figures', () => {
    const { backAtEnd: _, ...figures } = one.figures;
    const earlier = fileOf('earlier.json', JSON.stringify({ ...one, figures }));
    assert.match(run(a, earlier).out, /Sessions that stood at the end, of those wanted +100 % +– +–/);
  });

  test('lets nothing that a report says move the cursor of a terminal, or turn its words around', () => {
    const named = { ...one, scenario: { ...one.scenario, name: 'hold\u001B[2J\u0007\u202Etoor\u2028' } };
    const { out } = run(a, fileOf('terminal.json', JSON.stringify(named)));
    assert.match(out, /hold \[2J {2}toor {2}through/);
    assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}]/u);
  });

  test('says that a page could not be written', () => assert.equal(run(a, a, '--html', join(folder, 'no', 'where.html')).code, 1));

  for (const [why, args, says] of [
    ['one report', [a], /two reports are wanted, 1 given/],
    ['a flag that is not there', [a, a, '--fast'], /--fast/],
    ['a file that is not there', [a, join(folder, 'c')], /c\/report\.json cannot be read \(ENOENT\)/],
    ['a device, which may never end', [a, fileLike('zero.json')], /zero\.json is no file/],
    ['more than any report has', [a, hugeFile('huge.json')], /huge\.json has 64 MiB, and no report has more than 16/],
    ['a page', [a, fileOf('page.json', '<!doctype html>')], /is no JSON/],
    ['another JSON', [a, fileOf('package.json', '{"name":"x"}')], /no report of a load test/],
    ['another format', [a, fileOf('later.json', JSON.stringify({ ...one, format: 2 }))], /written by another version/],
    ['a report with a hole', [a, fileOf('hole.json', JSON.stringify({ ...one, costs: null }))], /costs: /],
  ] as const) {
    test(`exits with 64 for ${why}`, () => {
      const { code, err } = run(...args);
      assert.equal(code, 64);
      assert.match(err, says);
    });
  }

  test('explains itself', () => assert.match(run('--help').out, /^usage: pinhole loadtest compare A B/));
});

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function fileLike(name: string): string {
  const path = join(folder, name);
  symlinkSync('/dev/zero', path);
  return path;
}

/** All of it a hole. */
function hugeFile(name: string): string {
  const path = fileOf(name, '');
  truncateSync(path, 64 * 1_048_576);
  return path;
}
