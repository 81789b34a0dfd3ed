// The collector looks at real processes: this one, and a child of its own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Collector, descriptorsOf, pidsOfGroups } from './collector.ts';
import type { Sample } from './seconds.ts';

test('a role has the CPU of a second, memory and descriptors; the network and a node are there', async (t) => {
  const server = createServer((_, response) => response.end('pinhole_tunnels{door="connect"} 3\n')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let nowMs = 5_500;
  const heard: [number, Sample][] = [];
  const collector = new Collector({
    // Beyond the largest id that Linux gives.
    roles: () => ({ rig: { pids: [process.pid] }, gone: { pids: [2 ** 22 + 1] } }),
    nodes: () => ({ here: `http://127.0.0.1:${port}/metrics`, silent: 'http://127.0.0.1:1/metrics', dead: null }),
    nowMs: () => nowMs,
    heard: (at, sample) => heard.push([at, sample]),
    askMs: 20_000,
  });
  const first = await collector.sample();
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 300_000);
  nowMs += 1_000;
  const second = await collector.sample();
  assert.deepEqual(heard, [
    [5, first],
    [6, second],
  ]);
  assert.equal(first.roles['rig']?.cpuSeconds, 0);
  const { cpuSeconds = 0, userKib, descriptors } = second.roles['rig'] ?? {};
  assert.ok(cpuSeconds >= 0.2 && cpuSeconds < 2, `${cpuSeconds} s`);
  assert.ok((userKib ?? 0) > 10_000 && (descriptors ?? 0) > 5);
  assert.deepEqual(second.roles['gone'], { userKib: null, descriptors: 0, cpuSeconds: 0 });
  assert.ok((second.kernel?.timeWait ?? -1) >= 0);
  assert.deepEqual(
    Object.entries(second.nodes).map(([name, node]) => [name, node?.tunnels ?? null]),
    [
      ['here', 3],
      ['silent', null],
      ['dead', null],
    ],
  );
});

test('a second that was skipped has its part of the CPU, and the next one not both', async () => {
  let nowMs = 5_500;
  const collector = new Collector({
    roles: () => ({ rig: { pids: [process.pid] } }),
    nodes: () => ({}),
    nowMs: () => nowMs,
    heard: () => {},
  });
  await collector.sample();
  const { user, system } = process.cpuUsage();
  while (process.cpuUsage().user - user < 400_000);
  nowMs += 4_000;
  const { roles } = await collector.sample();
  const after = process.cpuUsage();
  const spentS = (after.user + after.system - user - system) / 1e6;
  const { cpuSeconds = 0 } = roles['rig'] ?? {};
  assert.ok(Math.abs(cpuSeconds - spentS / 4) < 0.02, `${cpuSeconds} of ${spentS}`);
});

test('an open descriptor is counted', () => {
  const before = descriptorsOf([process.pid]);
  const opened = openSync('/dev/null', 'r');
  const now = descriptorsOf([process.pid]);
  closeSync(opened);
  assert.equal(now, (before ?? 0) + 1);
});

test('a group is all that its leader has started', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo up; wait'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const group = child.pid ?? assert.fail('no pid');
  await once(child.stdout, 'data');
  assert.equal(pidsOfGroups([group]).length, 2);
  process.kill(-group, 'SIGKILL');
  await once(child, 'close');
});
