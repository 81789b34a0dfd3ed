import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { SupervisorMessage } from '../core/supervision.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { ANSWER_MS, HandOut } from './hand-out.ts';
import type { LivePlan, ReloadPlan } from './plan.ts';
import { Reloader, RETRY_MS } from './reloader.ts';
import { launchOf } from './spawn-role.ts';
import { AcceptedSettings } from './runtime-folder.ts';

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

type Kind = ReloadPlan extends infer Plan ? (Plan extends unknown ? Omit<Plan, 'version' | 'launch' | 'files'> : never) : never;

/** A reloader whose reader says what the test says, over one carrier and control that do as they are told unless the test says otherwise. */
function harness(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'reloader-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = new FakeClock();
  const settings = join(folder, 'settings.json');
  const prepared = join(folder, 'prepared.json');
  const lines: string[] = [];
  const taken: string[] = [];
  const log = { opens: true, used: 0, dropped: 0 };
  const behave = { carrier: true, refuses: null as string | null };
  const reads: { done(plan: ReloadPlan | string): void }[] = [];
  let cleaned = 0;
  const answer =
    (who: string, isGood: () => boolean) =>
    (message: SupervisorMessage): void => {
      if (!isGood() || !('turn' in message)) return;
      const { turn } = message;
      if (message.type === 'stage' && who !== 'control' && behave.refuses !== null) {
        handOut.answered(who, { type: 'refused', turn, why: behave.refuses });
      } else if (message.type === 'stage') handOut.answered(who, { type: 'staged', turn });
      else if (message.type === 'swap') handOut.answered(who, { type: 'swapped', turn, policyVersion: readFileSync(settings, 'utf8') });
    };
  const later = (tell: (message: SupervisorMessage) => void) => (message: SupervisorMessage) => queueMicrotask(() => tell(message));
  const handOut: HandOut = new HandOut({
    clock,
    carriers: [{ who: 'carrier 0', tell: later(answer('carrier 0', () => behave.carrier)) }],
    control: { who: 'control', tell: later(answer('control', () => true)) },
    settingsFile: settings,
    policyVersion: 'v1',
    late: () => {},
  });
  for (const who of ['carrier 0', 'control']) handOut.ready(who, 'v1');
  const current = { handOut, accepted: new AcceptedSettings(settings, 'v1'), version: '0.0.0' };
  const reloader = new Reloader({
    clock,
    log: {
      write: (level, event, fields) => lines.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`),
      prepare() {
        if (!log.opens) throw new Error('EACCES');
        return { take: () => (log.used += 1), drop: () => (log.dropped += 1) };
      },
      reopen() {},
      flush: () => Promise.resolve(),
    },
    current: () => current,
    file: '/etc/p.yaml',
    files: [{ path: '/nonexistent/p.yaml', mark: 'ENOENT' }],
    policyVersion: 'v1',
    read() {
      const { promise: plan, resolve: done } = Promise.withResolvers<ReloadPlan | string>();
      reads.push({ done });
      return { plan, end: () => done('the configuration was not read: the node stops'), cleanUp: () => (cleaned += 1) };
    },
    take: ({ policyVersion }) => taken.push(policyVersion),
  });
  t.after(() => reloader.stop());

  const live = (policyVersion: string): LivePlan => ({
    node: 'n',
    policyVersion,
    preparedSettings: prepared,
    stopMs: 1,
    drain: { rate: 8, deadlineMs: 1 },
    revoked: 'close',
    log: { level: 'info', file: null },
    capacity: { configured: 1, tunnels: 1, perCarrier: 1, carriers: 1, nofile: 1, binds: 'limits.tunnels' },
    warnings: [],
  });
  return {
    clock,
    reloader,
    lines,
    taken,
    log,
    behave,
    settings,
    prepared,
    cleaned: () => cleaned,
    reading: () => reads.length,
    events: () => lines.splice(0).map((line) => line.split(' ').slice(0, 2).join(' ')),
    /** The run that is under way reads this. */
    async reads(kind: Kind | string, version = '0.0.0') {
      await settled();
      reads.shift()?.done(typeof kind === 'string' ? kind : ({ version, launch: launchOf('', ''), files: [], ...kind } as ReloadPlan));
      await settled();
    },
    /** A good file of another version. */
    good(policyVersion: string): Kind {
      writeFileSync(prepared, policyVersion);
      return { kind: 'changed', plan: live(policyVersion), changed: ['policy'] };
    },
  };
}

test('a good file is accepted, swapped by everybody, and said', async (t) => {
  const { reloader, reads, good, settings, prepared, lines, taken, log, cleaned } = harness(t);
  const asked = reloader.request('SIGHUP');
  await reads(good('v2'));
  const result = await asked;
  assert.deepEqual([result.outcome, result.code, result.policyVersion, result.before, result.by], ['taken', 0, 'v2', 'v1', 'SIGHUP']);
  assert.deepEqual(result.carriers, [{ who: 'carrier 0', took: true, why: null }]);
  assert.deepEqual([readFileSync(settings, 'utf8'), existsSync(prepared), taken, log.used, cleaned()], ['v2', false, ['v2'], 1, 1]);
  assert.match(
    lines.join('\n'),
    /^info configuration-taken \{"by":"SIGHUP","policy_version":"v2","before":"v1","changed":\["policy"\],"carriers":1,"took":1/,
  );
  assert.deepEqual([reloader.view().policyVersion, reloader.view().failed, reloader.view().last], ['v2', 0, result]);
});

for (const [what, plan, outcome, code, said] of [
  ['nothing new', { kind: 'unchanged' }, 'unchanged', 0, ['info configuration-unchanged']],
  [
    'mistakes',
    { kind: 'bad', problems: ['/etc/p.yaml:4:18: limits: no', '/etc/p.yaml:9:3: x: no'] },
    'bad',
    64,
    ['error configuration-refused', 'error configuration-problem', 'error configuration-problem'],
  ],
  [
    'what only a start takes',
    { kind: 'at-start', changes: [{ key: 'carriers', running: '2', wanted: '3' }] },
    'at-start',
    75,
    ['warn configuration-needs-start'],
  ],
  ['what cannot be written', { kind: 'failed', why: 'ENOSPC' }, 'failed', 1, ['error configuration-refused']],
  ['what cannot be read', 'the configuration was not read: SIGKILL', 'failed', 1, ['error configuration-refused']],
] as const) {
  test(`a file with ${what} leaves everything as it is, and says so`, async (t) => {
    const { reloader, reads, settings, events, taken, log } = harness(t);
    const asked = reloader.request('file');
    await reads(plan);
    const result = await asked;
    assert.deepEqual([result.outcome, result.code, result.policyVersion], [outcome, code, 'v1']);
    assert.deepEqual([readFileSync(settings, 'utf8'), taken, log.used, events()], ['v1', [], 0, said]);
    assert.equal(reloader.view().failed, code === 0 ? 0 : 1);
  });
}

test('no more than twenty mistakes are lines of the log, and all are in the answer', async (t) => {
  const { reloader, reads, events } = harness(t);
  const asked = reloader.request('file');
  await reads({ kind: 'bad', problems: Array.from({ length: 50 }, (_, line) => `p:${line}:1: no`) });
  assert.equal((await asked).problems.length, 50);
  assert.equal(events().length, 21);
});

test('an installation that was replaced under the node is not taken from: its settings may mean something else', async (t) => {
  const { reloader, reads, good, settings } = harness(t);
  const asked = reloader.request('file');
  await reads(good('v2'), '0.0.1');
  const result = await asked;
  assert.deepEqual(result.atStart, [{ key: 'the installed version', running: '0.0.0', wanted: '0.0.1' }]);
  assert.deepEqual([result.code, readFileSync(settings, 'utf8')], [75, 'v1']);
});

describe('what is in the way', () => {
  test('a carrier that cannot make it: nobody swaps, and it is named with its reason', async (t) => {
    const { reloader, reads, good, behave, settings, log, cleaned } = harness(t);
    behave.refuses = 'EMFILE';
    const asked = reloader.request('SIGHUP');
    await reads(good('v2'));
    const result = await asked;
    assert.deepEqual([result.outcome, result.code, result.why], ['failed', 1, 'nobody takes it, since carrier 0 cannot: EMFILE']);
    assert.deepEqual([readFileSync(settings, 'utf8'), log.used, log.dropped, cleaned()], ['v1', 0, 1, 1]);
  });

  test('a log file that cannot be opened', async (t) => {
    const { reloader, reads, good, log, settings } = harness(t);
    log.opens = false;
    const asked = reloader.request('SIGHUP');
    await reads(good('v2'));
    assert.equal((await asked).why, 'the log file cannot be opened: EACCES');
    assert.equal(readFileSync(settings, 'utf8'), 'v1');
  });

  test('settings that vanish before they are accepted: carriers forget what they made', async (t) => {
    const { reloader, reads, good, prepared, settings, taken, log } = harness(t);
    const asked = reloader.request('SIGHUP');
    const plan = good('v2');
    rmSync(prepared);
    await reads(plan);
    assert.match((await asked).why ?? '', /^the settings cannot be put into the runtime folder: ENOENT/);
    assert.deepEqual([readFileSync(settings, 'utf8'), taken, log.dropped], ['v1', [], 1]);
  });

  test('a carrier that says nothing: the others go on, it is named, and asked again later', async (t) => {
    const { reloader, reads, good, behave, clock, events, settings } = harness(t);
    behave.carrier = false;
    const asked = reloader.request('SIGHUP');
    await reads(good('v2'));
    clock.advance(ANSWER_MS);
    await settled();
    clock.advance(ANSWER_MS);
    const result = await asked;
    assert.deepEqual([result.outcome, result.code, readFileSync(settings, 'utf8')], ['taken', 1, 'v2']);
    assert.deepEqual(result.carriers, [{ who: 'carrier 0', took: false, why: 'it did not acknowledge within 5 s' }]);
    assert.deepEqual(events(), ['info configuration-taken', 'warn configuration-not-taken']);

    behave.carrier = true;
    clock.advance(RETRY_MS);
    await reads({ kind: 'unchanged' });
    const again = reloader.view().last;
    assert.deepEqual([again?.by, again?.code, again?.carriers[0]?.took], ['retry', 0, true]);
  });

  test('what failed for another reason than the file is tried again by itself, until it is taken', async (t) => {
    const { reloader, reads, good, clock, reading, settings } = harness(t);
    const asked = reloader.request('file');
    await reads({ kind: 'failed', why: 'ENOSPC' });
    assert.equal((await asked).outcome, 'failed');
    clock.advance(RETRY_MS - 1);
    assert.equal(reading(), 0);
    clock.advance(1);
    await reads({ kind: 'failed', why: 'ENOSPC' });
    clock.advance(RETRY_MS);
    await reads(good('v2'));
    assert.deepEqual([reloader.view().last?.by, readFileSync(settings, 'utf8'), reloader.view().failed], ['retry', 'v2', 2]);
    clock.advance(RETRY_MS * 3);
    await settled();
    assert.equal(reading(), 0);
  });

  for (const kind of [
    { kind: 'bad', problems: ['p:1:1: no'] },
    { kind: 'at-start', changes: [] },
  ] as const) {
    test(`a file that is ${kind.kind} is not read again before it changes`, async (t) => {
      const { reloader, reads, clock, reading } = harness(t);
      const asked = reloader.request('file');
      await reads(kind);
      await asked;
      clock.advance(RETRY_MS * 3);
      await settled();
      assert.equal(reading(), 0);
    });
  }

  test('an accepted settings file that somebody took away is put back before the reader looks for it', async (t) => {
    const { reloader, reads, settings, events } = harness(t);
    rmSync(settings);
    const asked = reloader.request('SIGHUP');
    await reads({ kind: 'unchanged' });
    assert.equal((await asked).code, 0);
    assert.deepEqual([readFileSync(settings, 'utf8'), events()], ['v1', ['warn settings-restored', 'info configuration-unchanged']]);
  });

  test('a node that stops: what is read is given up, and who asks later is told', async (t) => {
    const { reloader, reading } = harness(t);
    const asked = reloader.request('SIGHUP');
    await settled();
    reloader.stop();
    assert.match((await asked).why ?? '', /the node stops$/);
    assert.equal((await reloader.request('SIGHUP')).why, 'the node stops');
    assert.equal(reading(), 1);
  });
});

describe('who asks while a change is under way', () => {
  test('gets the answer of the next one, which is one for all who asked, whoever they are', async (t) => {
    const { reloader, reads, good, reading } = harness(t);
    const first = reloader.request('SIGHUP');
    await settled();
    assert.equal(reloader.isUnderWay, true);
    const others = ['file', 'reload (1)', 'reload (2)', 'file'].map((by) => reloader.request(by));
    await reads(good('v2'));
    assert.equal((await first).policyVersion, 'v2');
    await reads(good('v3'));
    const results = await Promise.all(others);
    assert.deepEqual(new Set(results).size, 1);
    assert.deepEqual([results[0]?.policyVersion, results[0]?.by, reading()], ['v3', 'file, reload (1), reload (2)', 0]);
    await settled();
    assert.equal(reloader.isUnderWay, false);
  });

  test('a thousand of them are two runs', async (t) => {
    const { reloader, reads } = harness(t);
    const asked = Array.from({ length: 1_000 }, (_, index) => reloader.request(`reload ${index}`));
    await reads({ kind: 'unchanged' });
    await reads({ kind: 'unchanged' });
    const results = await Promise.all(asked);
    assert.equal(new Set(results).size, 2);
    assert.ok((results[999]?.by.length ?? 999) < 100);
  });
});
