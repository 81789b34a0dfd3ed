import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import type { LineLog } from './line-log.ts';
import { ServiceLink } from './service-manager.ts';

class FakeHelper extends EventEmitter {
  isKilled = false;

  kill(): void {
    this.isKilled = true;
  }
}

function harness(watchdogMs: number | null, launch: () => FakeHelper = () => new FakeHelper()) {
  const clock = new FakeClock();
  const helpers: FakeHelper[] = [];
  const said: string[] = [];
  const lines: string[] = [];
  const log = { write: (_level: string, event: string, fields: { why: string }) => lines.push(`${event}: ${fields.why}`) };
  const link = new ServiceLink({
    manager: { socket: '/run/notify', watchdogMs },
    clock,
    log: log as unknown as LineLog,
    launch: (_manager, words) => {
      const helper = launch();
      said.push(words.join(' '));
      helpers.push(helper);
      return helper as unknown as ChildProcess;
    },
  });
  const end = (code: number | null, signal: string | null = null): void => void helpers.at(-1)?.emit('exit', code, signal);
  return { clock, link, helpers, said, lines, end };
}

test('the supervisor says that it lives three times in the time that it is given', () => {
  const { clock, link, said, end } = harness(60_000);
  link.start();
  for (let beat = 0; beat < 3; beat += 1) {
    clock.advance(19_999);
    assert.equal(said.length, beat);
    clock.advance(1);
    end(0);
  }
  assert.deepEqual(said, ['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
});

test('nothing beats where nobody watches', () => {
  const { clock, link, said } = harness(null);
  link.start();
  clock.advance(600_000);
  assert.deepEqual(said, []);
});

test('words go one after the other, so that none overtakes another', () => {
  const { link, said, end } = harness(null);
  link.serves();
  link.stops();
  assert.deepEqual(said, ['READY=1 STATUS=serves']);
  end(0);
  assert.deepEqual(said, ['READY=1 STATUS=serves', 'STOPPING=1 STATUS=closes its tunnels']);
});

test('a helper that hangs is killed, said once, and the next word goes out all the same', () => {
  const { clock, link, helpers, said, lines } = harness(60_000);
  link.start();
  link.serves();
  clock.advance(4_999);
  assert.equal(helpers[0]?.isKilled, false);
  clock.advance(1);
  assert.equal(helpers[0]?.isKilled, true);
  clock.advance(15_000);
  assert.deepEqual(said, ['READY=1 STATUS=serves', 'WATCHDOG=1']);
  helpers[0]?.emit('exit', null, 'SIGKILL');
  link.stops();
  assert.equal(said.length, 2, 'the end of the first one is taken for that of the second');
  assert.deepEqual(lines, ['service-manager-not-told: systemd-notify took more than 5 s']);
});

for (const [what, fail, why] of [
  ['ends with an error', (helper: FakeHelper) => helper.emit('exit', 1, null), 'systemd-notify ended with 1'],
  ['is not there', (helper: FakeHelper) => helper.emit('error', new Error('spawn ENOENT')), 'spawn ENOENT'],
] as const) {
  test(`a helper that ${what} is one line, and another one when it fails again after it has worked`, () => {
    const { link, helpers, lines, end } = harness(null);
    const failed = `service-manager-not-told: ${why}`;
    const next = (): void => {
      link.serves();
      const helper = helpers.at(-1);
      assert.ok(helper);
      fail(helper);
    };
    next();
    next();
    assert.deepEqual(lines, [failed]);
    link.serves();
    end(0);
    next();
    assert.deepEqual(lines, [failed, failed]);
  });
}

test('a helper that cannot be started at all does not end the supervisor', () => {
  const { link, lines } = harness(null, () => {
    throw new Error('spawn EMFILE');
  });
  link.serves();
  assert.deepEqual(lines, ['service-manager-not-told: spawn EMFILE']);
});

test('nothing is said any more once it is closed', () => {
  const { clock, link, said } = harness(60_000);
  link.start();
  link.close();
  clock.advance(600_000);
  assert.deepEqual(said, []);
});
