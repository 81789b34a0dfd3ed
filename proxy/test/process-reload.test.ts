// A change of a running node's configuration, as the supervisor goes about it; the children are fake, so that only it can be at fault.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { orderSupervisor } from '../control/ask.ts';
import { systemClock } from '../core/clock.ts';
import { settingsFile } from '../core/runtime-files.ts';
import type { ReloadResult } from '../core/supervision.ts';
import { answered, type FakeNode, fakeNode, ready, type ServeProcess, until, viewOf } from './support/fake-serve.ts';

/** As `pinhole reload` does. */
async function reload(node: FakeNode): Promise<ReloadResult> {
  const how = { clock: systemClock, timeoutMs: 40_000, heard: () => {} };
  const result = await orderSupervisor(node.runtime, { order: 'reload', by: 'test' }, how);
  assert.ok(result, 'no answer');
  return result as ReloadResult;
}

/** A change that was taken: by this reload, or before it, since the node looks at its file by itself. */
async function assertTaken({ outcome, policyVersion }: ReloadResult, serve: ServeProcess): Promise<void> {
  if (outcome === 'unchanged') assert.equal((await serve.line('configuration-taken'))['policy_version'], policyVersion);
  else assert.equal(outcome, 'taken');
}

/** Every carrier goes by it. A reload waits for one that is being started, though not for as long as that may take on a busy machine. */
async function assertWhole(first: ReloadResult, node: FakeNode): Promise<void> {
  let last = first;
  const isBeingStarted = (): boolean => last.carriers.every(({ took, why }) => took || (why?.startsWith('it is being started') ?? false));
  await until(async () => {
    if (last.code !== 0 && isBeingStarted()) last = await reload(node);
    return last.code === 0 || !isBeingStarted();
  }, 'the carriers that are being started');
  assert.equal(last.code, 0, JSON.stringify(last));
}

/** What each of the carriers goes by; connections are spread over them. */
async function versions(port: number, carriers = 2): Promise<string[]> {
  const bySlot = new Map<number, string>();
  while (bySlot.size < carriers) {
    const { slot, version } = await answered(port);
    bySlot.set(slot, version);
  }
  return [...bySlot].toSorted(([a], [b]) => a - b).map(([, version]) => version);
}

/** Nothing of an attempt stays behind. */
function leftovers(node: FakeNode): string[] {
  return readdirSync(node.runtime).filter((name) => /^settings\.\d+/.test(name));
}

