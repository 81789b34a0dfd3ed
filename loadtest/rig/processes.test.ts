// Programs that the rig starts, and who hears of them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownFolder } from '../testing/folder.ts';
import { Processes } from './processes.ts';

test('each start is told at once, with all groups that are there', async (context) => {
  const logFile = join(ownFolder(context), 'log');
  const told: (readonly number[])[] = [];
  const processes = new Processes((groups) => told.push(groups));
  context.after(() => processes.stopAll());
  const one = processes.start({ name: 'one', command: ['sleep', '60'], logFile });
  const other = processes.start({ name: 'other', command: ['sleep', '60'], logFile });
  assert.deepEqual(told, [[one.pid], [one.pid, other.pid]]);
  await processes.stop(one);
  const last = processes.start({ name: 'last', command: ['sleep', '60'], logFile });
  assert.deepEqual(told.at(-1), [other.pid, last.pid]);
});
