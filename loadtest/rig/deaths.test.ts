// What a node writes of a carrier, or control, that died, and what of it a run takes.

import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownFolder } from '../testing/folder.ts';
import { deaths } from './deaths.ts';

const line = (fields: object): string => `${JSON.stringify({ time: '2026-01-02T03:04:05.678Z', level: 'error', ...fields })}\n`;

test('each death is told with its time, how it came and what it took along; nothing else of the log is', async (context) => {
  const file = join(ownFolder(context), 'pinhole.log');
  writeFileSync(file, line({ event: 'carrier-ready', carrier: 1 }));
  appendFileSync(file, line({ event: 'carrier-died', carrier: 1, code: null, signal: 'SIGKILL', cause: null, tunnels: 37 }));
  appendFileSync(file, line({ event: 'carrier-ended', carrier: 0 }));
  appendFileSync(file, line({ event: 'carrier-died', carrier: 0, code: 70, signal: null, cause: 'hang', tunnels: null }));
  appendFileSync(file, line({ event: 'control-died', code: null, signal: 'SIGKILL', cause: null }));
  appendFileSync(file, line({ event: 'carrier-died', carrier: 2 }).slice(0, -20));
  const atMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  assert.deepEqual(await deaths(file), [
    { atMs, words: 'carrier 1 died (SIGKILL)', tunnels: 37 },
    { atMs, words: 'carrier 0 died (exit code 70, hang)', tunnels: null },
    { atMs, words: 'control died (SIGKILL)', tunnels: null },
  ]);
});

test('a node that never wrote a log has none', async (context) => {
  assert.deepEqual(await deaths(join(ownFolder(context), 'none.log')), []);
});
