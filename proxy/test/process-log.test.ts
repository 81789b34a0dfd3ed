// A reader of the log that has stopped must hold nobody up. Node gives a child whose output is piped a socket, as systemd's journal does.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { settingsFile } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { isAlive, until } from './support/fake-serve.ts';
import { readAll } from './support/plane.ts';
import { DATA_HOST } from './support/settings.ts';

const ENTRY = join(import.meta.dirname, '../main.ts');

function ask(port: number, text: string, from = '127.0.0.1'): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => {});
  socket.write(text);
  return readAll(socket);
}

test('with a log that nobody reads, clients are served and SIGTERM ends the node at once', { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const runtime = join(folder, 'run');
  const file = join(folder, 'pinhole.yaml');
  const loopback = '{ address: "127.0.0.1:0" }';
  writeFileSync(
    file,
    `runtime: ${runtime}\nlisten: [${loopback}]\nhealth: ${loopback}\nadmin: ${loopback}\ncarriers: 1\nprobe: off\ndrain: { stop: 2s }\n` +
      `endpoints: [{ name: production, data: ${DATA_HOST} }]\n`,
  );
  const serve = spawn(process.execPath, ['--disable-sigusr1', ENTRY, 'serve', '-c', file], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(serve, 'exit') as Promise<[number | null]>;
  t.after(() => serve.kill('SIGKILL'));
  serve.stdout.pause();

  const settings = await until(() => {
    try {
      return JSON.parse(readFileSync(settingsFile(runtime, 1), 'utf8')) as Settings;
    } catch {
      return null;
    }
  }, 'the settings');
  const port = settings.listeners[0]?.port ?? 0;
  while (!(await ask(port, 'GET /ready HTTP/1.1\r\nHost: x\r\n\r\n')).startsWith('HTTP/1.1 200'))
    await new Promise((resolve) => setTimeout(resolve, 100));
  // More lines than the kernel holds for a reader: each source has twenty of its own a minute.
  for (let source = 1; source <= 60; source += 1) {
    const refusals = Array.from({ length: 20 }, () =>
      ask(port, 'CONNECT other.test:443 HTTP/1.1\r\nHost: other.test\r\n\r\n', `127.0.2.${source}`),
    );
    for (const answer of await Promise.all(refusals)) assert.match(answer, /^HTTP\/1\.1 403 /);
  }
  const startMs = Date.now();
  serve.kill('SIGTERM');
  const [code] = await ended;
  assert.equal(code, 0);
  assert.ok(Date.now() - startMs < 15_000, 'SIGTERM has to end it though nobody reads');
  assert.equal(isAlive(serve.pid ?? assert.fail('no pid')), false);
});
