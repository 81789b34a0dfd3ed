// A node under a service manager: a real datagram socket hears what the real helper says, as systemd would.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { cannotRun } from './clients/needs.ts';
import { ServeProcess, until } from './support/fake-serve.ts';
import { PINHOLE, servedNode } from './support/served-node.ts';

/** Prints each datagram on a line. */
const LISTENER = `
import os, socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
print('listens', flush=True)
while True:
    print(heard.recv(4096).decode().strip().replace('\\n', ' '), flush=True)
`;

async function notifySocket(t: TestContext, path: string): Promise<readonly string[]> {
  const listener = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => listener.kill('SIGKILL'));
  const heard: string[] = [];
  let rest = '';
  listener.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    heard.push(...parts);
  });
  await until(() => heard.shift() === 'listens', 'the listener');
  return heard;
}

function serveUnder(t: TestContext, file: string, env: Record<string, string>): ServeProcess {
  const serve = new ServeProcess(
    spawn(PINHOLE, ['serve', '-c', file], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  t.after(async () => {
    serve.child.kill('SIGKILL');
    await serve.ended;
  });
  return serve;
}

test('a node tells its service manager that it serves, that it lives and that it stops', async (t) => {
  if (cannotRun(t, ['python3', 'systemd-notify'])) return;
  const node = servedNode(t);
  const socket = join(node.folder, 'notify');
  const heard = await notifySocket(t, socket);
  const serve = serveUnder(t, node.file, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '3000000' });
  await until(
    () => heard.includes('READY=1 STATUS=serves'),
    'READY',
    () => heard.join('\n') + serve.text,
  );
  assert.ok(
    serve.lines.some(({ event }) => event === 'node-ready'),
    'it was said before every carrier serves',
  );
  const beats = (): number => heard.filter((words) => words === 'WATCHDOG=1').length;
  const before = beats();
  await until(
    () => beats() >= before + 2,
    'two beats',
    () => heard.join('\n'),
  );
  serve.child.kill('SIGTERM');
  assert.equal(await serve.ended, 0);
  await until(
    () => heard.includes('STOPPING=1 STATUS=closes its tunnels'),
    'STOPPING',
    () => heard.join('\n'),
  );
  assert.equal(
    serve.lines.some(({ event }) => event === 'service-manager-not-told'),
    false,
    serve.text,
  );
});

test('a node that is asked in the name of another process beats for nobody', async (t) => {
  if (cannotRun(t, ['python3', 'systemd-notify'])) return;
  const node = servedNode(t);
  const socket = join(node.folder, 'notify');
  const heard = await notifySocket(t, socket);
  const serve = serveUnder(t, node.file, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' });
  await until(
    () => heard.includes('READY=1 STATUS=serves'),
    'READY',
    () => heard.join('\n') + serve.text,
  );
  assert.equal(heard.includes('WATCHDOG=1'), false);
});

test('a service manager that is gone is one line, and the node serves', async (t) => {
  if (cannotRun(t, ['systemd-notify'])) return;
  const node = servedNode(t);
  const socket = join(node.folder, 'nowhere');
  const serve = serveUnder(t, node.file, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '300000' });
  await serve.line('service-manager-not-told');
  await serve.line('node-ready');
  serve.child.kill('SIGTERM');
  assert.equal(await serve.ended, 0);
  assert.equal(serve.lines.filter(({ event }) => event === 'service-manager-not-told').length, 1);
  assert.equal(existsSync(socket), false);
});
