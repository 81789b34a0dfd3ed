import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { diskStore } from './list-store.ts';

const STORED = { source: 'https://proxy.test/x', etag: '"1"', text: '{"a":"\\u00e9"}\n' };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-store-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('what is stored is read again, from a folder that is made for it', (t) => {
  const file = join(folderFor(t), 'not/there/yet/list.json');
  assert.equal(diskStore(file).read(), null);
  diskStore(file).write(STORED);
  diskStore(file).write({ ...STORED, etag: null });
  assert.deepEqual(diskStore(file).read(), { ...STORED, etag: null });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(file, '..')), ['list.json']);
});

test('a write that fails leaves the file of before', (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'list.json');
  diskStore(file).write(STORED);
  // A folder where the partial file would be: it cannot be opened.
  mkdirSync(`${file}.${process.pid}.partial`);
  writeFileSync(join(`${file}.${process.pid}.partial`, 'x'), '');
  assert.throws(() => diskStore(file).write({ ...STORED, text: 'new' }));
  assert.deepEqual(diskStore(file).read(), STORED);
});

test('a file that was cut off anywhere is no list, and never half of one', (t) => {
  const file = join(folderFor(t), 'list.json');
  diskStore(file).write(STORED);
  const whole = readFileSync(file);
  for (let length = 0; length < whole.length; length += 1) {
    writeFileSync(file, whole.subarray(0, length));
    assert.throws(() => diskStore(file).read(), { code: 'MALFORMED' }, `${length} bytes`);
  }
});

test('another file in its place is no list', (t) => {
  const file = join(folderFor(t), 'list.json');
  for (const text of [
    'null',
    '[]',
    '{"source":"a","text":"b"}',
    '{"source":1,"etag":null,"text":"b"}',
    '{"source":"a","etag":2,"text":"b"}',
  ]) {
    writeFileSync(file, text);
    assert.throws(() => diskStore(file).read(), /is truncated, or another file/);
  }
});
