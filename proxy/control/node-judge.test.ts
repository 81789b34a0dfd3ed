import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ProbeVerdict } from '../../healthcheck/probe/contract.ts';
import { probeFile } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { makeCertificate } from '../test/support/certificate.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { until } from '../test/support/fake-serve.ts';
import { startTestNode } from '../test/support/plane.ts';
import { probeVerdict } from '../test/support/probe-verdict.ts';
import { testSettings } from '../test/support/settings.ts';
import type { CarrierLoad, CarrierStatus } from './carrier-api.ts';
import { NodeJudge } from './node-judge.ts';
import { type Verdict, writeVerdict } from './verdict.ts';

const DAY_MS = 86_400_000;
const GENERATION = 2;
const PROBE: Settings['probe'] = { schedule: '* * * * *', failures: 3, peers: [], roots: {}, login: null };

function status(load: Partial<CarrierLoad> = {}, accepting = true): CarrierStatus {
  return {
    slot: 0,
    generation: GENERATION,
    pid: 1,
    node: 'n',
    version: 'v',
    relay: 'node',
    policyVersion: 'p',
    ready: true,
    accepting,
    tunnels: 0,
    pending: 0,
    load: { eventLoopDelayS: 0, descriptorsFree: 1, resolver: 'answering', shedding: [], upstreams: {}, ...load },
    move: null,
  };
}

