import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setAside } from './set-aside.ts';

const NAMES = ['report.json', 'report.html'] as const;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-aside-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a folder without a report is left as it is, and so is one that is not there', (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'notes.txt'), '');
  assert.equal(setAside(folder, NAMES), null);
  assert.equal(setAside(join(folder, 'none'), NAMES), null);
  assert.deepEqual(readdirSync(folder), ['notes.txt']);
});

test('an earlier report is kept under the time of its own, and nothing else is moved', (t) => {
  const folder = folderOf(t);
  for (const name of ['notes.txt', ...NAMES]) writeFileSync(join(folder, name), name);
  utimesSync(join(folder, 'report.json'), 0, 1_800_000_000);
  const aside = join(folder, 'earlier-2027-01-15T08-00-00-000Z');
  assert.deepEqual(setAside(folder, NAMES), { words: `an earlier report was in ${folder}: it is in ${aside} now`, isFree: true });
  assert.deepEqual(readdirSync(folder).toSorted(), ['earlier-2027-01-15T08-00-00-000Z', 'notes.txt']);
  for (const name of NAMES) assert.equal(readFileSync(join(aside, name), 'utf8'), name);
});

test('one that cannot be moved is said to be there still, and its folder is not free', (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'report.json'), '');
  utimesSync(join(folder, 'report.json'), 0, 1_800_000_000);
  // A file in the place of the folder that it would go into.
  writeFileSync(join(folder, 'earlier-2027-01-15T08-00-00-000Z'), '');
  const kept = setAside(folder, NAMES);
  assert.equal(kept?.isFree, false);
  assert.match(kept.words, /could not be set aside \(EEXIST\): this one is elsewhere/);
  assert.ok(existsSync(join(folder, 'report.json')));
});
