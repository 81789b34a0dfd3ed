// A whole node that another installation takes over from while tunnels with traffic go through it. The other one is this very tree: what
// differs between two versions is fake-node.ts's matter.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { NodeStatus } from '../control/node-status.ts';
import type { UpgradeResult } from '../core/supervision.ts';
import { makeCertificate } from './support/certificate.ts';
import { type LogLine, until } from './support/fake-serve.ts';
import { handshake, type LiveNode, liveNode, openTunnel, type Tunnel } from './support/live-node.ts';
import { ENGINES } from './support/relay.ts';
import { pinhole, statusOf, wholeStatusOf } from './support/served-node.ts';
import { DATA_HOST } from './support/settings.ts';
import { echo, startUpstream } from './support/upstream.ts';

type Upgraded = UpgradeResult & { readonly tunnels: { readonly current: number; readonly held: number } | null };

function linesFor(upstream: number): string[] {
  return [
    'policy: { sni: off, alpn: off }',
    `endpoints: [{ name: e0, data: ${DATA_HOST} }]`,
    `resolve: { pin: [{ host: ${DATA_HOST}, to: "127.0.0.1:${upstream}" }] }`,
    'limits: { tunnels: 1000, opensPerSecond: 10000 }',
  ];
}

async function upgrade(node: LiveNode, ...words: readonly string[]): Promise<Upgraded> {
  const { code, stdout, stderr } = await pinhole('upgrade', '--runtime', node.runtime, '--json', ...words);
  const result = JSON.parse(stdout === '' ? '{}' : stdout) as Upgraded;
  assert.equal(code, result.code, stderr);
  return result;
}

function generationsOf({ carriers }: NodeStatus): Record<number, number> {
  const tunnels: Record<number, number> = {};
  for (const { generation, status } of carriers) tunnels[generation] = (tunnels[generation] ?? 0) + (status?.tunnels ?? 0);
  return tunnels;
}

/** Opens without end, a byte there and back each, and says what went wrong. */
function openingWithoutEnd(t: Parameters<typeof openTunnel>[0], node: LiveNode) {
  const wrong: string[] = [];
  let opened = 0;
  let isOver = false;
  const opening = Promise.all(
    Array.from({ length: 3 }, async () => {
      while (!isOver) {
        const tunnel = await openTunnel(t, node.port, DATA_HOST);
        if (!tunnel.answer.includes(' 200 ')) wrong.push(tunnel.answer);
        else await tunnel.goesOn(1).catch((error: Error) => wrong.push(error.message));
        opened += 1;
        tunnel.close();
      }
    }),
  );
  return {
    wrong,
    async stop(): Promise<number> {
      isOver = true;
      await opening;
      return opened;
    },
  };
}

