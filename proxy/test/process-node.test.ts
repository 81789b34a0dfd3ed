// A whole node as an operator starts it: `pinhole serve` with real carriers and control, watched and hurt from outside.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BEAT_MS, REST_MS, type SlotView } from '../core/supervision.ts';
import { SILENT_MS } from '../supervisor/keeper.ts';
import { isAlive, ready, until, viewOf } from './support/fake-serve.ts';
import { pinhole, servedNode, statusOf } from './support/served-node.ts';

/** The first line that the port answers. */
function say(port: number, head: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(head));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', (error) => resolve(error.message));
    socket.on('close', () => resolve(text.split('\r\n', 1)[0] ?? ''));
  });
}

const refused = (port: number): Promise<string> => say(port, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n');

async function metric(port: number, series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );
}

const REFUSALS = 'pinhole_opens_total{door="connect",tenant="",reason="TARGET_NOT_ALLOWED"}';

describe('a node', { concurrency: 2 }, () => {
  test('is ready, counts, and never counts back when carriers and control are killed', async (t) => {
    const { runtime, serve: start } = servedNode(t);
    const serve = start();
    const port = await ready(serve);
    await serve.line('control-ready');
    const { health, control } = await statusOf(runtime);
    assert.equal((await fetch(`http://127.0.0.1:${health.port}/ready`)).status, 200);
    assert.equal(await say(port, 'GET /ready HTTP/1.1\r\nHost: x\r\n\r\n'), 'HTTP/1.1 200 OK');

    for (let refusal = 0; refusal < 10; refusal += 1) assert.equal(await refused(port), 'HTTP/1.1 403 TARGET_NOT_ALLOWED');
    assert.equal(await metric(health.port, REFUSALS), 10);
    for (const { pid } of (await statusOf(runtime)).carriers) process.kill(pid ?? assert.fail('no pid'), 'SIGKILL');
    process.kill(control.pid ?? assert.fail('no pid'), 'SIGKILL');

    // Works without control; the carriers that were killed are gone, and what they counted is not.
    assert.deepEqual((await statusOf(runtime)).refused, { TARGET_NOT_ALLOWED: 10 });
    await until(() => serve.lines.filter(({ event }) => event === 'carrier-ready').length === 4, 'both carriers');
    await until(() => serve.lines.filter(({ event }) => event === 'control-ready').length === 2, 'control');
    assert.equal(await refused(port), 'HTTP/1.1 403 TARGET_NOT_ALLOWED');
    assert.equal(await metric(health.port, REFUSALS), 11);
    assert.equal(await metric(health.port, 'pinhole_carriers{state="ready"}'), 2);

    serve.child.kill('SIGTERM');
    assert.equal(await serve.ended, 0);
  });

  test('is followed no longer than somebody reads, without a word of it', async (t) => {
    const { runtime, serve: start } = servedNode(t);
    await ready(start());
    const command = fileURLToPath(new URL('../../pinhole', import.meta.url));
    const words = `{ "${command}" top --json --interval 1 --runtime "${runtime}"; echo "exit $?" >&2; } | head -1`;
    const { stdout, stderr } = await promisify(execFile)('/bin/sh', ['-c', words], { timeout: 20_000 });
    assert.match(stdout, /^\{"time":[^\n]*\}\n$/);
    assert.equal(stderr, 'exit 0\n');
  });

  test('on which nothing happens rests: works as soon as many come, and one of it that hangs then is replaced', async (t) => {
    const { runtime, serve: start } = servedNode(t);
    const serve = start();
    const port = await ready(serve);
    const slots = async (): Promise<readonly SlotView[]> => (await viewOf(runtime))?.slots ?? [];
    const haveAll = async (withinMs: number): Promise<boolean> => {
      const words = (await slots()).map(({ word }) => word?.withinMs);
      return words.length === 2 && words.every((each) => each === withinMs);
    };
    await until(() => haveAll(REST_MS), 'both carriers to rest');
    const come = setInterval(() => void say(port, 'GET /live HTTP/1.1\r\nHost: x\r\n\r\n'), 10);
    await until(() => haveAll(BEAT_MS), 'both to work').finally(() => clearInterval(come));
    await until(() => haveAll(REST_MS), 'both to rest again');
    assert.equal(serve.lines.filter(({ event }) => event === 'carrier-died').length, 0);
    const [hung] = await slots();
    const stoppedMs = Date.now();
    process.kill(hung?.pid ?? assert.fail('no pid'), 'SIGSTOP');
    const died = await serve.line('carrier-died');
    assert.deepEqual([died['pid'], died['cause']], [hung?.pid, 'silent']);
    // Its last beat may have been as long ago as a rest allows.
    const leastMs = SILENT_MS - BEAT_MS;
    assert.ok(Date.now() - stoppedMs >= leastMs, `killed after ${Date.now() - stoppedMs} ms`);
    await serve.line('carrier-ready', serve.lines.indexOf(died));
    assert.equal(await refused(port), 'HTTP/1.1 403 TARGET_NOT_ALLOWED');
  });

  test('goes on deciding and answering health checks while control is dead', async (t) => {
    const { runtime, serve: start } = servedNode(t);
    const serve = start();
    const port = await ready(serve);
    await serve.line('control-ready');
    process.kill((await statusOf(runtime)).control.pid ?? assert.fail('no pid'), 'SIGSTOP');
    assert.equal(await say(port, 'GET /ready HTTP/1.1\r\nHost: x\r\n\r\n'), 'HTTP/1.1 200 OK');
    assert.equal(await refused(port), 'HTTP/1.1 403 TARGET_NOT_ALLOWED');
    const died = await serve.line('control-died');
    assert.equal(died['cause'], 'silent');
    await serve.line('control-ready', serve.lines.indexOf(died));
  });

  test('that is stopped tells those that have not asked yet, and writes down that it did', async (t) => {
    const { runtime, serve: start } = servedNode(t);
    const serve = start();
    const port = await ready(serve);
    await serve.line('control-ready');
    const { health } = await statusOf(runtime);
    const asking = say(port, 'CONNECT evil.example:443 HTTP/1.1\r\nHost:');
    const silent = say(port, '');
    while ((await metric(health.port, 'pinhole_pending_connections')) < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    serve.child.kill('SIGTERM');
    assert.equal(await asking, 'HTTP/1.1 503 DRAINING');
    assert.equal(await silent, '');
    assert.equal(await serve.ended, 0);
    assert.deepEqual(
      serve.lines.filter(({ event }) => event === 'decision').map(({ reason }) => reason),
      ['DRAINING'],
    );
  });

  test('that is killed leaves no process behind, and no address taken', async (t) => {
    const { runtime, serve: start } = servedNode(t);
    const serve = start();
    const port = await ready(serve);
    const { carriers, control } = await statusOf(runtime);
    const pids = [...carriers.map(({ pid }) => pid), control.pid].map(Number);
    // The wrapper has become the supervisor: what is killed is the supervisor itself.
    serve.child.kill('SIGKILL');
    await until(() => !pids.some(isAlive), 'the children to end');
    assert.match(await refused(port), /ECONNREFUSED/);
    assert.equal((await pinhole('status', '--runtime', runtime)).code, 1);
  });

  test('with a mistake in its file says so and exits 64, with nothing made', async (t) => {
    const { runtime, file, serve } = servedNode(t, ['nonsense: 1']);
    const ended = serve();
    assert.equal(await ended.ended, 64);
    assert.match(ended.text, new RegExp(`^${file}:\\d+:1: nonsense`, 'm'));
    assert.equal(existsSync(runtime), false);
  });

  test('whose runtime folder has too long a name says how long it may be and exits 69', async (t) => {
    const { serve } = servedNode(t, [`runtime: /tmp/${'x'.repeat(100)}`]);
    const ended = serve();
    assert.equal(await ended.ended, 69);
    assert.match(ended.text, /is 105 bytes long; the names of Unix sockets in it leave room for \d\d$/m);
  });

  test('whose runtime folder others may write to exits 69', async (t) => {
    const { runtime, serve } = servedNode(t);
    mkdirSync(runtime);
    chmodSync(runtime, 0o777);
    const ended = serve();
    assert.equal(await ended.ended, 69);
    assert.match(ended.text, /others may write to/);
  });
});
