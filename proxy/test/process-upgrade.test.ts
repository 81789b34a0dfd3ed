// Another installation takes over from the one that runs, as the supervisor goes about it; the children are fake, so that only it can be at fault.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { orderSupervisor } from '../control/ask.ts';
import { systemClock } from '../core/clock.ts';
import { settingsFile } from '../core/runtime-files.ts';
import type { ReloadResult, UpgradeNews, UpgradeResult } from '../core/supervision.ts';
import { answered, ask, type FakeNode, fakeNode, ready, until, viewOf } from './support/fake-serve.ts';

async function upgrade(node: FakeNode, to: string | null, news: UpgradeNews[] = []): Promise<UpgradeResult> {
  const how = { clock: systemClock, timeoutMs: 40_000, heard: (said: unknown) => void news.push(said as UpgradeNews) };
  const result = await orderSupervisor(node.runtime, { order: 'upgrade', by: 'test', to }, how);
  assert.ok(result, 'no answer');
  return result as UpgradeResult;
}

/** Generations as the supervisor has them. */
async function generations(node: FakeNode): Promise<string[]> {
  const view = await viewOf(node.runtime);
  return (view?.generations ?? []).map(({ generation, version, state }) => `${generation} ${version} ${state}`);
}

async function settled(node: FakeNode, ...expected: readonly string[]): Promise<void> {
  let last: readonly string[] = [];
  await until(
    async () => {
      last = await generations(node);
      return JSON.stringify(last) === JSON.stringify(expected);
    },
    'these generations',
    () => JSON.stringify(last),
  );
}

/** Asks again and again, and counts who answered: nobody may find the node away. */
function askingWithoutEnd(port: number) {
  const seen = new Map<string, number>();
  let isOver = false;
  const asking = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const reply = await ask(port);
        const who = typeof reply === 'string' ? reply : `generation ${reply.generation}`;
        seen.set(who, (seen.get(who) ?? 0) + 1);
      }
    }),
  );
  return {
    seen,
    async stop() {
      isOver = true;
      await asking;
    },
  };
}

