import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readText, TEXT_BYTES_MAX } from './read-text.ts';

test('a file is its text, whatever its length says', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'text-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const text = 'ä€'.repeat(50_000);
  writeFileSync(join(folder, 'a'), text);
  assert.equal(readText(join(folder, 'a')), text);
  writeFileSync(join(folder, 'b'), '');
  assert.equal(readText(join(folder, 'b')), '');
  assert.match(readText('/proc/self/status'), /^Name:/);
  writeFileSync(join(folder, 'c'), 'x'.repeat(TEXT_BYTES_MAX));
  assert.equal(readText(join(folder, 'c')).length, TEXT_BYTES_MAX);
});

test('one that never ends is too big, and one that is not there says so', () => {
  assert.throws(() => readText('/dev/zero'), { code: 'EFBIG' });
  assert.throws(() => readText('/nonexistent/file'), { code: 'ENOENT' });
  assert.throws(() => readText('/tmp'), { code: 'EISDIR' });
});

test('a pipe is read to its end; one into which nobody writes is empty, and one whose writer is silent is given up', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'text-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const read = (script: string, waitsMax?: number) => {
    const program = `import { readText } from ${JSON.stringify(new URL('read-text.ts', import.meta.url).href)}; try { console.log(readText('${folder}/pipe', ${waitsMax})) } catch (error) { console.log(error.code) }`;
    const words = `mkfifo '${folder}/pipe'; ${script} '${process.execPath}' --input-type=module -e "$1"; rm '${folder}/pipe'`;
    return spawnSync('/bin/sh', ['-c', words, 'sh', program], { encoding: 'utf8', timeout: 20_000 }).stdout.trim();
  };
  assert.equal(read(''), '');
  // The writer has the pipe before the reader begins; the reading end that the shell keeps holds what it wrote, however late the reader comes.
  const late = `exec 3<>'${folder}/pipe' 4<'${folder}/pipe'; (sleep 1; echo late >&3) & exec 3>&-;`;
  assert.equal(read(late), 'late');
  // The shell itself is the writer that says nothing, for as long as the reader has patience.
  assert.equal(read(`exec 3<>'${folder}/pipe';`, 20), 'ETIMEDOUT');
});

test('a command is told of it, and does not fill the memory', () => {
  const entry = new URL('../main.ts', import.meta.url).pathname;
  const { status, stderr } = spawnSync(process.execPath, [entry, 'check', '-c', '/dev/zero'], { encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([status, stderr], [64, '/dev/zero:1:1: cannot read the file (EFBIG: it is too long)\n']);
});
