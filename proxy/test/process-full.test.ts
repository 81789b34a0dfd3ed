// A carrier that runs out of descriptors: by its own count, and because the system says so. It refuses, waits, and comes back by itself.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { cannotRun } from './clients/needs.ts';
import { ENGINES } from './support/relay.ts';
import { ready, until } from './support/fake-serve.ts';
import { servedNode, wholeStatusOf } from './support/served-node.ts';
import { DATA_HOST } from './support/settings.ts';
import { unlessBusy } from './support/unless-busy.ts';
import { echo, startUpstream } from './support/upstream.ts';

/** Leaves a carrier (300 - 256) / 2 tunnels. */
const NOFILE = 300;
const TUNNELS = 22;
const CONNECT = `CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}:443\r\n\r\n`;
const OPENED = 'HTTP/1.1 200 Connection established';
const TICKS_PER_S = 100;

async function firstLine(port: number, head: string): Promise<string> {
  const { socket, answer } = await ask(port, head);
  socket.destroy();
  return answer;
}

/** A client that asks for a tunnel: its socket, and the first line of the answer, empty where there was none. */
function openTunnel(port: number): Promise<{ readonly socket: net.Socket; readonly answer: string }> {
  return unlessBusy(
    () => ask(port, CONNECT),
    ({ answer }) => answer,
  );
}

async function ask(port: number, head: string): Promise<{ readonly socket: net.Socket; readonly answer: string }> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.write(head);
  const answer = await new Promise<string>((resolve) => {
    socket.once('data', (data: Buffer) => resolve(data.toString('latin1').split('\r\n', 1)[0] ?? ''));
    socket.once('close', () => resolve(''));
  });
  return { socket, answer };
}

async function startFull(t: TestContext, relay: string, nofile?: number) {
  const upstream = await startUpstream(echo);
  t.after(() => upstream.close());
  const changes = [
    `relay: ${relay}`,
    'carriers: 1',
    'limits: { tunnels: 10000, perSource: { pending: 1000, refusalsPerSecond: 1000 } }',
    'policy: { sni: off, alpn: off }',
    `endpoints: [{ name: production, data: ${DATA_HOST} }]`,
    `resolve: { pin: [{ host: ${DATA_HOST}, port: 443, to: ["127.0.0.1:${upstream.port}"] }] }`,
  ];
  const node = servedNode(t, changes, nofile);
  const serve = node.serve();
  const port = await ready(serve);
  await serve.line('control-ready');
  const pid = (await wholeStatusOf(node.runtime)).carriers[0]?.pid ?? assert.fail('no pid');
  return { port, pid, serve, isAccepting: async () => (await wholeStatusOf(node.runtime)).carriers[0]?.status?.accepting ?? false };
}

const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** CPU seconds of a process so far (proc(5): utime and stime, in clock ticks). */
function cpuSeconds(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** A tunnel that opens within twenty seconds, however full the node was. */
async function opensAgain(port: number): Promise<net.Socket> {
  let last = '';
  for (let tries = 0; tries < 200; tries += 1) {
    const { socket, answer } = await openTunnel(port);
    if (answer === OPENED) return socket;
    last = answer;
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no tunnel opens again: ${last === '' ? 'no answer' : last}`);
}

for (const relay of ENGINES) {
  describe(`a carrier without descriptors, relay: ${relay}`, { concurrency: 1 }, () => {
    test('refuses tunnels beyond what it can hold, and goes on answering whoever floods it', { timeout: 60_000 }, async (t) => {
      const { port, pid, isAccepting } = await startFull(t, relay, NOFILE);
      const atStart = descriptors(pid);
      const tunnels = [];
      for (let index = 0; index < TUNNELS; index += 1) tunnels.push(await openTunnel(port));
      for (const { answer } of tunnels) assert.equal(answer, OPENED);
      assert.equal((await openTunnel(port)).answer, 'HTTP/1.1 503 NODE_FULL');

      const silent = Array.from({ length: 2 * NOFILE }, () => net.connect({ port, host: '127.0.0.1' }).on('error', () => {}));
      await until(() => silent.every((socket) => !socket.connecting), 'all of them to be there');
      assert.equal(await firstLine(port, 'GET /ready HTTP/1.1\r\nHost: x\r\n\r\n'), 'HTTP/1.1 200 OK');
      assert.equal((await openTunnel(port)).answer, 'HTTP/1.1 503 NODE_FULL');
      assert.equal(await isAccepting(), true);
      assert.ok(descriptors(pid) < NOFILE, 'one is left at least');
      // What it has goes on.
      const [first] = tunnels;
      assert.ok(first);
      first.socket.write('ping');
      assert.equal(String((await once(first.socket, 'data'))[0]), 'ping');

      for (const socket of silent) socket.destroy();
      // The flood has gone, the tunnels have not.
      assert.equal(await firstLine(port, 'GET /ready HTTP/1.1\r\nHost: x\r\n\r\n'), 'HTTP/1.1 200 OK');
      for (const { socket } of tunnels) socket.destroy();
      (await opensAgain(port)).destroy();
      await until(
        () => descriptors(pid) <= atStart,
        'the descriptors of before',
        () => `${descriptors(pid)}, not ${atStart}`,
      );
    });

    test('that the system gives no more waits without spinning, and goes on when it does', { timeout: 60_000 }, async (t) => {
      if (cannotRun(t, ['prlimit'])) return;
      const { port, pid, serve } = await startFull(t, relay);
      const held = await openTunnel(port);
      const atStart = descriptors(pid);
      const limitTo = (count: number): Buffer => execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${count}:`]);
      const room = 3;
      limitTo(atStart + room);
      const clients = Array.from({ length: 20 }, () => openTunnel(port));
      // Node's own accept closes at once what it cannot hold, and says nothing.
      await (relay === 'native' ? serve.line('listen-failed') : Promise.all(clients));
      const before = cpuSeconds(pid);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const spent = cpuSeconds(pid) - before;
      assert.ok(spent < 1.5, `${spent} s of CPU in three seconds`);
      held.socket.write('ping');
      assert.equal(String((await once(held.socket, 'data'))[0]), 'ping');

      limitTo(1_000);
      const again = await opensAgain(port);
      again.destroy();
      for (const { socket, answer } of await Promise.all(clients)) {
        assert.match(answer, /^(HTTP\/1\.1 (200 Connection established|503 NODE_FULL))?$/);
        socket.destroy();
      }
      await until(
        () => descriptors(pid) <= atStart,
        'the descriptors of before',
        () => `${descriptors(pid)}, not ${atStart}`,
      );
    });
  });
}
