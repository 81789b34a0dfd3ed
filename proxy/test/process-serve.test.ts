// How `serve` starts, hears signals and ends; its children are fake, so that only the supervisor can be at fault.

import assert from 'node:assert/strict';
import { readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { settingsFile, supervisorSocket } from '../core/runtime-files.ts';
import { answered, fakeNode, isAlive, ready, until, viewOf } from './support/fake-serve.ts';

describe('serve', { concurrency: 4 }, () => {
  test('a second serve on the same folder says so, exits 69 and harms nothing', async (t) => {
    const node = fakeNode(t);
    const first = node.start();
    const port = await ready(first);
    const settings = statSync(settingsFile(node.runtime, 1)).ino;
    const second = node.start();
    assert.equal(await second.ended, 69);
    assert.match(second.text, /another `pinhole serve` runs in /);
    assert.equal(statSync(settingsFile(node.runtime, 1)).ino, settings);
    await answered(port);
    assert.ok(await viewOf(node.runtime));
  });

  for (const what of ['listeners', 'health', 'admin'] as const) {
    test(`a port of ${what} that another program holds ends serve with 69 and its address, though both would share it`, async (t) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen({ host: '127.0.0.1', port: 0, reusePort: true }, resolve));
      t.after(() => other.close());
      const { port } = other.address() as { port: number };
      const address = { host: '127.0.0.1', port, name: 'taken' };
      const serve = fakeNode(t, { [what]: what === 'listeners' ? [address] : address }).start();
      assert.equal(await serve.ended, 69);
      assert.match(serve.text, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use`));
    });
  }

  test('an address of no interface ends serve with 69', async (t) => {
    const serve = fakeNode(t, { listeners: [{ name: 'elsewhere', host: '203.0.113.9', port: 0 }] }).start();
    assert.equal(await serve.ended, 69);
    assert.match(serve.text, /203\.0\.113\.9:0: no interface of this machine has this address/);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} ends the node with 0 and leaves nobody behind`, async (t) => {
      const node = fakeNode(t, { carriers: 2 });
      const serve = node.start();
      const { pid } = await answered(await ready(serve));
      serve.child.kill(signal);
      assert.equal(await serve.ended, 0);
      assert.equal(isAlive(pid), false);
      assert.equal(serve.lines.at(-1)?.event, 'node-ended');
      assert.throws(() => statSync(supervisorSocket(node.runtime)));
    });
  }

  test('a carrier that does not stop is killed two seconds after its deadline', async (t) => {
    const node = fakeNode(t, { stopMs: 500 });
    const serve = node.start();
    await ready(serve);
    node.mark('ignore-stop');
    serve.child.kill('SIGTERM');
    assert.equal(await serve.ended, 0);
    const died = await serve.line('carrier-died');
    assert.equal(died['cause'], 'stop-deadline');
  });

  test('a second SIGTERM ends at once', async (t) => {
    const node = fakeNode(t, { stopMs: 600_000 });
    const serve = node.start();
    await ready(serve);
    node.mark('ignore-stop');
    serve.child.kill('SIGTERM');
    await serve.line('node-stopping');
    serve.child.kill('SIGTERM');
    assert.equal(await serve.ended, 0);
    assert.equal((await serve.line('carrier-died'))['cause'], 'second-signal');
  });

  test('SIGHUP without a change says so and changes nothing; SIGUSR1 does nothing at all', async (t) => {
    const node = fakeNode(t);
    const serve = node.start();
    const port = await ready(serve);
    const { pid } = await answered(port);
    serve.child.kill('SIGUSR1');
    process.kill(pid, 'SIGUSR1');
    serve.child.kill('SIGHUP');
    await serve.line('configuration-unchanged');
    assert.equal((await answered(port)).pid, pid);
    assert.doesNotMatch(serve.text, /[Dd]ebugger/);
  });

  test('signals that a terminal sends to the whole group leave it to the supervisor what they mean', async (t) => {
    const serve = fakeNode(t).start();
    const port = await ready(serve);
    const { pid } = await answered(port);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(pid, signal);
    assert.equal((await answered(port)).pid, pid);
  });

  test('a node whose carriers say that they cannot run here ends with their code', async (t) => {
    const node = fakeNode(t, { carriers: 2 });
    node.mark('exit-69');
    assert.equal(await node.start().ended, 69);
  });

  test('SIGUSR2 goes on in a new log file', async (t) => {
    const node = fakeNode(t);
    const file = join(node.runtime, 'pinhole.log');
    const logging = fakeNode(t, { runtime: node.runtime, log: { level: 'info', file } });
    const serve = logging.start();
    const lines = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n');
    await until(() => statSync(file, { throwIfNoEntry: false }) && lines(file).some((line) => line.includes('"node-ready"')), 'node-ready');
    renameSync(file, `${file}.1`);
    serve.child.kill('SIGUSR2');
    await until(() => statSync(file, { throwIfNoEntry: false }), 'the new file');
    serve.child.kill('SIGHUP');
    await until(
      () => statSync(file, { throwIfNoEntry: false }) && lines(file).some((line) => line.includes('"configuration-unchanged"')),
      'a line in the new file',
    );
    assert.equal(
      lines(`${file}.1`).some((line) => line.includes('"configuration-unchanged"')),
      false,
    );
  });
});
