import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { madeRun } from '../testing/made-run.ts';
import type { Summary } from './summary.ts';
import { writeReport } from './write.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinhole-report-'));
after(() => rmSync(folder, { recursive: true }));
const opens = { figure: 'openSuccess', is: 'at least', value: 0.999, why: 'agents come in' } as const;
const run = madeRun({
  tunnels: 50_000,
  nodes: 6,
  rampSeconds: 120,
  holdSeconds: 600,
  kill: { after: 200, backPerSecond: 450 },
  scenario: { thresholds: [opens] },
});

describe('a report', () => {
  const written = writeReport(run, join(folder, 'deep', 'down'));
  const json = join(folder, 'deep', 'down', 'report.json');

  test('is two files in a folder that is made for it, and nothing else', () => {
    assert.equal(written.unwritten, null);
    assert.deepEqual(readdirSync(join(folder, 'deep', 'down')).toSorted(), ['report.html', 'report.json']);
  });

  test('says on the terminal what came of it, and where it is', () => {
    assert.equal(written.verdict, 'pass');
    assert.equal(written.lines[0], 'Pass');
    assert.match(
      written.lines.join('\n'),
      /held {4}Opens that succeeded, outside of faults and within the knee: 100 % \(wanted at least 99\.9 %\)/,
    );
    assert.match(written.lines.at(-1) ?? '', /deep\/down\/report\.html/);
  });

  test('of ten minutes with 50,000 tunnels is small enough to be committed', () => assert.ok(statSync(json).size < 300_000));

  test('has all of the summary in its JSON, and nothing that JSON loses', () => {
    const summary = JSON.parse(readFileSync(json, 'utf8')) as Summary;
    assert.equal(summary.report, 'pinhole loadtest');
    assert.equal(summary.isSynthetic, true);
    assert.equal(summary.recoveries[0]?.lost, 8_333);
    assert.equal(summary.percentiles[0]?.phase, 'all');
    assert.doesNotMatch(readFileSync(json, 'utf8'), /Infinity|NaN/);
  });
});

test('a folder that is a file is an error in words, and the verdict stands', () => {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  const { verdict, unwritten, lines } = writeReport(run, path);
  assert.equal(verdict, 'pass');
  assert.match(unwritten ?? '', /could not be made \(EEXIST\)/);
  assert.ok(lines.includes(unwritten ?? '-'));
});

const noFullDevice = existsSync('/dev/full') || process.env['PINHOLE_NO_SKIPS'] === '1' ? false : 'there is no /dev/full';
test('a full disk is an error in words, keeps the verdict, and leaves no half of a file', { skip: noFullDevice }, () => {
  // /dev/full takes no byte: the file beside the report's place leads to it.
  const place = join(folder, 'full');
  writeReport(run, place);
  rmSync(join(place, 'report.json'));
  symlinkSync('/dev/full', join(place, 'report.json.part'));
  const { verdict, unwritten } = writeReport(run, place);
  assert.equal(verdict, 'pass');
  assert.match(unwritten ?? '', /report\.json could not be written \(ENOSPC\): free some room/);
  assert.deepEqual(readdirSync(place), ['report.html']);
});
