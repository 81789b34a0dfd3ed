// The hosts file of a run, as text and as the machine sees it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Names, renderHosts } from './names.ts';

const textOf = (folder: string): string => readFileSync(join(folder, 'hosts'), 'utf8');

test('every address of a name has a line, and one that was taken out has none', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-names-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const names = new Names(folder);
  names.set('fleet.pinhole.test', ['127.0.0.11', '127.0.0.12']);
  names.set('other.test', ['127.0.0.101']);
  assert.equal(
    textOf(folder),
    '127.0.0.1 localhost\n127.0.0.11 fleet.pinhole.test\n127.0.0.12 fleet.pinhole.test\n127.0.0.101 other.test\n',
  );
  names.set('fleet.pinhole.test', ['127.0.0.12']);
  assert.match(textOf(folder), /^#27\.0\.0\.11 fleet\.pinhole\.test\n127\.0\.0\.12 fleet/m);
});

test('who reads it while it is written sees one text or the other, never none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-names-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const names = new Names(folder);
  const all = Array.from({ length: 8 }, (_, index) => `127.0.0.${11 + index}`);
  names.set('fleet.pinhole.test', all);
  // Reads as fast as it can in a process of its own, and says how often there was no name, or half a line.
  const reader = spawn(process.execPath, ['-e', READER, join(folder, 'hosts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  reader.stdout.setEncoding('utf8');
  await once(reader.stdout, 'data');
  for (let turn = 0; turn < 3_000; turn += 1) names.set('fleet.pinhole.test', turn % 2 === 0 ? all.slice(1) : all);
  const said = once(reader.stdout, 'data');
  reader.kill('SIGTERM');
  assert.equal(String(await said), '0\n');
});

const READER = `
const { readFileSync } = require('node:fs');
const good = /^127\\.0\\.0\\.1 localhost\\n([1#]27\\.0\\.0\\.\\d+ fleet\\.pinhole\\.test\\n){8}$/;
let bad = 0;
let isOver = false;
process.on('SIGTERM', () => (isOver = true));
console.log('ready');
(function read() {
  for (let turn = 0; turn < 200; turn += 1) if (!good.test(readFileSync(process.argv[1], 'utf8'))) bad += 1;
  if (isOver) return console.log(bad);
  setImmediate(read);
})();
`;

test('a name without an address leads nowhere', () =>
  assert.equal(renderHosts(new Map([['127.0.0.11 a.test', false]])), '127.0.0.1 localhost\n#27.0.0.11 a.test\n'));
