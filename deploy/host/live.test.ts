// What a container engine asks: the script as it is run there, against a supervisor and a health address that say what a test wants.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

interface World {
  /** What /live answers; null: nothing, ever. */
  readonly status: number | null;
  /** Whether the supervisor names a health address. */
  readonly isStarted: boolean;
}

async function live(t: TestContext, world: World | null): Promise<{ code: number; stderr: string }> {
  const runtime = mkdtempSync(join(tmpdir(), 'live-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  if (world) {
    const health = createServer((request, response) => {
      if (world.status !== null) response.writeHead(request.url === '/live' ? world.status : 404).end('{}');
    });
    await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve));
    const { port } = health.address() as AddressInfo;
    const view = world.isStarted ? { pid: 1, health: { host: '0.0.0.0', port } } : { pid: 1 };
    const supervisor = createSocketServer((socket) => socket.end(JSON.stringify(view)));
    await new Promise<void>((resolve) => supervisor.listen(join(runtime, 'supervisor.sock'), resolve));
    t.after(() => {
      supervisor.close();
      health.close();
      health.closeAllConnections();
    });
  }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, 'live.ts')],
      { env: { ...process.env, RUNTIME_DIRECTORY: runtime } },
      (error, _stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stderr }),
    );
  });
}

for (const [what, world, code, words] of [
  ['answers', { status: 200, isStarted: true }, 0, /^$/],
  ['says that no carrier does', { status: 503, isStarted: true }, 1, /^not live: the health address answers 503\n$/],
  ['hangs', { status: null, isStarted: true }, 1, /^not live: no answer within 4 s\n$/],
  ['is being started', { status: 200, isStarted: false }, 1, /^not live: the node is being started\n$/],
  ['is not there', null, 1, /^not live: .*ENOENT/],
] as const) {
  test(`a node that ${what} is ${code === 0 ? 'live' : 'not'}`, async (t) => {
    const ended = await live(t, world);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, words);
  });
}
