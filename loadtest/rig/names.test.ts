// The hosts file of a run, as text and as the machine sees it.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Names, renderHosts } from './names.ts';

test('every address of a name has a line, and one that was taken out has none', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-names-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const names = new Names(folder);
  names.set('fleet.pinhole.test', ['127.0.0.11', '127.0.0.12']);
  names.set('other.test', ['127.0.0.101']);
  assert.equal(
    readFileSync(join(folder, 'hosts'), 'utf8'),
    '127.0.0.1 localhost\n127.0.0.11 fleet.pinhole.test\n127.0.0.12 fleet.pinhole.test\n127.0.0.101 other.test\n',
  );
  names.set('fleet.pinhole.test', ['127.0.0.12']);
  assert.doesNotMatch(readFileSync(join(folder, 'hosts'), 'utf8'), /127\.0\.0\.11/);
});

test('a name without an address leads nowhere', () => assert.equal(renderHosts(new Map([['a.test', []]])), '127.0.0.1 localhost\n'));
