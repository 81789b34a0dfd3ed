import { TUNNEL_PAGE_ROWS } from '../control/carrier-api.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { NodeStatus } from '../control/node-status.ts';
import { writeDrain } from '../control/drain-file.ts';
import { writeVerdict } from '../control/verdict.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import type { TunnelRow } from '../core/ports.ts';
import type { ReloadResult } from '../core/supervision.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import type { OperateIo } from './find-node.ts';
import { runStatus } from './status.ts';
import { runTunnels } from './tunnels.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  command: typeof runStatus,
  args: readonly string[],
  env: OperateIo['env'] = {},
  files: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  const code = await command(args, {
    stdout: (text) => (said.stdout += text),
    stderr: (text) => (said.stderr += text),
    env,
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
    machine: { cores: 1, nofile: 1_024, uid: 4_294_967 },
    clock,
  });
  return { code, ...said };
}

/** A clock that stands still: what is so far off for the test is as far off for the command, however late that looks. */
function standing(): Clock {
  const [nowMs, wallMs] = [systemClock.nowMs(), systemClock.wallMs()];
  return { ...systemClock, nowMs: () => nowMs, wallMs: () => wallMs };
}

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'nobody-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('status says what is of concern though the node is ready', async (t) => {
  const world = await fakeSupervision(t);
  await world.carrier(0);
  const verdict = { ready: true, reasons: [], latches: [], fullUpstreams: [], answerS: null, atMs: systemClock.nowMs() };
  writeVerdict(world.runtime, { ...verdict, concerns: ['our certificate expires in 13 days', 'no DNS server answers'] });
  const { stdout } = await run(runStatus, ['--runtime', world.runtime]);
  assert.match(stdout, /^ready {4}yes, degraded\nconcern {2}our certificate expires in 13 days\nconcern {2}no DNS server answers\n/m);
});

test('status shows the node, its carriers and its refusals', async (t) => {
  const world = await fakeSupervision(t);
  const { metrics } = await world.carrier(0);
  metrics.decision('connect', '', 'OK');
  for (const reason of ['TARGET_NOT_ALLOWED', 'SNI_MISMATCH', 'SNI_MISMATCH']) metrics.decision('connect', '', reason);
  const { code, stdout, stderr } = await run(runStatus, ['--runtime', world.runtime]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^node {5}n, version v, generation 1, up [0-9]+s, pid 1$/m);
  assert.match(stdout, /^ready {4}yes$/m);
  assert.match(stdout, /^refused {2}SNI_MISMATCH 2, TARGET_NOT_ALLOWED 1$/m);
  assert.match(stdout, new RegExp(`^0 {8}1 {11}ready {2,}${process.pid} `, 'm'));
  assert.match(stdout, /^1 {8}1 {11}down {2,}- /m);
});

test('status shows the generations beside the current one', async (t) => {
  const world = await fakeSupervision(t);
  await world.carrier(0);
  const clock = standing();
  const [current] = world.view.generations;
  assert.ok(current);
  const retired = {
    ...current,
    generation: 0,
    version: '0.9.0',
    state: 'retired',
    deadlineAtMs: clock.wallMs() + 3_600_000,
  } as const;
  world.view = { ...world.view, generations: [current, retired] };
  const { stdout } = await run(runStatus, ['--runtime', world.runtime], {}, {}, clock);
  assert.match(stdout, /^generation {2}0 \(0\.9\.0\), retired: closes what could not be moved within 1h$/m);
});

test('status shows a drain, and that the node is not ready for it', async (t) => {
  const world = await fakeSupervision(t);
  await world.carrier(0);
  const clock = standing();
  const order = { by: 'ann', askedAtMs: 0, closesFromMs: clock.nowMs() + 90_000, deadlineAtMs: 1e12, pausedAtMs: null };
  writeDrain(world.runtime, { ...order, rate: 8, tunnels: 0, slow: null });
  const { stdout } = await run(runStatus, ['--runtime', world.runtime], {}, {}, clock);
  assert.match(stdout, /^ready {4}no: draining$/m);
  assert.match(stdout, /^drain {4}settling: 0 open, new tunnels are served for 1m 30s more, 1m 30s left; asked for by ann$/m);
  const { drain } = JSON.parse((await run(runStatus, ['--runtime', world.runtime, '--json'])).stdout) as NodeStatus;
  assert.equal(drain?.phase, 'settling');
});