describe('a running node', { concurrency: 4 }, () => {
  test('takes its file on SIGHUP: every carrier, none of them anew', async (t) => {
    const node = fakeNode(t, { carriers: 2 });
    const serve = node.start();
    const port = await ready(serve);
    await serve.line('control-ready');
    const { pid } = await answered(port);
    node.write({ policyVersion: 'second' });
    serve.child.kill('SIGHUP');
    const taken = await serve.line('configuration-taken');
    assert.deepEqual([taken['policy_version'], taken['before'], taken['carriers'], taken['took']], ['second', 'first', 2, 2]);
    assert.deepEqual(await versions(port), ['second', 'second']);
    while ((await answered(port)).pid !== pid);
    const view = await viewOf(node.runtime);
    assert.deepEqual(
      view?.slots.map(({ policyVersion, restarts }) => [policyVersion, restarts]),
      [
        ['second', 0],
        ['second', 0],
      ],
    );
    assert.equal(view?.control.policyVersion, 'second');
    assert.deepEqual(leftovers(node), []);
  });

  for (const [how, write] of [
    ['written', (node: FakeNode) => node.write({ policyVersion: 'second' })],
    [
      'replaced by a rename',
      (node: FakeNode) => {
        writeFileSync(`${node.file}.new`, JSON.stringify({ ...node.plan, policyVersion: 'second' }));
        renameSync(`${node.file}.new`, node.file);
      },
    ],
    [
      'removed and made anew',
      (node: FakeNode) => {
        rmSync(node.file);
        node.write({ policyVersion: 'second' });
      },
    ],
  ] as const) {
    test(`takes its file by itself when it was ${how}`, async (t) => {
      const node = fakeNode(t);
      const serve = node.start();
      await ready(serve);
      write(node);
      const taken = await serve.line('configuration-taken');
      assert.deepEqual([taken['by'], taken['policy_version']], ['file', 'second']);
    });
  }

  test('whose file is gone goes on by the last good one, says so once, and takes it when it is back', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    rmSync(node.file);
    const refused = await serve.line('configuration-refused');
    assert.equal(refused['by'], 'file');
    assert.match(String((await serve.line('configuration-problem'))['problem']), /ENOENT/);
    assert.equal((await answered(port)).version, 'first');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    node.write({ policyVersion: 'second' });
    await serve.line('configuration-taken');
    assert.equal(serve.lines.filter(({ event }) => event === 'configuration-refused').length, 1);
  });

  test('with mistakes in its file starts carriers by the accepted one', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    node.write({ policyVersion: 'second' });
    await assertTaken(await reload(node), serve);
    node.write('{');
    const result = await reload(node);
    assert.deepEqual([result.outcome, result.code, result.policyVersion], ['bad', 64, 'second']);
    assert.match(result.problems[0] ?? '', /:1:1: /);
    const { pid } = await answered(port, 'exit');
    await serve.replaced(pid);
    const next = await answered(port);
    assert.notEqual(next.pid, pid);
    assert.equal(next.version, 'second');
    assert.equal((await viewOf(node.runtime))?.configuration.failed, 1);
  });

  test('names what only a start takes, and changes nothing else either', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    node.write({ policyVersion: 'second', carriers: 3 });
    const result = await reload(node);
    assert.deepEqual([result.code, result.atStart], [75, [{ key: 'carriers', running: 'few', wanted: '3' }]]);
    assert.deepEqual((await serve.line('configuration-needs-start'))['keys'], ['carriers']);
    assert.equal((await answered(port)).version, 'first');
  });

  test('whose installation was replaced says that this takes a start', async (t) => {
    const node = fakeNode(t);
    await ready(node.start());
    node.mark('other-version');
    node.write({ policyVersion: 'second' });
    const result = await reload(node);
    assert.deepEqual([result.code, result.atStart[0]?.wanted], [75, '9.9.9']);
  });

  test('takes nothing where one of its carriers cannot', async (t) => {
    const node = fakeNode(t, { carriers: 2 });
    const serve = node.start();
    const port = await ready(serve);
    node.mark('stage-refused-1');
    node.write({ policyVersion: 'second' });
    const result = await reload(node);
    assert.deepEqual([result.outcome, result.code, result.why], ['failed', 1, 'nobody takes it, since carrier 1 cannot: no room for it']);
    assert.deepEqual(await versions(port), ['first', 'first']);
    assert.match(readFileSync(settingsFile(node.runtime, 1), 'utf8'), /"first"/);
    assert.deepEqual(leftovers(node), []);

    node.unmark('stage-refused-1');
    assert.equal((await reload(node)).code, 0);
    assert.deepEqual(await versions(port), ['second', 'second']);
  });

  for (const when of ['stage-dies', 'swap-dies'] as const) {
    test(`one of whose carriers dies in the middle (${when}) has its successor by the new one`, async (t) => {
      const node = fakeNode(t, { carriers: 2 });
      const serve = node.start();
      const port = await ready(serve);
      const seen = serve.lines.length;
      node.mark(`${when}-1`);
      node.write({ policyVersion: 'second' });
      const reloading = reload(node);
      await serve.line('carrier-died', seen);
      node.unmark(`${when}-1`);
      const result = await reloading;
      await assertTaken(result, serve);
      await assertWhole(result, node);
      assert.deepEqual(await versions(port), ['second', 'second']);
    });
  }

  test('names a carrier that does not answer, and takes its late answer', async (t) => {
    const node = fakeNode(t, { carriers: 2 });
    const serve = node.start();
    const port = await ready(serve);
    node.mark('stage-waits-1');
    node.write({ policyVersion: 'second' });
    const result = await reload(node);
    await assertTaken(result, serve);
    assert.equal(result.code, 1);
    assert.deepEqual(result.carriers[1], { who: 'carrier 1', took: false, why: 'it did not acknowledge within 5 s' });
    assert.equal((await serve.line('configuration-not-taken'))['who'], 'carrier 1');
    assert.deepEqual(await versions(port), ['second', 'first']);
    node.unmark('stage-waits-1');
    assert.equal((await serve.line('configuration-taken-late'))['who'], 'carrier 1');
    assert.deepEqual(await versions(port), ['second', 'second']);
  });

  test('whose carrier hangs, and is killed for it, loses no change', async (t) => {
    const node = fakeNode(t, { carriers: 2 });
    const serve = node.start();
    const port = await ready(serve);
    const { pid } = await answered(port);
    process.kill(pid, 'SIGSTOP');
    node.write({ policyVersion: 'second' });
    await assertTaken(await reload(node), serve);
    assert.equal((await serve.replaced(pid))['cause'], 'silent');
    assert.deepEqual(await versions(port), ['second', 'second']);
  });

  test('takes it while control is dead, and control takes it when it is started', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    await ready(serve);
    await serve.line('control-ready');
    const control = (await viewOf(node.runtime))?.control.pid ?? assert.fail('no pid');
    node.write({ policyVersion: 'second' });
    const reloading = reload(node);
    process.kill(control, 'SIGKILL');
    assert.equal((await reloading).code, 0);
    await until(() => serve.lines.filter(({ event }) => event === 'control-ready').length === 2, 'control again');
    assert.equal((await viewOf(node.runtime))?.control.policyVersion, 'second');
  });

  test('puts its accepted settings back where somebody cleaned them away', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    rmSync(settingsFile(node.runtime, 1));
    const { pid } = await answered(port, 'exit');
    await serve.line('settings-restored');
    await serve.replaced(pid);
    assert.equal((await answered(port)).version, 'first');
    rmSync(settingsFile(node.runtime, 1));
    assert.equal((await reload(node)).outcome, 'unchanged');
  });

  test('whose reader leaves nothing, or crashes, says so and goes on', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    node.mark('prepared-vanishes');
    node.write({ policyVersion: 'second' });
    assert.match((await reload(node)).why ?? '', /^nobody takes it, since carrier 0 cannot: ENOENT/);
    node.mark('prepare-crashes');
    const crashed = await reload(node);
    assert.match(crashed.why ?? '', /^the configuration was not read: exit code 1/);
    assert.equal((await answered(port)).version, 'first');
    node.unmark('prepare-crashes');
    node.unmark('prepared-vanishes');
    assert.equal((await reload(node)).code, 0);
  });

  test('that is stopped while its file is read ends at once, and who waits is told', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    await ready(serve);
    node.mark('prepare-hangs');
    const reloading = reload(node);
    await until(() => existsSync(join(node.runtime, 'prepare-began')), 'the reading');
    serve.child.kill('SIGTERM');
    assert.match((await reloading).why ?? '', /the node stops/);
    assert.equal(await serve.ended, 0);
  });

  test('hears SIGHUP before it runs, and does not end by it', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    await until(() => readFileSync(`/proc/${serve.child.pid}/status`, 'latin1').match(/^SigCgt:\s*[0-9a-f]*[13579bdf]$/m), 'its handler');
    serve.child.kill('SIGHUP');
    await ready(serve);
  });

  test('takes the last of many changes, whoever asks for them and however fast', async (t) => {
    const node = fakeNode(t, { carriers: 2 });
    const serve = node.start();
    const port = await ready(serve);
    const asked: Promise<ReloadResult>[] = [];
    for (let change = 1; change <= 40; change += 1) {
      // Whole at every moment: who asks for it has it read at once.
      writeFileSync(`${node.file}.new`, JSON.stringify({ ...node.plan, policyVersion: `version-${change}` }));
      renameSync(`${node.file}.new`, node.file);
      if (change % 2 === 0) serve.child.kill('SIGHUP');
      else asked.push(reload(node));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(new Set((await Promise.all(asked)).map(({ code }) => code)), new Set([0]));
    assert.equal((await reload(node)).policyVersion, 'version-40');
    assert.deepEqual(await versions(port), ['version-40', 'version-40']);
    assert.deepEqual(leftovers(node), []);
  });
});
