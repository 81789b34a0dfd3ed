import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { probeVerdict } from '../../proxy/test/support/probe-verdict.ts';
import { systemClock } from '../clock.ts';
import type { ProbeVerdict } from './contract.ts';
import { startProbe } from './run.ts';
import { startProxy } from './testing/far-ends.ts';
import { testJob } from './testing/job.ts';
import { readVerdict, writeVerdict } from './verdict-file.ts';

const REFUSED = 'HTTP/1.1 502 DIAL_REFUSED\r\nPinhole-Reason: DIAL_REFUSED\r\nContent-Length: 0\r\n\r\n';
const EVERY_SECOND = '* * * * * *';
const NEVER_SOON = '0 0 1 1 *';

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'probe.json');
}

function start(t: TestContext, changes: Parameters<typeof testJob>[0]) {
  const complaints: string[] = [];
  const probe = startProbe(testJob(changes), { clock: systemClock, random: () => 0, complain: (line) => complaints.push(line) });
  t.after(() => probe.stop());
  return { probe, complaints };
}

async function until<T>(look: () => T | null): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const read = (file: string): ProbeVerdict | null => readVerdict(file, systemClock.nowMs());

test('a first round does not wait for the schedule', { timeout: 20_000 }, async (t) => {
  const file = place(t);
  start(t, { file, schedule: NEVER_SOON, places: { connect: await startProxy(t, () => REFUSED) } });
  const verdict = await until(() => read(file));
  assert.equal(verdict.endpoints[0]?.failed, 1);
  // Good until the third run from now has ended: years.
  assert.ok(verdict.goodForMs > 365 * 86_400_000);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('rounds go on by the schedule, and a verdict holds for some of them', { timeout: 30_000 }, async (t) => {
  const file = place(t);
  start(t, { file, schedule: EVERY_SECOND, places: { connect: await startProxy(t, () => REFUSED) } });
  const verdict = await until(() => {
    const found = read(file);
    return found && (found.endpoints[0]?.failed ?? 0) >= 3 ? found : null;
  });
  assert.equal(verdict.endpoints[0]?.isFailing, true);
  assert.ok(verdict.goodForMs > 60_000 && verdict.goodForMs <= 63_000, `${verdict.goodForMs}`);
});

test('two rounds never run at once, however long one takes', { timeout: 60_000 }, async (t) => {
  const now = { open: 0, most: 0, asked: 0 };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      now.asked += 1;
      now.open += 1;
      now.most = Math.max(now.most, now.open);
      // Longer than a tick.
      setTimeout(() => {
        now.open -= 1;
        socket.end(REFUSED);
      }, 1_500);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  start(t, { file: place(t), schedule: EVERY_SECOND, places: { connect: { address: '127.0.0.1', port, wantsProxyHeader: false } } });
  await until(() => (now.asked >= 3 ? true : null));
  assert.equal(now.most, 1);
});

test('a new process goes on counting', { timeout: 20_000 }, async (t) => {
  const file = place(t);
  const job = { file, schedule: NEVER_SOON, places: { connect: await startProxy(t, () => REFUSED) } };
  const first = start(t, job);
  await until(() => read(file));
  await first.probe.stop();
  start(t, job);
  await until(() => (read(file)?.endpoints[0]?.failed === 2 ? true : null));
});

test('a verdict that is too old, or none, is forgotten', (t) => {
  const file = place(t);
  assert.equal(readVerdict(file, 0), null);
  const verdict = probeVerdict(1_000, { goodForMs: 500, withdraw: true });
  writeVerdict(file, verdict);
  assert.deepEqual(readVerdict(file, 1_500), verdict);
  assert.equal(readVerdict(file, 1_501), null);
  // The machine was started anew: its clock begins at nought.
  assert.equal(readVerdict(file, 100), null);
});

test('a folder that takes no file is complained of, and tried again', { timeout: 20_000 }, async (t) => {
  const file = place(t);
  mkdirSync(file);
  const { complaints } = start(t, { file, schedule: EVERY_SECOND, places: { connect: await startProxy(t, () => REFUSED) } });
  await until(() => (complaints.length > 0 ? true : null));
  assert.match(complaints[0] ?? '', /^probe: Error: E/);
  rmSync(file, { recursive: true });
  await until(() => read(file));
  assert.ok(readFileSync(file, 'utf8').startsWith('{'));
});
