// The shared limits under real concurrency: several processes that open at the same time, without a lock.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLedger, readRows } from '../limits/ledger-file.ts';

const OPENER = fileURLToPath(new URL('support/ledger-opener.ts', import.meta.url));
const CARRIERS = 3;
const CAP = 20_000;

test('a cap is exact to one open per carrier, whatever they do at the same time', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ledger');
  createLedger(file, CARRIERS);

  const openers = Array.from({ length: CARRIERS }, (_, row) => {
    const child = spawn(process.execPath, [OPENER, file, String(row), String(CAP)], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    const isOpen = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const opened = new Promise<number>((resolve) => child.once('close', () => resolve(Number(text.split('\n')[1]))));
    return { child, isOpen, opened };
  });
  await Promise.all(openers.map(({ isOpen }) => isOpen));
  for (const { child } of openers) child.stdin.write('go\n');
  const opened = await Promise.all(openers.map((opener) => opener.opened));

  const sum = opened.reduce((total, count) => total + count, 0);
  assert.ok(sum >= CAP && sum <= CAP + CARRIERS - 1, `${sum} opened: ${opened.join(' + ')}`);
  assert.deepEqual(
    readRows(file).map(({ tunnels }) => tunnels),
    opened,
  );
});
