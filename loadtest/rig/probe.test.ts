import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FarEnd } from '../far-end/server.ts';
import { SharedCount } from '../far-end/shared-count.ts';
import { Histogram } from '../shared/histogram.ts';
import { ConnectProxy } from '../testing/connect-proxy.ts';
import { ownFolder } from '../testing/folder.ts';
import type { Probe } from './parts.ts';
import { startProbe } from './probe.ts';
import { Processes } from './processes.ts';

async function started(context: TestContext): Promise<{ probe: Probe; proxy: ConnectProxy }> {
  const file = join(ownFolder(context), 'count');
  writeFileSync(file, '');
  const farEnd = new FarEnd({ address: '127.0.0.1', port: 0, quota: null, count: new SharedCount(file, 0, 1), nowMs: Date.now });
  await farEnd.listen();
  context.after(() => farEnd.die());
  const proxy = await ConnectProxy.start(context, farEnd.port);
  const probe = await startProbe(
    {
      nodes: [{ address: `127.0.0.1:${proxy.port}`, doors: ['connect'], serverName: null }],
      caFile: null,
      target: { host: 'a1b2c3.iot.test', port: 443, addresses: [`127.0.0.1:${farEnd.port}`] },
      sessions: 4,
    },
    new Processes(),
  );
  context.after(() => probe.stop());
  return { probe, proxy };
}

/** Two pairs: both have a session through the proxy that pings, and had so many answers. */
async function untilPinging(proxy: ConnectProxy, pongs = 1): Promise<void> {
  while (proxy.pongs.filter((count) => count >= pongs).length < 2) await delay(20);
}

test(
  'a probe times pings past the proxy and through it as often, stages by door, and refusals whole',
  { timeout: 60_000 },
  async (context) => {
    const { probe, proxy } = await started(context);
    await untilPinging(proxy);
    proxy.refusals.push('503 NODE_RATE_LIMITED\r\nPinhole-Reason: NODE_RATE_LIMITED\r\nRetry-After: 7', '403 Forbidden');
    while (proxy.refusals.length > 0) await delay(20);
    await untilPinging(proxy, 6);
    const seen = await probe.stop();
    const [direct, through] = [Histogram.of([seen.directUs]).count, Histogram.of([seen.throughUs]).count];
    assert.ok(direct > 4, `${direct} pings past the proxy`);
    assert.ok(Math.abs(direct - through) <= 2, `${direct} past the proxy, ${through} through it`);
    const stages = seen.stages.map(({ door, stage }) => `${door} ${stage}`).sort();
    const inside = ['connack', 'tcp', 'upgrade'].map((stage) => `direct ${stage}`);
    assert.deepEqual(stages, [...['connack', 'connect', 'tcp', 'upgrade'].map((stage) => `connect ${stage}`), ...inside]);
    const refusals = seen.refusals.toSorted((one, other) => other.status - one.status);
    assert.partialDeepStrictEqual(refusals, [
      { status: 503, reason: 'NODE_RATE_LIMITED', count: 1, retryAfterSeconds: { count: 1, least: 7, most: 7 } },
      { status: 403, count: 1, retryAfterSeconds: null },
    ]);
    assert.throws(() => process.kill(probe.pid, 0), { code: 'ESRCH' });
  },
);

test('sessions that the proxy drops are opened again, and ping', { timeout: 60_000 }, async (context) => {
  const { probe, proxy } = await started(context);
  while (proxy.targets.length < 4) await delay(20);
  proxy.drop(Infinity);
  // With the second answer the probe has had a second for the first.
  await untilPinging(proxy, 2);
  assert.ok(Histogram.of([(await probe.stop()).throughUs]).count > 0);
});

test(
  'a proxy that stalls and then drops has missed every turn of that time, and the far end none',
  { timeout: 60_000 },
  async (context) => {
    const { probe, proxy } = await started(context);
    await untilPinging(proxy);
    proxy.stall();
    await delay(2_500);
    proxy.drop(Infinity);
    await untilPinging(proxy);
    const { missing } = await probe.stop();
    // Of two sessions: two turns of the stall at the least, and what comes until they are back.
    assert.ok(missing.through >= 4, `${missing.through} missing through the proxy`);
    assert.deepEqual({ past: missing.past, afterMs: missing.afterMs }, { past: 0, afterMs: 10_000 });
  },
);

test('a probe that dies is told of, and what it had said by then is kept', { timeout: 60_000 }, async (context) => {
  const { probe, proxy } = await started(context);
  while (proxy.targets.length < 4) await delay(20);
  await delay(4_000);
  process.kill(probe.pid, 'SIGKILL');
  await assert.rejects(probe.failed, /the probe was ended by SIGKILL/);
  assert.ok((await probe.stop()).stages.length > 0);
});