function harness(t: TestContext, settings: Partial<Settings> = {}) {
  const runtime = mkdtempSync(join(tmpdir(), 'judge-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  const clock = new FakeClock();
  const now = { memory: 0.5 as number | null, doubts: 0 };
  const make = (): NodeJudge =>
    new NodeJudge({
      ...{ runtime, clock, settings: testSettings({ listeners: [], ...settings }) },
      doubts: () => (now.doubts += 1),
      memoryFree: () => now.memory,
    });
  let judge = make();
  /** The same look, once a second, and the last that came of it. */
  const look = (carriers: readonly (CarrierStatus | null)[], seconds = 0, isStopping = false): Verdict => {
    const node = { generation: GENERATION, isStopping };
    let verdict = judge.look(carriers, node);
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      verdict = judge.look(carriers, node);
    }
    writeVerdict(runtime, verdict);
    return verdict;
  };
  /** Until the listeners that a look has asked have answered, one of them not as it should. */
  const doubts = async (): Promise<void> => {
    const before = now.doubts;
    await until(() => now.doubts > before, 'the answers of the listeners');
  };
  const probeSays = (changes: Partial<ProbeVerdict>): void =>
    writeFileSync(probeFile(runtime), JSON.stringify(probeVerdict(clock.nowMs(), changes)));
  const reload = (more: Partial<Settings> = {}): void => judge.take(testSettings({ listeners: [], ...settings, ...more }));
  return { clock, now, look, doubts, probeSays, reload, judge: () => judge, restart: () => (judge = make()) };
}

test('a node that is well is ready, with nothing to say', (t) => {
  const { look } = harness(t);
  const { ready, reasons, concerns, fullUpstreams } = look([status(), status()], 60);
  assert.deepEqual([ready, reasons, concerns, fullUpstreams], [true, [], [], []]);
});

test('the worst carrier counts, and only those that answer', (t) => {
  const { look } = harness(t);
  const carriers = [status({ descriptorsFree: 0.5 }), status({ descriptorsFree: 0.01 }), null];
  assert.equal(look(carriers, 4).ready, true);
  assert.deepEqual(look(carriers, 1).reasons, ["1.0 % of a carrier's descriptors are left"]);
});

/** It holds what an upgrade could not move, and takes nothing new. */
function retired(load: Partial<CarrierLoad>): CarrierStatus {
  return { ...status(load, false), generation: GENERATION - 1 };
}

for (const [what, load] of [
  ['is out of descriptors', { descriptorsFree: 0.01 }],
  ['is late', { eventLoopDelayS: 3 }],
  ['has no DNS', { resolver: 'failing' }],
  ['has no room', { shedding: ['event-loop', 'ports'] }],
] as const) {
  test(`a retired carrier that ${what} keeps no node out of DNS`, (t) => {
    const { ready, concerns } = harness(t).look([status(), retired(load)], 60);
    assert.deepEqual([ready, concerns], [true, []]);
    const current = harness(t).look([status(load), retired({})], 60);
    assert.notDeepEqual([current.ready, current.concerns], [true, []]);
  });
}

test('the local ports that a retired carrier holds are counted all the same', (t) => {
  const half = { upstreams: { '192.0.2.1:443': 40_000 } };
  assert.deepEqual(harness(t).look([status(half), retired(half)], 5).fullUpstreams, ['192.0.2.1:443']);
});

test('a busy retired carrier makes no slow listener one that may be slow', { timeout: 30_000 }, async (t) => {
  const { look, lookLate } = await slowListener(t);
  await lookLate();
  assert.equal(look([status(), retired({ shedding: ['queue'] })], 3).ready, false);
});

test('memory that runs out takes the node out of DNS, and lets it back in when there is more for long enough', (t) => {
  const { look, now } = harness(t);
  now.memory = 0.04;
  assert.equal(look([status()], 5).ready, false);
  now.memory = 0.07;
  assert.equal(look([status()], 60).ready, false);
  now.memory = 0.2;
  assert.equal(look([status()], 29).ready, false);
  assert.equal(look([status()], 1).ready, true);
});

test('a node that stops says so at once', (t) => {
  const { look } = harness(t);
  assert.deepEqual(look([status()], 0, true).reasons, ['the node stops']);
});

test('ports are counted over all carriers, towards each upstream', (t) => {
  const { look } = harness(t);
  // More than any range has, in two halves.
  const half = status({ upstreams: { '192.0.2.1:443': 40_000, '192.0.2.2:443': 10 } });
  const verdict = look([half, half], 5);
  assert.deepEqual(verdict.fullUpstreams, ['192.0.2.1:443']);
  assert.match(verdict.reasons[0] ?? '', /^0\.0 % of the local ports/);
  assert.deepEqual(look([status()], 0).fullUpstreams, []);
});

test('where the system has no port left, none is left, whatever is counted', (t) => {
  const { look } = harness(t);
  const carriers = [status({ shedding: ['ports'], upstreams: { '192.0.2.1:443': 10 } }), status()];
  assert.match(look(carriers, 5).reasons[0] ?? '', /^0\.0 % of the local ports/);
});

test('what is refused for want of room is a concern and no reason to leave', (t) => {
  const { look } = harness(t);
  const { ready, concerns } = look([status({ shedding: ['event-loop'] }), status({ shedding: ['event-loop', 'memory'] })], 60);
  assert.deepEqual([ready, concerns], [true, ['new tunnels are refused for want of room: event-loop, memory']]);
});

test('a resolver that is dead is a concern while old answers do, and a reason when they do not', (t) => {
  const { look } = harness(t);
  const stale = look([status({ resolver: 'stale' })], 120);
  assert.deepEqual([stale.ready, stale.concerns], [true, ['no DNS server answers']]);
  assert.equal(look([status({ resolver: 'failing' })], 29).ready, true);
  assert.match(look([status({ resolver: 'failing' })], 1).reasons[0] ?? '', /^no DNS server answers, and/);
});

test('a listener that nobody reaches is a reason, once a carrier says that it accepts', async (t) => {
  const node = await startTestNode();
  t.after(() => node.close());
  const [listener] = testSettings().listeners;
  assert.ok(listener);
  const { look, doubts } = harness(t, {
    listeners: [
      { ...listener, name: 'reached', port: node.port },
      { ...listener, name: 'dead', port: 1 },
    ],
  });
  look([status({}, false)]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(look([status({}, false)], 3).ready, true);
  look([status()]);
  await doubts();
  assert.deepEqual(look([status()], 3).reasons, ['dead does not answer on its port (ECONNREFUSED)']);
});

/** `lookLate` resolves when it has been too late with an answer. */
async function slowListener(t: TestContext) {
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { listeners } = testSettings();
  const { port } = server.address() as AddressInfo;
  const { look, doubts, clock } = harness(t, { listeners: listeners.map((one) => ({ ...one, name: 'slow', port })) });
  const lookLate = async (): Promise<void> => {
    look([status()]);
    const answered = doubts();
    // The test's clock is the one that the question waits by.
    clock.advance(2_000);
    await answered;
  };
  return { look, lookLate };
}

test('a listener that is slow is a reason, but not while new tunnels are refused for that', { timeout: 30_000 }, async (t) => {
  const { look, lookLate } = await slowListener(t);
  await lookLate();
  assert.equal(look([status({ shedding: ['queue'] })], 10).ready, true);
  assert.deepEqual(look([status()], 3).reasons, ['slow does not answer on its port (no answer within 2 s)']);
});

test('our certificate: two weeks are a concern, and what the probe saw goes before the file', (t) => {
  const { certPem, keyPem } = makeCertificate(['proxy.example.com']);
  const tls = { certificatePem: certPem, keyPem, names: [], minVersion: 'TLSv1.2' as const, clients: null };
  const { listeners } = testSettings();
  const { look, probeSays, clock } = harness(t, { tls, listeners: listeners.map((one) => ({ ...one, port: 1 })), probe: PROBE });
  const carriers = [status({}, false)];
  // The test's certificate lives for two days from now, by the machine's own date.
  const leftMs = Date.now() + 2 * DAY_MS - clock.wallMs();
  assert.ok(leftMs > 0);
  probeSays({ certificateLeftMs: 20 * 3_600_000 });
  assert.deepEqual([look(carriers).ready, look(carriers).concerns], [true, []]);
  probeSays({ certificateLeftMs: 11 * 3_600_000 });
  assert.deepEqual(look(carriers).concerns, ['our certificate expires in 11 h']);
  probeSays({ certificateLeftMs: 4 * 3_600_000 });
  assert.deepEqual(look(carriers, 10).reasons, ['our certificate expires in 4 h']);
});

test('a certificate that no door shows does not matter', (t) => {
  const { certPem, keyPem } = makeCertificate(['proxy.example.com']);
  const tls = { certificatePem: certPem, keyPem, names: [], minVersion: 'TLSv1.2' as const, clients: null };
  const { look, probeSays } = harness(t, { tls, listeners: [], probe: PROBE });
  probeSays({ certificateLeftMs: 0 });
  assert.equal(look([status()], 20).ready, true);
});

test('the probe takes the node out at once, and it comes back when the probe lets it', (t) => {
  const { look, probeSays } = harness(t, { probe: PROBE });
  probeSays({ withdraw: true, troubles: ['it fails alone'] });
  const out = look([status()]);
  assert.deepEqual([out.ready, out.reasons, out.concerns], [false, ['it fails alone'], []]);
  probeSays({ troubles: ['AWS fails for all'] });
  assert.deepEqual(look([status()]).concerns, ['AWS fails for all']);
  assert.equal(look([status()], 4).ready, false);
  assert.equal(look([status()], 1).ready, true);
});

test('a probe that is silent takes no node out, brings one back, and is a concern', (t) => {
  const { look, probeSays, clock, judge } = harness(t, { probe: PROBE });
  probeSays({ withdraw: true, troubles: ['it fails alone'] });
  assert.equal(look([status()]).ready, false);
  assert.equal(judge().isProbeLate, false);
  clock.advance(100_001);
  const late = look([status()], 5);
  assert.deepEqual([late.ready, late.concerns, judge().isProbeLate], [true, ['the probe says nothing'], true]);
});

test('without a probe nothing is expected of it', (t) => {
  const { look, probeSays } = harness(t, { probe: null });
  probeSays({ withdraw: true, troubles: ['of an earlier run'] });
  const { ready, concerns } = look([status()], 300);
  assert.deepEqual([ready, concerns], [true, []]);
});

test('a control that starts again goes on where the last one ended', (t) => {
  const { look, now, restart, clock } = harness(t);
  now.memory = 0.01;
  assert.equal(look([status()], 5).ready, false);
  // As long as it may have hung, and taken to start.
  clock.advance(30_000);
  restart();
  now.memory = 0.5;
  assert.equal(look([status()], 29).ready, false);
  assert.equal(look([status()], 1).ready, true);
});

test('a control that was away for longer than any latch holds begins anew', (t) => {
  const { look, now, restart, clock } = harness(t);
  now.memory = 0.01;
  assert.equal(look([status()], 5).ready, false);
  clock.advance(30_001);
  restart();
  assert.equal(look([status()], 4).ready, true);
  assert.equal(look([status()], 1).ready, false);
});

test('files that change every few seconds keep no latch from tripping, nor from clearing', (t) => {
  const { look, reload } = harness(t);
  const failing = [status({ resolver: 'failing' })];
  look(failing);
  for (let again = 0; again < 2; again += 1) {
    assert.equal(look(failing, 10).ready, true);
    reload();
  }
  assert.equal(look(failing, 10).ready, false, 'after 30 s');
  look([status()]);
  assert.equal(look([status()], 6).ready, false);
  reload();
  assert.equal(look([status()], 4).ready, true, 'after 10 s');
});

test('what a listener answered holds behind a change of the file', async (t) => {
  const [listener] = testSettings().listeners;
  assert.ok(listener);
  const listeners = [{ ...listener, name: 'dead', port: 1 }];
  const { look, doubts, reload } = harness(t, { listeners });
  look([status()]);
  await doubts();
  look([status()]);
  reload({ listeners });
  assert.deepEqual(look([status()], 3).reasons, ['dead does not answer on its port (ECONNREFUSED)']);
});

test('a probe that is switched on by a change has its time to speak, and one that was on has no more of it', (t) => {
  const { look, reload, judge } = harness(t, { probe: null });
  look([status()], 100);
  reload({ probe: PROBE });
  look([status()], 59);
  assert.equal(judge().isProbeLate, false);
  reload({ probe: PROBE });
  look([status()], 1);
  assert.equal(judge().isProbeLate, true);
});

test('a change of the file brings its certificate', (t) => {
  const { certPem, keyPem } = makeCertificate(['proxy.example.com']);
  const tls = { certificatePem: certPem, keyPem, names: [], minVersion: 'TLSv1.2' as const, clients: null };
  const { look, probeSays, reload } = harness(t, { probe: PROBE });
  const { listeners } = testSettings();
  probeSays({ certificateLeftMs: 11 * 3_600_000 });
  assert.deepEqual(look([status()]).concerns, []);
  reload({ tls, listeners: listeners.map((one) => ({ ...one, port: 1 })), probe: PROBE });
  assert.deepEqual(look([status({}, false)]).concerns, ['our certificate expires in 11 h']);
});
