// `pinhole top`, against carriers that answer, and a terminal that remembers what it was told.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { MACHINE } from '../config/test-support.ts';
import { systemClock } from '../core/clock.ts';
import type { TunnelRow } from '../core/ports.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import type { Terminal } from './terminal.ts';
import { runTop } from './top.ts';

const ROW: TunnelRow = {
  ...{ id: 'ZQT2AOZZ43E7UHAF3IFU', door: 'connect', tenant: 'acme', target: 'x', endpoint: 'production', kind: 'data' },
  ...{ client: '192.0.2.1:1', upstream: null, phase: 'relaying', ageMs: 60_000, idleMs: 1, bytesUp: 1_000, bytesDown: 24 },
};

async function world(t: TestContext) {
  const node = await fakeSupervision(t);
  const [first, second] = [await node.carrier(0), await node.carrier(1)];
  first.rows = [ROW, { ...ROW, id: 'A'.repeat(20), tenant: 'globex', bytesUp: 9_000 }];
  second.rows = [{ ...ROW, id: 'B'.repeat(20), bytesUp: 5_000 }];
  return { node, first };
}

function screen() {
  let press = (_keys: string): void => {};
  const drawn: string[] = [];
  const terminal: Terminal = {
    size: () => ({ columns: 100, rows: 12 }),
    write: (text) => drawn.push(text),
    raw(pressed) {
      press = pressed;
      return () => drawn.push('cooked');
    },
    resized() {},
    atEnd() {},
  };
  return { terminal, drawn, press: (keys: string) => press(keys) };
}

function start(args: readonly string[], terminal: Terminal | null) {
  const said = { out: '', err: '' };
  const heard = new Map<string, () => void>();
  const code = runTop(args, {
    stdout: (text) => (said.out += text),
    stderr: (text) => (said.err += text),
    env: {},
    readFile: (path) => assert.fail(path),
    machine: MACHINE,
    clock: systemClock,
    columns: () => null,
    onSignal: (name, run) => heard.set(name, run),
    terminal,
  });
  return { said, code, signal: (name: string) => heard.get(name)?.() };
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_500; tries += 1) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(what);
}

describe('top', () => {
  test('--once --json looks twice, and says what went on in a second', async (t) => {
    const { node, first } = await world(t);
    const { said, code } = start(['--runtime', node.runtime, '--once', '--json', '--by', 'bytes', '--rows', '2'], null);
    // Again and again, so that some are between the two looks, whenever the first one is through.
    const refusing = setInterval(() => first.metrics.decision('connect', '', 'TARGET_NOT_ALLOWED'), 50);
    t.after(() => clearInterval(refusing));
    assert.equal(await code, 0, said.err);
    assert.equal(said.out.trim().split('\n').length, 1);
    const shown = JSON.parse(said.out) as {
      top: TunnelRow[];
      tenants: { name: string; tunnels: number }[];
      perSecond: { refusals: number; reasons: object };
    };
    assert.deepEqual(
      shown.top.map(({ id }) => id[0]),
      ['A', 'B'],
    );
    assert.deepEqual(
      shown.tenants.map(({ name, tunnels }) => [name, tunnels]),
      [
        ['globex', 1],
        ['acme', 2],
      ],
    );
    assert.ok(shown.perSecond.refusals > 0);
    assert.deepEqual(Object.keys(shown.perSecond.reasons), ['TARGET_NOT_ALLOWED']);
  });

  test('into a pipe it is text, one look after the other, until a signal', async (t) => {
    const { node } = await world(t);
    const { said, code, signal } = start(['--runtime', node.runtime, '--interval', '1'], null);
    await until('two texts', () => said.out.split('carrier 0: 2 tunnels').length > 2);
    signal('SIGTERM');
    assert.equal(await code, 0);
    assert.match(said.out, /^n, ready, generation 1 \(v\), up /m);
    assert.match(said.out, /^tenant +tunnels +bytes +rate \(first\)\n(acme +2|globex +1) /m);
    assert.ok(!said.out.includes('\u001B'));
  });

  test('on a terminal it is drawn, does what keys say, and is taken away again', async (t) => {
    const { node } = await world(t);
    const { terminal, drawn, press } = screen();
    const { code } = start(['--runtime', node.runtime], terminal);
    await until('a screen', () => drawn.some((text) => text.includes('ZQT2AOZZ43E7UHAF3IFU')));
    const lines = (drawn.at(-1) ?? '').split('\r\n');
    assert.ok(
      lines.length <= 12 &&
        lines.every((line) => line.replaceAll('\u001B[K', '').replaceAll('\u001B[H', '').replaceAll('\u001B[J', '').length <= 100),
    );
    press('n');
    assert.match(drawn.at(-1) ?? '', /tenant +tunnels/);
    press('a');
    await until('another order', () => (drawn.at(-1) ?? '').includes('acme'));
    press('q');
    assert.equal(await code, 0);
    assert.deepEqual(drawn.slice(-2), ['\u001B[?7h\u001B[?25h\u001B[?1049l', 'cooked']);
  });

  test('a signal takes the screen away too, and so does a node that ends', async (t) => {
    const { node } = await world(t);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      const { terminal, drawn } = screen();
      const { code, signal } = start(['--runtime', node.runtime], terminal);
      await until('a screen', () => drawn.length > 1);
      signal(name);
      assert.equal(await code, 0);
      assert.equal(drawn.at(-1), 'cooked', name);
    }
    const { terminal, drawn } = screen();
    const { code, said } = start(['--runtime', node.runtime, '--interval', '1'], terminal);
    await until('a screen', () => drawn.length > 1);
    node.view = { pid: 1 } as typeof node.view;
    assert.equal(await code, 1);
    assert.equal(drawn.at(-1), 'cooked');
    assert.match(said.err, /has ended/);
  });

  for (const [args, err] of [
    [['--by', 'size'], '--by size: expected rate, bytes or age'],
    [['--interval', '0'], '--interval: expected a whole number from 1 to 60'],
    [['--rows', 'all'], '--rows: expected a whole number from 1 to 200'],
    [['--onc'], "Unknown option '--onc'; did you mean --once?"],
  ] as const) {
    test(`${args.join(' ')} is 64`, async () => {
      const { said, code } = start(args, null);
      assert.equal(await code, 64);
      assert.equal(said.err, `pinhole top: ${err}\n`);
    });
  }
});
