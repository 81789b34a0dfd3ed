import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MACHINE } from '../config/test-support.ts';
import { commandClock } from '../core/clock.ts';
import { supervisorSocket } from '../core/runtime-files.ts';
import { findNode } from './find-node.ts';

test('a node that takes its time to answer is found', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'find-node-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const server = createServer((socket) => void setTimeout(() => socket.end(JSON.stringify({ slots: [] })), 1_500));
  await new Promise<void>((resolve) => server.listen(supervisorSocket(folder), resolve));
  t.after(() => server.close());
  const said: string[] = [];
  const io = {
    ...{ stdout: () => {}, stderr: (text: string) => void said.push(text), env: {}, clock: commandClock, machine: MACHINE },
    readFile: (path: string) => assert.fail(path),
  };
  assert.equal(await findNode({ runtime: folder }, 'status', io), folder, said.join(''));
});
