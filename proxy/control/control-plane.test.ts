import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { ProbeVerdict } from '../../healthcheck/probe/contract.ts';
import { systemClock } from '../core/clock.ts';
import { RestingClock } from '../core/resting-clock.ts';
import type { SupervisorView } from '../core/supervision.ts';
import { METRICS } from '../core/metrics.ts';
import { controlSocket, ledgerFile, probeFile, supervisorSocket, verdictFile } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { openLedgerFile } from '../limits/ledger.ts';
import { probeAddresses } from '../supervisor/listen-sockets.ts';
import { makeCertificate } from '../test/support/certificate.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import { probeVerdict } from '../test/support/probe-verdict.ts';
import { testSettings } from '../test/support/settings.ts';
import { askJson } from './ask.ts';
import { ControlPlane } from './control-plane.ts';
import { LATCH_NAMES } from './latches.ts';
import type { NodeStatus, Readying } from './node-status.ts';
import type { ProbeView } from './probe-report.ts';
import { readVerdict, type Verdict } from './verdict.ts';

const NO_PROBE = { start: () => {}, stop: async () => {}, replaceSilent: () => {} };
const PROBE: Settings['probe'] = { schedule: '* * * * *', failures: 3, peers: [], roots: {}, login: null };

function probeText(changes: Partial<ProbeVerdict>): string {
  const endpoint = { failed: 0, succeeded: 0, isFailing: false, alone: 0, isMine: false };
  const endpoints = [
    { ...endpoint, name: 'production', ok: false },
    { ...endpoint, name: 'other', ok: true },
    { ...endpoint, name: 'unknown', ok: null },
  ];
  return JSON.stringify(probeVerdict(systemClock.nowMs(), { endpoints, ...changes }));
}

interface Got {
  readonly status: number;
  readonly text: string;
}

async function harness(t: TestContext, changes: Partial<Settings> = {}, clock = systemClock, restMs: number | null = null) {
  const world = await fakeSupervision(t);
  const [health, admin] = await probeAddresses([
    { host: '127.0.0.1', port: 0 },
    { host: '127.0.0.1', port: 0 },
  ]);
  const address = { host: '127.0.0.1', port: 0, token: null, names: [], peers: [] };
  const settings = testSettings({ listeners: [], ...changes, health: { ...address, ...health }, admin: { ...address, ...admin } });
  const announced: Verdict[] = [];
  const calls: string[] = [];
  const probe = { start: () => calls.push('start'), stop: async () => void calls.push('stop'), replaceSilent: () => calls.push('replace') };
  const announce = (verdict: Verdict): void => void announced.push(verdict);
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  const views = { said: null as SupervisorView | null };
  const resting = new RestingClock(clock, restMs, () => calls.push('rests'));
  const plane = new ControlPlane({
    ...{ runtime: world.runtime, settings, clock: resting, announce, failed, probe },
    view: () => Promise.resolve(views.said),
  });
  await plane.start();
  t.after(() => plane.stop());
  const ask = (port: number | undefined, path: string, headers: Record<string, string> = {}): Promise<Got> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      }).on('error', reject);
    });
  return {
    world,
    plane,
    settings,
    announced,
    views,
    failures,
    calls,
    resting,
    health: (path: string, headers?: Record<string, string>) => ask(health?.port, path, headers),
    admin: (path: string, headers?: Record<string, string>) => ask(admin?.port, path, headers),
  };
}

test('the health address is ready once a carrier answers, and says why it is not', async (t) => {
  const { world, health } = await harness(t);
  const before = await health('/ready');
  assert.equal(before.status, 503);
  assert.match(before.text, /no carrier answered within a second/);
  const carrier = await world.carrier(0);
  const { status, text } = await health('/ready');
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(JSON.parse(text) as object), [
    'ready',
    'degraded',
    'reasons',
    'concerns',
    'latches',
    'node',
    'version',
    'probe',
  ]);
  carrier.isAccepting = false;
  assert.match((await health('/ready')).text, /no carrier accepts/);
  assert.equal((await health('/live')).status, 200);
  assert.equal((await health('/nope')).status, 404);
});

