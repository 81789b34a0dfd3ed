// The script as k6 itself runs it, against a far end of ours through a proxy that is not Pinhole. Skipped, loudly, where there is no k6 and no Go.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import { FarEnd } from '../far-end/server.ts';
import { SharedCount } from '../far-end/shared-count.ts';
import { findK6 } from '../k6-binary.ts';
import { startGenerators } from '../rig/generators.ts';
import { Processes } from '../rig/processes.ts';
import type { AgentPlan, Work } from '../shared/agent-plan.ts';
import { Histogram } from '../shared/histogram.ts';
import type { Tick } from '../shared/tick.ts';
import { ConnectProxy } from '../testing/connect-proxy.ts';
import { ownFolder } from '../testing/folder.ts';

/** A machine that has never built k6 takes minutes for it. */
const BUILD_MS = 15 * 60_000;
/** k6 compiles the script first; what was planned for before it began is not made up for in full. */
const START_MS = 9_000;
const TUNNELS = 12;
const VUS = 4;

let k6: string | null = null;
let whyNot = '';

before(
  async () => {
    const progress = (line: string): void => void process.stderr.write(`${line}\n`);
    k6 = await findK6({ env: process.env, progress }).then(
      ({ path }) => path,
      (error: Error) => ((whyNot = error.message), null),
    );
  },
  { timeout: BUILD_MS },
);

/** True where the case cannot run: said where nobody can miss it, and a failure where it was promised that everything runs. */
function cannotRun(context: TestContext): boolean {
  if (k6 !== null) return false;
  const line = `NOT RUN: ${context.name}: ${whyNot}`;
  process.stderr.write(`\n*** ${line}\n\n`);
  assert.notEqual(process.env['PINHOLE_NO_SKIPS'], '1', line);
  context.skip(line);
  return true;
}

interface Seen {
  readonly ticks: Tick[];
  readonly complaints: string[];
  readonly proxy: ConnectProxy;
  readonly farEnd: FarEnd;
}

/** Two k6 processes; `during` begins when the plan does. */
async function run(
  context: TestContext,
  work: Work,
  seconds: number,
  during: (seen: Seen) => void = () => {},
  more: Partial<AgentPlan> = {},
): Promise<Seen> {
  const folder = ownFolder(context);
  writeFileSync(join(folder, 'count'), '');
  const count = new SharedCount(join(folder, 'count'), 0, 1);
  const farEnd = new FarEnd({ address: '127.0.0.1', port: 0, quota: null, count, nowMs: Date.now });
  await farEnd.listen();
  context.after(() => farEnd.die());
  const seen: Seen = { ticks: [], complaints: [], proxy: await ConnectProxy.start(context, farEnd.port), farEnd };
  const beginsMs = Date.now() + START_MS;
  const generators = await startGenerators(
    {
      k6: k6 ?? '',
      agents: {
        url: 'ws://a1b2c3.iot.test:443/mqtt',
        beginsMs,
        endsMs: beginsMs + seconds * 1_000,
        tunnels: TUNNELS,
        vus: VUS,
        opensPerSecond: 12,
        triesPerSecond: null,
        restSeconds: 0,
        work,
        backoff: { firstMs: 500, capMs: 1_000 },
        clientIdPrefix: 'agent-',
        ...more,
      },
      processes: 2,
      proxy: `http://127.0.0.1:${seen.proxy.port}`,
      env: {},
      folder,
      heard: (tick) => seen.ticks.push(tick),
      torn: () => {},
      complained: (line) => seen.complaints.push(line),
    },
    new Processes(),
  );
  context.after(() => generators.stop());
  setTimeout(() => during(seen), beginsMs - Date.now());
  await generators.ended;
  return seen;
}

const sum = (ticks: readonly Tick[], of: (tick: Tick) => number | undefined): number =>
  ticks.reduce((total, tick) => total + (of(tick) ?? 0), 0);
const samples = (ticks: readonly Tick[], of: (tick: Tick) => readonly number[] | undefined): number =>
  Histogram.of(ticks.map((tick) => of(tick) ?? [])).count;

