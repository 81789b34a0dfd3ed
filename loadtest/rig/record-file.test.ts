// What becomes of a record where the disk takes it, and where it does not.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import type { RunRecord } from '../run-record.ts';
import { madeRun } from '../testing/made-run.ts';
import { keepRecord, RECORD_FILE } from './record-file.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-record-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const read = (folder: string): RunRecord => JSON.parse(readFileSync(join(folder, RECORD_FILE), 'utf8')) as RunRecord;

test('it is written whole into the folder that was wanted, made where it is not there', (t) => {
  const folder = join(folderOf(t), 'a', 'b');
  const record = madeRun();
  const kept = keepRecord(record, [folder, '/nowhere']);
  assert.deepEqual({ folder: kept.folder, troubles: kept.troubles }, { folder, troubles: [] });
  assert.deepEqual(read(folder), JSON.parse(JSON.stringify(record)));
});

test('a folder that cannot be gives way to the next, and that is said', (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'file'), '');
  const kept = keepRecord(madeRun(), [join(folder, 'file', 'x'), join(folder, 'next')]);
  assert.equal(kept.folder, join(folder, 'next'));
  assert.match(kept.troubles.join(), /could not be written to .*file\/x \(ENOTDIR\)/);
});

const canMount = process.getuid?.() === 0 || process.env['PINHOLE_NO_SKIPS'] === '1';
test(
  'a full disk keeps what fits, marked, and never half a file',
  { skip: canMount ? false : 'a small file system is mounted for it' },
  (t) => {
    const folder = folderOf(t);
    const record = madeRun();
    const bytes = Buffer.byteLength(JSON.stringify(record));
    for (const [share, words] of [
      [0.9, /kept without its latencies/],
      [0.02, /kept without its seconds|one second in ten/],
    ] as const) {
      const small = join(folder, `small-${share}`);
      mkdirSync(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil((bytes * share) / 4_096) * 4}k`, 'none', small]);
      try {
        const kept = keepRecord(record, [small]);
        assert.match(kept.troubles.join(), /ENOSPC/);
        assert.match(read(small).troubles.join(), words);
        assert.ok(kept.record.seconds === record.seconds, 'the verdict is of every second, also of those that found no room');
      } finally {
        execFileSync('umount', [small]);
      }
    }
  },
);

test('where no folder takes anything, that is said, and the record is there for its verdict', (t) => {
  const file = join(folderOf(t), 'file');
  writeFileSync(file, '');
  const record = madeRun();
  const kept = keepRecord(record, [join(file, 'x'), join(file, 'y')]);
  assert.equal(kept.folder, join(file, 'x'));
  assert.ok(kept.record.seconds === record.seconds);
  assert.match(kept.troubles.join('\n'), /could not be written to .*file\/x \(ENOTDIR\)\n.*file\/y.*\nno record of the run was kept/);
});