test('status shows by which file the node runs, and why that is not what is in it', async (t) => {
  const world = await fakeSupervision(t);
  const clock = standing();
  const configuration = { ...world.view.configuration, sinceMs: clock.wallMs() - 3_600_000 };
  const shown = async (last: Partial<ReloadResult> | null): Promise<string> => {
    const whole = last && ({ atMs: clock.wallMs() - 120_000, problems: [], atStart: [], why: null, ...last } as unknown as ReloadResult);
    world.view = { ...world.view, configuration: { ...configuration, last: whole } };
    return /^file {5}(.*)$/m.exec((await run(runStatus, ['--runtime', world.runtime], {}, {}, clock)).stdout)?.[1] ?? '';
  };
  const inUse = '/etc/pinhole.yaml, policy version p for 1h';
  assert.equal(await shown(null), inUse);
  assert.equal(await shown({ outcome: 'taken' }), inUse);
  assert.equal(await shown({ outcome: 'unchanged' }), inUse);
  assert.equal(
    await shown({ outcome: 'bad', problems: ['p.yaml:1:2: no', 'p.yaml:3:4: no'] }),
    `${inUse}; not taken 2m ago: p.yaml:1:2: no`,
  );
  assert.equal(await shown({ outcome: 'failed', why: 'ENOSPC' }), `${inUse}; not taken 2m ago: ENOSPC`);
  const atStart = ['carriers', 'relay'].map((key) => ({ key, running: 'a', wanted: 'b' }));
  assert.equal(await shown({ outcome: 'at-start', atStart }), `${inUse}; not taken 2m ago: carriers, relay: at a start only`);
});

test('status --json is one line that says the same', async (t) => {
  const world = await fakeSupervision(t);
  await world.carrier(1);
  const { code, stdout } = await run(runStatus, ['--runtime', world.runtime, '--json']);
  assert.equal(code, 0);
  assert.equal(stdout.trim().split('\n').length, 1);
  const status = JSON.parse(stdout) as NodeStatus;
  assert.deepEqual(
    status.carriers.map(({ state, status: own }) => [state, own !== null]),
    [
      ['down', false],
      ['ready', true],
    ],
  );
});

test('the node that runs in a usual place is found; the first of a list that systemd gives counts', async (t) => {
  const world = await fakeSupervision(t);
  const { code, stdout } = await run(runStatus, ['--json'], { RUNTIME_DIRECTORY: `${world.runtime}:/elsewhere` });
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as NodeStatus).node, 'n');
});

test('where more than one node runs, the command asks which', async (t) => {
  const one = await fakeSupervision(t);
  const home = emptyFolder(t);
  const other = await fakeSupervision(t);
  symlinkSync(other.runtime, join(home, 'pinhole'));
  const { code, stderr } = await run(runStatus, [], { RUNTIME_DIRECTORY: one.runtime, XDG_RUNTIME_DIR: home });
  assert.equal(code, 64);
  assert.equal(stderr, `pinhole status: more than one node runs here: say --runtime ${one.runtime} or ${home}/pinhole\n`);
});