test('agents that ping: refused ones and dropped ones come back, and the end is no drop', { timeout: 120_000 }, async (context) => {
  if (cannotRun(context)) return;
  const { ticks, proxy } = await run(context, { kind: 'ping', everySeconds: 2 }, 14, (seen) => {
    seen.proxy.refusals.push('503 NODE_RATE_LIMITED\r\nRetry-After: 5', '403 Forbidden');
    setTimeout(() => seen.proxy.drop(3), 6_000);
  });
  assert.deepEqual([...new Set(ticks.map(({ vu }) => vu))].sort(), [1, 2, 3, 4]);
  assert.deepEqual([...new Set(proxy.targets)], ['a1b2c3.iot.test:443']);
  assert.equal(
    sum(ticks, ({ failed }) => failed?.['NODE_RATE_LIMITED']),
    1,
  );
  assert.equal(
    sum(ticks, ({ failed }) => failed?.['proxy-refused']),
    1,
  );
  assert.equal(
    sum(ticks, ({ dropped }) => dropped?.['1006']),
    3,
  );
  assert.equal(
    sum(ticks, ({ opened }) => opened),
    TUNNELS + 3,
  );
  assert.equal(
    sum(ticks, ({ closed }) => closed),
    TUNNELS,
  );
  assert.ok(sum(ticks, ({ sent }) => sent) >= TUNNELS * 3);
  assert.equal(
    sum(ticks, ({ back }) => back),
    samples(ticks, ({ roundTripUs }) => roundTripUs),
  );
  assert.equal(
    samples(ticks, ({ openUs }) => openUs),
    TUNNELS + 3,
  );
});

test('messages: as many as the steps say, and each comes back', { timeout: 120_000 }, async (context) => {
  if (cannotRun(context)) return;
  const steps = [
    { perSecond: 20, seconds: 3 },
    { perSecond: 40, seconds: 3 },
  ];
  const { ticks, farEnd, complaints } = await run(context, { kind: 'messages', bytes: 64, steps }, 14);
  assert.deepEqual(complaints, []);
  // Those due before an agent was up are not sent.
  const sent = sum(ticks, (tick) => tick.sent);
  assert.ok(sent > 150 && sent <= 180, `${sent} sent`);
  assert.equal(
    sum(ticks, ({ back }) => back),
    sent,
  );
  assert.equal(
    sum(ticks, ({ unanswered }) => unanswered),
    0,
  );
  assert.equal(farEnd.take().messages, sent);
});

test('opens: as many as the steps say, each stays its time and none comes back', { timeout: 120_000 }, async (context) => {
  if (cannotRun(context)) return;
  const { ticks } = await run(context, { kind: 'opens', staySeconds: 2, steps: [{ perSecond: 4, seconds: 6 }] }, 12, ({ proxy }) => {
    proxy.refusals.push('503 NODE_FULL');
  });
  assert.equal(
    sum(ticks, ({ tried }) => tried),
    24,
  );
  assert.equal(
    sum(ticks, ({ opened }) => opened),
    23,
  );
  assert.equal(
    sum(ticks, ({ closed }) => closed),
    23,
  );
  assert.equal(
    sum(ticks, ({ failed }) => failed?.['NODE_FULL']),
    1,
  );
  assert.equal(Math.max(...ticks.map(({ wanted }) => wanted)), 2, 'four a second that stay two, among four VUs');
});

test('a start that is late by a minute is made up for at the rate of the plan', { timeout: 120_000 }, async (context) => {
  if (cannotRun(context)) return;
  const late = { beginsMs: Date.now() - 60_000, triesPerSecond: 3 };
  const { ticks } = await run(context, { kind: 'ping', everySeconds: 60 }, 10, () => {}, late);
  const bySecond = new Map<number, number>();
  for (const { at, tried = 0 } of ticks) bySecond.set(at, (bySecond.get(at) ?? 0) + tried);
  assert.equal(
    sum(ticks, ({ tried }) => tried),
    TUNNELS,
  );
  // Of one VU three tries take a gap and a half at least (shared/pacer.ts), wherever it stands still in between: that is 2 s here.
  const byTwoSeconds = [...bySecond].map(([at, tried]) => tried + (bySecond.get(at + 1) ?? 0));
  assert.ok(Math.max(...byTwoSeconds) <= 2 * VUS, JSON.stringify([...bySecond]));
});
