import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { CarrierStatus } from '../control/carrier-api.ts';
import { systemClock } from '../core/clock.ts';
import type { MoveView } from '../core/move.ts';
import { ordersSocket } from '../core/runtime-files.ts';
import type { UpgradeNews, UpgradeResult } from '../core/supervision.ts';
import { listenForOrders, type Order } from '../supervisor/orders.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import { hasLooked, runUpgrade } from './upgrade.ts';

const UPGRADED: UpgradeResult = {
  outcome: 'upgraded',
  code: 0,
  by: 'test',
  tookMs: 3_440,
  generation: 2,
  version: '1.1.0',
  before: { generation: 1, version: '1.0.0' },
  from: '/opt/pinhole-1.1.0',
  deadlineAtMs: null,
  problems: [],
  why: null,
};
const AS_IT_WAS = { generation: 1, version: '1.0.0', code: 1 };

async function run(args: readonly string[]) {
  const said = { stdout: '', stderr: '' };
  const code = await runUpgrade(args, {
    stdout: (text) => (said.stdout += text),
    stderr: (text) => (said.stderr += text),
    env: {},
    readFile: () => assert.fail('no file is read'),
    machine: { cores: 1, nofile: 1_024, uid: 1_000 },
    clock: systemClock,
    pid: 4_711,
    root: '/opt/own',
  });
  return { code, ...said };
}

/** A node that says this news, and then answers every order with this. */
async function node(t: TestContext, answer: object = UPGRADED, news: readonly UpgradeNews[] = []) {
  const world = await fakeSupervision(t);
  const orders: Order[] = [];
  const listening = await listenForOrders(ordersSocket(world.runtime), systemClock, async (order, say) => {
    orders.push(order);
    for (const one of news) say(one);
    return answer;
  });
  t.after(() => listening.close());
  return { runtime: world.runtime, orders };
}

describe('which installation', () => {
  for (const [words, to] of [
    [[], '/opt/own'],
    [['--to', '/opt/other/'], '/opt/other'],
    [['--back'], null],
  ] as const) {
    test(`${words.join(' ') || 'none'}: ${to ?? 'the one before'}`, async (t) => {
      const { runtime, orders } = await node(t);
      const { code } = await run(['--runtime', runtime, ...words]);
      assert.equal(code, 0);
      assert.deepEqual(orders, [{ order: 'upgrade', by: 'upgrade (uid 1000, pid 4711)', to }]);
    });
  }

  test('not two of them', async () => {
    const { code, stderr } = await run(['--to', '/opt/other', '--back']);
    assert.deepEqual([code, stderr], [64, 'pinhole upgrade: --to and --back exclude each other\n']);
  });
});

describe('what came of it', () => {
  for (const [what, answer, code, stdout, stderr] of [
    [
      'taken over',
      UPGRADED,
      0,
      'generation 2 (1.1.0) has taken over from 1 (1.0.0) in 3.4 s\n0 tunnels go on in it, and none was left behind\n',
      '',
    ],
    [
      'refused',
      { ...UPGRADED, ...AS_IT_WAS, outcome: 'refused', why: 'generation 1 still holds 3 tunnels' },
      1,
      '',
      'pinhole upgrade: generation 1 still holds 3 tunnels; the node goes on by generation 1 (1.0.0)\n',
    ],
    [
      'a node that was stopped meanwhile',
      { ...UPGRADED, ...AS_IT_WAS, outcome: 'failed', why: 'generation 2 has not taken over: the node stops' },
      1,
      '',
      'pinhole upgrade: generation 2 has not taken over: the node stops\n',
    ],
    [
      'mistakes',
      {
        ...UPGRADED,
        ...AS_IT_WAS,
        code: 64,
        outcome: 'bad',
        problems: ['p.yaml:1:2: no'],
        why: 'version 1.1.0 does not take the configuration',
      },
      64,
      '',
      'p.yaml:1:2: no\npinhole upgrade: version 1.1.0 does not take the configuration; the node goes on by generation 1 (1.0.0)\n',
    ],
    [
      'a node that does not know the order',
      { error: 'this version obeys `reload` only' },
      1,
      '',
      'pinhole upgrade: this version obeys `reload` only\n',
    ],
  ] as const) {
    test(what, async (t) => {
      const { runtime } = await node(t, answer);
      assert.deepEqual(await run(['--runtime', runtime]), { code, stdout, stderr });
    });
  }

  test('how it goes on is said meanwhile', async (t) => {
    const of = { generation: 2, version: '1.1.0' };
    const steps = ['warming', 'accepting', 'proving'] as const;
    const { runtime } = await node(t, UPGRADED, [
      { step: 'reading', generation: null, version: null },
      ...steps.map((step) => ({ step, ...of })),
    ]);
    const { stderr } = await run(['--runtime', runtime]);
    assert.equal(
      stderr,
      [
        'reading the configuration by the new version',
        'generation 2 (1.1.0): making its carriers ready',
        'generation 2 (1.1.0): has tried itself, and accepts',
        'generation 2 (1.1.0): holding out beside the one before',
        '',
      ].join('\n'),
    );
  });

  test('as JSON it is one object, with the tunnels', async (t) => {
    const { runtime } = await node(t, UPGRADED, [{ step: 'reading', generation: null, version: null }]);
    const { stdout, stderr } = await run(['--runtime', runtime, '--json']);
    assert.deepEqual([JSON.parse(stdout), stderr], [{ ...UPGRADED, tunnels: { current: 0, held: 0 } }, '']);
  });
});

describe('a retired carrier has been looked at', () => {
  const move = (stayed: MoveView['stayed'], isOver = true): MoveView => ({ to: 2, isOver, moved: 1, onTheWay: 0, stayed });
  for (const [what, status, expected] of [
    ['when it does not answer', null, false],
    ['when it holds nothing', { tunnels: 0, pending: 0, move: null }, true],
    ['before it has moved anything', { tunnels: 3, pending: 0, move: null }, false],
    ['while a move is under way', { tunnels: 3, pending: 0, move: move({}, false) }, false],
    ['when what it holds cannot move', { tunnels: 3, pending: 0, move: move({ bound: 3 }) }, true],
    ['while a tunnel is being opened', { tunnels: 1, pending: 0, move: move({ opening: 1 }) }, false],
    ['while a tunnel is about to end', { tunnels: 1, pending: 0, move: move({ ending: 1 }) }, false],
    ['while it holds one that has come since', { tunnels: 4, pending: 0, move: move({ bound: 3 }) }, false],
    ['when some that it held have ended', { tunnels: 2, pending: 0, move: move({ bound: 3 }) }, true],
    ['while its heir is away', { tunnels: 1, pending: 0, move: move({ 'no-receiver': 1 }) }, false],
    ['while a request is awaited', { tunnels: 0, pending: 1, move: null }, false],
  ] as const) {
    test(`${what}: ${expected ? 'yes' : 'no'}`, () => assert.equal(hasLooked({ status: status as CarrierStatus | null }), expected));
  }
});