for (const [command, name, said] of [
  [runStatus, 'status', /^node {5}n, version v/],
  [runTunnels, 'tunnels', /^carrier 1 does not answer\n$/],
] as const) {
  test(`${name} without a node fails with 1 and says where it looked`, async (t) => {
    const folder = emptyFolder(t);
    const { code, stderr } = await run(command, ['--runtime', folder]);
    assert.equal(code, 1);
    assert.equal(stderr, `pinhole ${name}: no node answers in ${folder}\n`);
  });

  test(`${name} waits for a supervisor that is late, as on a machine that has too much to do`, async (t) => {
    const world = await fakeSupervision(t);
    await world.carrier(0);
    world.answersAfterMs = 1_500;
    const { code, stdout, stderr } = await run(command, ['--runtime', world.runtime]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, said);
  });

  test(`${name} of a node that ends behind its first answer fails with 1, and shows nothing`, async (t) => {
    const world = await fakeSupervision(t);
    world.answersLeft = 1;
    const { code, stdout, stderr } = await run(command, ['--runtime', world.runtime]);
    assert.deepEqual([code, stdout, stderr], [1, '', `pinhole ${name}: the node in ${world.runtime} has just ended\n`]);
  });

  for (const [what, args] of [
    ['an unknown option', ['--nope']],
    ['a word too many', ['extra']],
    ['both ways to say which node', ['-c', 'x', '--runtime', 'y']],
    ['a file that is not there', ['-c', '/nonexistent']],
  ] as const) {
    test(`${name}: ${what} is exit 64`, async () => {
      const { code, stderr } = await run(command, args);
      assert.equal(code, 64);
      assert.notEqual(stderr, '');
    });
  }

  test(`${name} --help`, async () => {
    const { code, stdout } = await run(command, ['--help']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Usage: pinhole ${name}`));
  });
}

test('status -c finds the node by its file, and a file with mistakes is named', async (t) => {
  const world = await fakeSupervision(t);
  const good = `runtime: ${world.runtime}\nlisten: [{ address: "127.0.0.1:8443" }]\nendpoints: [{ name: p, data: a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com }]\n`;
  assert.equal((await run(runStatus, ['-c', 'good.yaml'], {}, { 'good.yaml': good })).code, 0);
  const bad = await run(runStatus, ['-c', 'bad.yaml'], {}, { 'bad.yaml': `${good}nonsense: 1\n` });
  assert.equal(bad.code, 64);
  assert.match(bad.stderr, /bad\.yaml:4:1: nonsense/);
  assert.match(bad.stderr, /--runtime DIR finds the node without it/);
});

for (const limit of ['0', '-1', 'many', '1.5', '1000001', '']) {
  test(`tunnels --limit=${limit} is exit 64`, async () => {
    assert.equal((await run(runTunnels, [`--limit=${limit}`])).code, 64);
  });
}

test('tunnels says that there is none, and which carrier does not answer', async (t) => {
  const world = await fakeSupervision(t);
  await world.carrier(0);
  const { code, stdout } = await run(runTunnels, ['--runtime', world.runtime]);
  assert.equal(code, 0);
  assert.equal(stdout, 'carrier 1 does not answer\n');
  await world.carrier(1);
  assert.equal((await run(runTunnels, ['--runtime', world.runtime])).stdout, 'no open tunnel\n');
});

function row(id: string, ageMs: number): TunnelRow {
  const far = { target: 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com:443', upstream: '192.0.2.1:443', client: '198.51.100.7:40000' };
  return {
    id,
    door: 'connect',
    tenant: null,
    endpoint: 'p',
    kind: 'data',
    phase: 'relaying',
    ageMs,
    idleMs: 500,
    bytesUp: 1_536,
    bytesDown: 9,
    ...far,
  };
}

test('tunnels lists the oldest first, over all carriers, up to the limit', async (t) => {
  const world = await fakeSupervision(t);
  const [first, second] = [await world.carrier(0), await world.carrier(1)];
  first.rows = [row('A', 5_000), row('C', 3_000)];
  second.rows = [row('B', 4_000)];
  const { stdout } = await run(runTunnels, ['--runtime', world.runtime, '--limit', '2']);
  const [head, a, b, note] = stdout.split('\n');
  assert.match(head ?? '', /^id {2}door {5}tenant {2}target {2,}client {2,}age {2}idle {2}up {6,}down {2}phase$/);
  assert.match(
    a ?? '',
    /^A {3}connect {2}- {7}a1b2c3d4e5f6g7-ats\.iot\.eu-west-1\.amazonaws\.com:443 {2}198\.51\.100\.7:40000 {2}5s {3}0s {4}1\.5 KiB {2}9 B {3}relaying$/,
  );
  assert.match(b ?? '', /^B /);
  assert.equal(note, '2 of 3 tunnels shown; --limit shows more');
  const json = JSON.parse((await run(runTunnels, ['--runtime', world.runtime, '--json'])).stdout) as {
    rows: { id: string; carrier: number }[];
  };
  assert.deepEqual(
    json.rows.map(({ id, carrier }) => [id, carrier]),
    [
      ['A', 0],
      ['B', 1],
      ['C', 0],
    ],
  );
});

test('tunnels asks a carrier for one page after another', async (t) => {
  const world = await fakeSupervision(t);
  const [first, second] = [await world.carrier(0), await world.carrier(1)];
  first.rows = Array.from({ length: 2.5 * TUNNEL_PAGE_ROWS }, (_, index) => row(`A${index}`, 10_000 - index));
  second.rows = Array.from({ length: TUNNEL_PAGE_ROWS }, (_, index) => row(`B${index}`, 5_000 - index));
  const listed = async (...args: readonly string[]): Promise<string[]> => {
    const { stdout } = await run(runTunnels, ['--runtime', world.runtime, '--json', ...args]);
    return (JSON.parse(stdout) as { rows: { id: string }[] }).rows.map(({ id }) => id);
  };
  const all = [...first.rows, ...second.rows].map(({ id }) => id);
  assert.deepEqual(await listed('--limit', '100000'), all);
  assert.deepEqual(await listed('--limit', String(TUNNEL_PAGE_ROWS + 1)), all.slice(0, TUNNEL_PAGE_ROWS + 1));
});