describe('a node with open tunnels that is taken over', { concurrency: 2 }, () => {
  test('moves those in clear, again and again, while others are opened, and loses none and not a byte', async (t) => {
    const upstream = await startUpstream(echo);
    t.after(() => upstream.close());
    const node = await liveNode(t, linesFor(upstream.port));
    const isNative = (await wholeStatusOf(node.runtime)).carriers[0]?.status?.relay === 'native';
    if (!isNative) return t.skip('SKIPPED: there is no native engine here');
    const tunnels = await Promise.all(Array.from({ length: 100 }, () => openTunnel(t, node.port, DATA_HOST)));
    const decided = (): LogLine[] => node.records('decision').filter(({ allow }) => allow !== false);
    await until(() => decided().length === tunnels.length, 'the lines of their beginnings');
    const lifelong = new Set(decided().map(({ id }) => id));
    const opening = openingWithoutEnd(t, node);
    for (const turn of [2, 3, 4]) {
      const result = await upgrade(node);
      assert.deepEqual([result.outcome, result.generation, result.tunnels?.held], ['upgraded', turn, 0], result.why ?? '');
      await Promise.all(tunnels.map((tunnel) => tunnel.goesOn(20)));
    }
    const opened = await opening.stop();
    assert.deepEqual(opening.wrong, []);
    await until(async () => {
      const { tunnels: open, generations } = await statusOf(node.runtime);
      return open === tunnels.length && generations.length === 1;
    }, 'one generation, and nothing but these tunnels');
    assert.deepEqual(generationsOf(await wholeStatusOf(node.runtime)), { 4: tunnels.length });
    for (const tunnel of tunnels) tunnel.close();
    await until(() => node.records('close').length >= tunnels.length + opened, 'the ends');
    for (const event of ['decision', 'close'] as const) {
      const ids = node
        .records(event)
        .filter(({ allow }) => allow !== false)
        .map(({ id }) => id);
      assert.deepEqual([ids.length, new Set(ids).size], [tunnels.length + opened, tunnels.length + opened], event);
    }
    const ends = node.records('close').filter(({ id }) => lifelong.has(id));
    assert.equal(ends.length, tunnels.length);
    for (const end of ends) assert.deepEqual([end['generation'], Number(end['duration_ms']) > 5_000], [4, true], 'whole lives');
    return undefined;
  });

  test('holds those in TLS and closes them at its pace, and says so', async (t) => {
    const upstream = await startUpstream(echo);
    t.after(() => upstream.close());
    const { certPem, keyPem } = makeCertificate(['proxy.test']);
    const lines = [
      ...linesFor(upstream.port),
      'listen: [{ address: "127.0.0.1:0", doors: [connect, connect-tls] }]',
      'tls: { certificate: cert.pem, key: key.pem }',
      'drain: { stop: 2s, rate: 1, deadline: 100m }',
    ];
    const node = await liveNode(t, lines, (folder) => {
      writeFileSync(join(folder, 'cert.pem'), certPem);
      writeFileSync(join(folder, 'key.pem'), keyPem);
    });
    const secure = await Promise.all(
      Array.from({ length: 40 }, () => openTunnel(t, node.port, DATA_HOST, (plain) => handshake(plain, certPem, 'proxy.test'))),
    );
    const result = await upgrade(node);
    assert.equal(result.outcome, 'upgraded', result.why ?? '');
    assert.ok((result.tunnels?.held ?? 0) > 0, 'held');
    const { stdout } = await pinhole('status', '--runtime', node.runtime);
    assert.match(stdout, /^generation {2}1 \(.*\), retired: closes what could not be moved within \d+[hm]/m);
    const fresh = await openTunnel(t, node.port, DATA_HOST, (plain) => handshake(plain, certPem, 'proxy.test'));
    const open = (): Tunnel[] => secure.filter((tunnel) => tunnel.isOpen());
    await Promise.all(open().map((tunnel) => tunnel.goesOn().catch(() => {})));
    assert.ok(
      secure.every((tunnel) => tunnel.echoed() >= 0),
      'not a byte was lost',
    );
    assert.ok(open().length > 0, 'some are held');
    // A pace that is changed holds for what is held too.
    await node.change('rate: 1,', 'rate: 1000,');
    await node.serve.line('generation-ended');
    await until(() => open().length === 0, 'the last of them');
    await fresh.goesOn();
    const closes = node.records('close').filter((line) => Number(line['generation']) === 1);
    assert.deepEqual([closes.length, new Set(closes.map((line) => line['ended_by']))], [40, new Set(['drain'])]);
  });

  test('loses nothing while control is dead', async (t) => {
    const upstream = await startUpstream(echo);
    t.after(() => upstream.close());
    const node = await liveNode(t, linesFor(upstream.port));
    const tunnels = await Promise.all(Array.from({ length: 20 }, () => openTunnel(t, node.port, DATA_HOST)));
    const opening = openingWithoutEnd(t, node);
    for (let turn = 0; turn < 3; turn += 1) {
      const { pid } = (await statusOf(node.runtime)).control;
      if (pid !== null) process.kill(pid, 'SIGKILL');
      await Promise.all(tunnels.map((tunnel) => tunnel.goesOn(20)));
    }
    const result = await upgrade(node);
    assert.equal(result.outcome, 'upgraded', result.why ?? '');
    await opening.stop();
    assert.deepEqual(opening.wrong, []);
    await until(async () => (await statusOf(node.runtime)).control.state === 'ready', 'control');
  });

  for (const relay of ENGINES) {
    test(`is stopped within its time while it is being taken over (${relay})`, async (t) => {
      const upstream = await startUpstream(echo);
      t.after(() => upstream.close());
      const node = await liveNode(t, [...linesFor(upstream.port), `relay: ${relay}`]);
      const tunnels = await Promise.all(Array.from({ length: 20 }, () => openTunnel(t, node.port, DATA_HOST)));
      assert.equal((await upgrade(node)).outcome, 'upgraded');
      node.serve.child.kill('SIGTERM');
      assert.equal(await node.serve.ended, 0);
      await until(() => tunnels.every((tunnel) => !tunnel.isOpen()), 'the ends of all tunnels');
      assert.equal(node.records('close').length, tunnels.length);
      assert.equal(new Set(node.records('close').map(({ id }) => id)).size, tunnels.length);
    });
  }
});