describe('a running node', { concurrency: 3 }, () => {
  test('is taken over by another installation while it is asked without end', async (t) => {
    const node = fakeNode(t, { carriers: 2 });
    const serve = node.start();
    const port = await ready(serve);
    await serve.line('control-ready');
    const asking = askingWithoutEnd(port);
    const news: UpgradeNews[] = [];
    const root = node.installation('1.0.0');
    const result = await upgrade(node, root, news);
    assert.equal(result.outcome, 'upgraded', result.why ?? '');
    assert.deepEqual(
      [result.code, result.generation, result.version, result.before, result.from],
      [0, 2, '1.0.0', { generation: 1, version: '0.0.0' }, root],
    );
    assert.deepEqual(
      news.map(({ step }) => step),
      ['reading', 'warming', 'accepting', 'proving'],
    );
    await settled(node, '2 1.0.0 current');
    await asking.stop();
    assert.deepEqual([...asking.seen.keys()].toSorted(), ['generation 1', 'generation 2']);
    assert.equal((await answered(port)).generation, 2);
    const view = await viewOf(node.runtime);
    assert.deepEqual(
      [view?.version, view?.generation, view?.slots.map(({ generation, state }) => [generation, state])],
      [
        '1.0.0',
        2,
        [
          [2, 'ready'],
          [2, 'ready'],
        ],
      ],
    );
    // Control is the new one's too.
    await until(() => serve.lines.filter(({ event }) => event === 'control-ready').length === 2, 'another control');
    assert.equal(existsSync(settingsFile(node.runtime, 1)), false);
    const died = await answered(port, 'exit');
    await serve.replaced(died.pid);
    await until(async () => {
      const reply = await ask(port);
      return typeof reply !== 'string' && reply.pid !== died.pid;
    }, 'its successor');
    assert.equal((await answered(port)).generation, 2);
  });

  for (const [what, marker, why] of [
    ['cannot be made ready', 'warm-dies-2', /^generation 2 has not taken over: its carrier \d died \(exit code 3\)/],
    ['crashes when it accepts', 'accept-dies-2', /^generation 2 has not taken over: its carrier \d died \(exit code 3\)/],
    ['crashes in its first second', 'proof-dies-2', /^generation 2 has not taken over: its carrier \d died \(exit code 3\)/],
  ] as const) {
    test(`goes on as it was where the other one ${what}`, async (t) => {
      const node = fakeNode(t, { carriers: 2 });
      const serve = node.start();
      const port = await ready(serve);
      const { pid } = await answered(port);
      node.mark(`${marker}-1`);
      const result = await upgrade(node, node.installation('1.0.0'));
      assert.deepEqual([result.outcome, result.code, result.generation, result.version], ['failed', 1, 1, '0.0.0']);
      assert.match(result.why ?? '', why);
      await settled(node, '1 0.0.0 current');
      while ((await answered(port)).pid !== pid);
      for (let asked = 0; asked < 20; asked += 1) assert.equal((await answered(port)).generation, 1);
      assert.equal(existsSync(settingsFile(node.runtime, 2)), false);
      assert.equal(serve.lines.filter(({ event }) => event === 'upgrade-failed').length, 1);

      const again = await upgrade(node, node.installation('1.0.1'));
      assert.deepEqual([again.outcome, again.generation, again.version], ['upgraded', 3, '1.0.1'], again.why ?? '');
      await settled(node, '3 1.0.1 current');
    });
  }

  test('changes nothing for an installation that is none, or that cannot take the configuration', async (t) => {
    const node = fakeNode(t);
    const port = await ready(node.start());
    const nowhere = await upgrade(node, `${node.runtime}/nowhere`);
    assert.deepEqual([nowhere.outcome, nowhere.code], ['failed', 1]);
    assert.match(nowhere.why ?? '', /nowhere: the configuration was not read: .*ENOENT/);
    const root = node.installation('1.0.0');
    node.write('{');
    const bad = await upgrade(node, root);
    assert.deepEqual([bad.outcome, bad.code, bad.problems.length], ['bad', 64, 1]);
    node.write({ carriers: 3 });
    const atStart = await upgrade(node, root);
    assert.deepEqual(
      [atStart.outcome, atStart.code, atStart.problems],
      ['at-start', 75, ['carriers: 3 takes a start of the node, which runs with few']],
    );
    node.write({});
    node.mark('other-protocol');
    const stranger = await upgrade(node, root);
    assert.deepEqual([stranger.outcome, stranger.code], ['at-start', 75]);
    assert.match(stranger.why ?? '', /speaks protocol 99 .* it takes a start of the node$/);
    assert.deepEqual(await generations(node), ['1 0.0.0 current']);
    assert.equal((await answered(port)).generation, 1);
    assert.deepEqual(
      readdirSync(node.runtime).filter((name) => name.startsWith('settings')),
      ['settings-1.json'],
    );
  });

  test('holds two retired generations, and the next one says which it waits for', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    for (const generation of [1, 2, 3]) node.mark(`holds-${generation}`);
    await answered(port, 'tunnel');
    for (const version of ['1.0.0', '2.0.0']) {
      const result = await upgrade(node, node.installation(version));
      assert.equal(result.outcome, 'upgraded', result.why ?? '');
    }
    assert.deepEqual(await generations(node), ['3 2.0.0 current', '2 1.0.0 retired', '1 0.0.0 retired']);
    const third = await upgrade(node, node.installation('3.0.0'));
    assert.deepEqual([third.outcome, third.code], ['refused', 1]);
    assert.match(
      third.why ?? '',
      /^generation 1 \(0\.0\.0\) still holds 1 tunnel, until \d{4}-.*; there is room for 2 that are retired, and one more for the way back$/,
    );
    node.unmark('holds-1');
    await settled(node, '3 2.0.0 current', '2 1.0.0 retired');
    const again = await upgrade(node, node.installation('3.0.0'));
    assert.equal(again.outcome, 'upgraded', again.why ?? '');
    assert.deepEqual(await generations(node), ['4 3.0.0 current', '3 2.0.0 retired', '2 1.0.0 retired']);
    // The file is what it was, for each of them.
    assert.deepEqual(
      serve.lines.filter(({ event }) => event === 'configuration-not-taken'),
      [],
    );
  });

  test('goes back to the installation before, and says where there is none', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    const none = await upgrade(node, null);
    assert.deepEqual([none.outcome, none.code], ['refused', 1]);
    assert.match(none.why ?? '', /^there is no installation to go back to/);
    const first = node.installation('1.0.0');
    for (const root of [first, node.installation('2.0.0')]) assert.equal((await upgrade(node, root)).outcome, 'upgraded');
    const back = await upgrade(node, null);
    assert.deepEqual([back.outcome, back.version, back.from, back.generation], ['upgraded', '1.0.0', first, 4], back.why ?? '');
    assert.equal((await answered(port)).generation, 4);
  });

  test('goes back also where two generations hold tunnels, and only then makes room for a third', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    for (const generation of [1, 2, 3]) node.mark(`holds-${generation}`);
    for (const version of ['1.0.0', '2.0.0']) assert.equal((await upgrade(node, node.installation(version))).outcome, 'upgraded');
    const back = await upgrade(node, null);
    assert.deepEqual([back.outcome, back.version], ['upgraded', '1.0.0'], back.why ?? '');
    assert.deepEqual(await generations(node), ['4 1.0.0 current', '3 2.0.0 retired', '2 1.0.0 retired', '1 0.0.0 retired']);
    assert.equal((await answered(port)).generation, 4);
    const forth = await upgrade(node, null);
    assert.equal(forth.outcome, 'refused');
    assert.match(forth.why ?? '', /^generation 1 \(0\.0\.0\) still holds/);
  });

  test('that is stopped while the file is read for another version starts none', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    await ready(serve);
    node.mark('prepare-hangs');
    const news: UpgradeNews[] = [];
    const waiting = upgrade(node, node.installation('1.0.0'), news);
    await until(() => news.some(({ step }) => step === 'reading'), 'the reading');
    serve.child.kill('SIGTERM');
    const result = await waiting;
    assert.equal(result.outcome, 'failed');
    assert.match(result.why ?? '', /the node stops/);
    assert.equal(await serve.ended, 0);
    assert.equal(existsSync(settingsFile(node.runtime, 2)), false);
  });

  test('keeps the control it had where the new one cannot start', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    await ready(serve);
    await serve.line('control-ready');
    node.mark('control-of-1.0.0-exits');
    assert.equal((await upgrade(node, node.installation('1.0.0'))).outcome, 'upgraded');
    const before = (await viewOf(node.runtime))?.control.pid;
    await serve.line('control-kept');
    const { control } = (await viewOf(node.runtime)) ?? {};
    assert.deepEqual([control?.state, control?.pid], ['ready', before], 'it was not even stopped');
  });

  test('has one control, whether the one before hangs or waits to be started again', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    await ready(serve);
    await serve.line('control-ready');
    const control = async () => (await viewOf(node.runtime))?.control;
    const controlsReady = (): number => serve.lines.filter(({ event }) => event === 'control-ready').length;
    node.mark('control-of-0.0.0-stays');
    assert.equal((await upgrade(node, node.installation('1.0.0'))).outcome, 'upgraded');
    await until(() => controlsReady() === 2, 'the control of the new one');

    node.mark('control-of-1.0.0-exits');
    process.kill((await control())?.pid ?? assert.fail('no pid'), 'SIGKILL');
    await until(() => serve.lines.filter(({ event }) => event === 'control-died').length >= 4, 'a control that does not start');
    assert.equal((await upgrade(node, node.installation('2.0.0'))).outcome, 'upgraded');
    // One that is replaced before it is ready is not said.
    await until(() => controlsReady() === 3, 'the control of the second one');
    assert.equal((await upgrade(node, node.installation('3.0.0'))).outcome, 'upgraded');
    await until(async () => (await control())?.state === 'ready' && controlsReady() >= 4, 'its control');
    assert.equal(controlsReady(), 4);
  });

  test('hands a change of its file to the generations that are retired too', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    await ready(serve);
    node.mark('holds-1');
    assert.equal((await upgrade(node, node.installation('1.0.0'))).outcome, 'upgraded');
    // By the time that another control is ready the one before has been asked whether anything is new to it.
    await until(() => serve.lines.filter(({ event }) => event === 'control-ready').length === 2, 'another control');
    assert.equal(serve.lines.filter(({ event }) => event === 'configuration-not-taken').length, 0, 'an upgrade alone changes nothing');
    node.write({ policyVersion: 'second' });
    const how = { clock: systemClock, timeoutMs: 40_000, heard: () => {} };
    const result = (await orderSupervisor(node.runtime, { order: 'reload', by: 'test' }, how)) as ReloadResult;
    assert.equal(result.policyVersion, 'second');
    await until(async () => {
      const slots = (await viewOf(node.runtime))?.slots ?? [];
      return slots.length === 2 && slots.every(({ policyVersion }) => policyVersion === 'second');
    }, 'the change in both generations');
    assert.equal(serve.lines.filter(({ event }) => event === 'configuration-not-taken').length, 0);
  });

  test('that is stopped in the middle ends, and who waits is told', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    await ready(serve);
    node.mark('warm-waits-2');
    const news: UpgradeNews[] = [];
    const waiting = upgrade(node, node.installation('1.0.0'), news);
    await until(() => news.some(({ step }) => step === 'warming'), 'the new generation');
    serve.child.kill('SIGTERM');
    const result = await waiting;
    assert.deepEqual([result.outcome, result.why], ['failed', 'generation 2 has not taken over: the node stops']);
    assert.equal(await serve.ended, 0);
  });
});