/** Both carriers are there and rest, as their supervisor heard. */
async function restingNode(t: TestContext) {
  const made = await harness(t, {}, systemClock, 4_000);
  const { world, views } = made;
  for (const slot of [0, 1]) await world.carrier(slot);
  const word = { said: null, ageMs: 60_000, withinMs: 4_000 };
  views.said = { ...world.view, slots: world.view.slots.map((slot) => ({ ...slot, word })) };
  const rests = async (): Promise<void> => {
    while (made.resting.restMs === null) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  /** Of the look that is under way, or of the next one. */
  const works = async (): Promise<void> => {
    while (made.resting.restMs !== null) {
      await made.plane.look();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  /** For how long its word counts beside what any does. */
  const said = (): number | undefined => readVerdict(world.runtime, systemClock)?.restMs;
  return { ...made, rests, works, said };
}

test('control rests once it has found nothing new, and no more as soon as somebody follows the node', async (t) => {
  const { settings, resting, calls, rests, said } = await restingNode(t);
  await rests();
  assert.equal(said(), 4_000);
  assert.equal(calls.filter((call) => call === 'rests').length, 1);
  const page = get({ host: '127.0.0.1', port: settings.admin.port, path: '/events', agent: false });
  t.after(() => page.destroy());
  const points: string[] = [];
  page.on('response', (response) => response.setEncoding('utf8').on('data', (text: string) => points.push(text)));
  while (points.join('').split('event: second').length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(resting.restMs, null);
  page.on('error', () => {}).destroy();
  await rests();
  assert.equal(said(), 4_000);
});

test('a carrier that works, a node that stops and a look that fails each end its rest', async (t) => {
  const { world, views, failures, rests, works, said } = await restingNode(t);
  const quiet = views.said;
  assert.ok(quiet);
  const word = { said: null, ageMs: 60_000, withinMs: 1_000 };
  for (const change of [{ slots: quiet.slots.map((slot) => ({ ...slot, word })) }, { stopping: true }]) {
    await rests();
    views.said = { ...quiet, ...change };
    await works();
    assert.equal(said(), undefined);
    views.said = quiet;
  }
  await rests();
  rmSync(world.runtime, { recursive: true });
  await works();
  assert.ok(failures.length > 0);
  mkdirSync(world.runtime);
});

test('a look for which no supervisor answers ends its rest too', async (t) => {
  const { world, views, rests, works } = await restingNode(t);
  await rests();
  views.said = null;
  rmSync(supervisorSocket(world.runtime));
  await works();
});

test('a node that stops is not ready, and its carriers are told by the verdict', async (t) => {
  const { world, plane, health } = await harness(t);
  await world.carrier(0);
  world.view = { ...world.view, stopping: true };
  await plane.look();
  assert.deepEqual(readVerdict(world.runtime, systemClock)?.reasons, ['the node stops']);
  const { status, text } = await health('/ready');
  assert.equal(status, 503);
  assert.match(text, /the node stops/);
});

test('the health address shows every latch, what is of concern, and the last round of the probe', async (t) => {
  const { world, plane, health, announced } = await harness(t, { probe: PROBE });
  const carrier = await world.carrier(0);
  carrier.load = { ...carrier.load, shedding: ['memory'] };
  const writtenMs = systemClock.nowMs();
  writeFileSync(probeFile(world.runtime), probeText({ troubles: ['production is not reached'] }));
  await plane.look();
  const { status, text } = await health('/ready');
  assert.equal(status, 200);
  const { ready, degraded, concerns, latches, probe } = JSON.parse(text) as Readying & { probe: ProbeView };
  assert.deepEqual([ready, degraded], [true, true]);
  assert.deepEqual(concerns, ['new tunnels are refused for want of room: memory', 'production is not reached']);
  assert.deepEqual(
    latches.map(({ latch, ok }) => [latch, ok]),
    LATCH_NAMES.map((latch) => [latch, true]),
  );
  for (const { forSeconds } of latches) assert.ok(Number.isInteger(forSeconds) && forSeconds >= 0);
  assert.equal(probe.endpoints[0]?.name, 'production');
  const passedS = (systemClock.nowMs() - writtenMs) / 1_000;
  assert.ok(probe.secondsAgo <= Math.round(passedS), `${probe.secondsAgo} s, and not ${passedS} s`);
  assert.deepEqual(announced.at(-1)?.concerns, concerns);
});

test('a node that the probe takes out is not ready, and degraded', async (t) => {
  const { world, plane, health } = await harness(t, { probe: PROBE });
  await world.carrier(0);
  writeFileSync(probeFile(world.runtime), probeText({ withdraw: true, troubles: ['it fails alone'] }));
  await plane.look();
  const { status, text } = await health('/ready');
  const { degraded, reasons } = JSON.parse(text) as Readying;
  assert.deepEqual([status, degraded, reasons], [503, true, ['it fails alone']]);
  assert.match((await health('/metrics')).text, /^pinhole_ready 0$/m);
});

test('the probe is started with the first carrier that accepts, replaced where it is silent, and ended with control', async (t) => {
  const { world, plane, calls } = await harness(t, { probe: PROBE });
  await plane.look();
  assert.deepEqual(calls, [], 'nobody accepts yet');
  await world.carrier(0);
  await plane.look();
  await plane.look();
  assert.deepEqual(calls, ['start']);
  writeFileSync(probeFile(world.runtime), probeText({ atMs: systemClock.nowMs() - 1e6 }));
  await plane.look();
  assert.deepEqual(calls, ['start', 'replace']);
  await plane.stop();
  assert.deepEqual(calls.slice(0, 3), ['start', 'replace', 'stop']);
});

test('every metric of the table is served, with a value', async (t) => {
  const { certPem } = makeCertificate(['proxy.example.com']);
  const tls = { certificatePem: certPem, keyPem: '', names: ['proxy.example.com'], minVersion: 'TLSv1.2' as const, clients: null };
  const { world, health } = await harness(t, { tls, probe: PROBE });
  writeFileSync(probeFile(world.runtime), probeText({}));
  const { metrics } = await world.carrier(0);
  metrics.decision('connect', 'acme', 'OK');
  metrics.tunnelOpened('connect', 'acme', 'data', '192.0.2.1:443');
  metrics.close('connect', 'client');
  metrics.stage('total', 0.2);
  metrics.bytes(3, 4);
  metrics.gauges({ pending: 2, tunnels: 1, descriptorsUsed: 40, descriptors: 100, logDropped: 1, loopDelayS: 0 });
  const ledger = openLedgerFile(
    ledgerFile(world.runtime),
    0,
    {
      capacity: { tunnels: 100, perCarrier: 50, nofile: 1_000_000 },
      opensPerSecond: 100,
      pending: 1,
      perSource: { pending: 1, refusalsPerSecond: 1 },
    },
    systemClock,
  );
  for (let tunnel = 0; tunnel < 25; tunnel += 1) ledger.open();
  t.after(() => ledger.close());

  const { text } = await health('/metrics');
  const value = (series: string): number =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')
        .at(-1),
    );
  const missing = Object.keys(METRICS).filter((name) => !new RegExp(`^${name}(_count)?(\\{.*\\})? [0-9]`, 'm').test(text));
  assert.deepEqual(missing, []);
  assert.equal(value('pinhole_ready'), 1);
  assert.equal(value('pinhole_probe_success{endpoint="production"}'), 0);
  assert.equal(value('pinhole_probe_success{endpoint="other"}'), 1);
  assert.doesNotMatch(text, /endpoint="unknown"/);
  assert.equal(value('pinhole_tunnels{door="connect",tenant="acme",kind="data"}'), 1);
  assert.equal(value('pinhole_opens_total{door="connect",tenant="acme",reason="OK"}'), 1);
  assert.equal(value('pinhole_closes_total{door="connect",ended_by="client"}'), 1);
  assert.equal(value('pinhole_bytes_total{direction="up"}'), 3);
  assert.equal(value('pinhole_bytes_total{direction="down"}'), 4);
  assert.equal(value('pinhole_pending_connections'), 2);
  assert.equal(value('pinhole_log_dropped_total'), 1);
  assert.equal(value('pinhole_ports_in_use'), 1);
  assert.equal(value('pinhole_carriers{state="ready"}'), 1);
  assert.equal(value('pinhole_carriers{state="down"}'), 1);
  assert.equal(value('pinhole_headroom_ratio{resource="descriptors"}'), 0.6);
  assert.equal(value('pinhole_headroom_ratio{resource="tunnels"}'), 0.75);
  assert.ok(value('pinhole_headroom_ratio{resource="ports"}') > 0.99);
  assert.ok(value('pinhole_headroom_ratio{resource="memory"}') > 0);
  // The test's certificate is good for two days.
  assert.ok(Math.abs(value('pinhole_certificate_expiry_seconds') - 172_800) < 600);
});

test('a scraper that asks for OpenMetrics gets it', async (t) => {
  const { health } = await harness(t);
  const { text } = await health('/metrics', { Accept: 'application/openmetrics-text; version=1.0.0' });
  assert.match(text, /^# TYPE pinhole_config_reload_failed counter\npinhole_config_reload_failed_total 0$/m);
  assert.match(text, /\n# EOF\n$/);
});

test('the admin address tells the status to those who know it by its name', async (t) => {
  const { world, admin } = await harness(t);
  const carrier = await world.carrier(0);
  carrier.metrics.decision('connect', '', 'OK');
  carrier.metrics.decision('connect', '', 'TARGET_NOT_ALLOWED');
  const status = JSON.parse((await admin('/status')).text) as NodeStatus;
  assert.equal(status.ready, true);
  assert.equal(status.opened, 1);
  assert.deepEqual(status.refused, { TARGET_NOT_ALLOWED: 1 });
  assert.equal(status.carriers[0]?.status?.accepting, true);
  assert.equal(status.carriers[1]?.status, null);
  assert.equal((await admin('/status', { Host: 'evil.example' })).status, 403);
  const bySocket = (await askJson(controlSocket(world.runtime), '/status', systemClock)) as NodeStatus;
  assert.equal(bySocket.node, 'n');
});

test('control keeps what the dead had while it lives', async (t) => {
  const { world, plane, health } = await harness(t);
  const carrier = await world.carrier(0);
  carrier.metrics.decision('connect', '', 'OK');
  await carrier.persist();
  await carrier.kill();
  await plane.look();
  assert.match((await health('/metrics')).text, /pinhole_opens_total\{door="connect",tenant="",reason="OK"\} 1/);
});

test('a change of the file resets no latch', async (t) => {
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  const { world, plane, settings } = await harness(t, {}, clock);
  Object.assign((await world.carrier(0)).load, { descriptorsFree: 0.01 });
  await plane.look();
  plane.take({ ...settings });
  aheadMs = 5_000;
  await plane.look();
  assert.deepEqual(readVerdict(world.runtime, clock)?.reasons, ["1.0 % of a carrier's descriptors are left"]);
});

for (const [what, load] of [
  ['lacks a part of its load', { eventLoopDelayS: 0.1 }],
  ['lacks all of it', undefined],
] as const) {
  test(`a carrier of another version that ${what} does not keep control from its word`, async (t) => {
    const { world, plane, failures } = await harness(t);
    Object.assign(await world.carrier(0), { load });
    Object.assign((await world.carrier(1)).load, { resolver: 'stale' });
    await plane.look();
    assert.deepEqual(failures, []);
    assert.deepEqual(readVerdict(world.runtime, systemClock)?.concerns, ['no DNS server answers'], 'the others are heard');
  });
}

test('a look that fails is told', async (t) => {
  const { world, plane, failures } = await harness(t);
  await world.carrier(0);
  mkdirSync(`${verdictFile(world.runtime)}.tmp`);
  await plane.look();
  assert.match(String(failures), /EISDIR/);
});

test('what the supervisor says by itself is what counts; its socket is asked where it says nothing', async (t) => {
  const { world, plane, announced, views } = await harness(t);
  await world.carrier(0);
  await plane.look();
  assert.equal(announced.at(-1)?.reasons.includes('the node stops'), false);
  views.said = { ...world.view, stopping: true };
  await plane.look();
  assert.notDeepEqual(announced.at(-1)?.reasons, announced.at(-2)?.reasons);
  assert.equal(announced.at(-1)?.reasons.includes('the node stops'), true);
  views.said = null;
  await plane.look();
  assert.deepEqual(announced.at(-1)?.reasons, announced.at(-3)?.reasons);
});

test('an address that is taken is an error at start', async (t) => {
  const world = await fakeSupervision(t);
  const [taken] = await probeAddresses([{ host: '127.0.0.1', port: 0 }]);
  const settings = testSettings({
    health: { host: '127.0.0.1', port: taken?.port ?? 0 },
    admin: { host: '127.0.0.1', port: taken?.port ?? 0, token: null, names: [], peers: [] },
  });
  const plane = new ControlPlane({
    runtime: world.runtime,
    settings,
    clock: new RestingClock(systemClock, null),
    announce: () => {},
    failed: () => {},
    view: () => Promise.resolve(null),
    probe: NO_PROBE,
  });
  t.after(() => plane.stop());
  await assert.rejects(plane.start(), /EADDRINUSE/);
});
