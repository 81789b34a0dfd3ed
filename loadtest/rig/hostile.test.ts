// Hostile clients as a process, against a port that answers or does not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { HostilePlan } from '../hostile/orders.ts';
import { ownFolder } from '../testing/folder.ts';
import { startHostile } from './hostile.ts';
import { Processes } from './processes.ts';

async function started(context: TestContext, work: HostilePlan['work']): Promise<ReturnType<typeof startHostile>> {
  const server = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 403 TARGET_NOT_ALLOWED\r\n\r\n')).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const processes = new Processes();
  context.after(() => processes.stopAll());
  const plan = { proxies: [{ host: '127.0.0.1', port: address.port }], target: 'iot.test:443', localAddress: '127.0.0.1', work };
  return startHostile(plan, processes, join(ownFolder(context), 'hostile.log'));
}

test('a flood says how its connections fared', { timeout: 20_000 }, async (context) => {
  const { summary } = await started(context, { kind: 'refused', perSecond: 10, seconds: 1 });
  assert.match(await summary, /^\d+ 403 TARGET_NOT_ALLOWED/);
});

test('hostile clients that crash are an error with their last words: nothing was tried', { timeout: 20_000 }, async (context) => {
  const { started: program, summary } = await started(context, { kind: 'refused', perSecond: 1, seconds: 60 });
  program.child.kill('SIGKILL');
  await assert.rejects(summary, /^Error: the program of hostile clients \(refused\) was ended by SIGKILL/);
});

test('so are slow readers of which none had a tunnel', { timeout: 20_000 }, async (context) => {
  const { summary } = await started(context, { kind: 'slow-readers', count: 3, bytesPerSecond: 0, seconds: 2 });
  await assert.rejects(summary, /no slow reader had a tunnel: 3 did not open: HTTP\/1\.1 403/);
});
