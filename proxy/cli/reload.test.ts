import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { ordersSocket } from '../core/runtime-files.ts';
import type { ReloadResult } from '../core/supervision.ts';
import { listenForOrders, type Order } from '../supervisor/orders.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import { runReload } from './reload.ts';

const TAKEN: ReloadResult = {
  outcome: 'taken',
  code: 0,
  by: 'test',
  file: '/etc/pinhole.yaml',
  atMs: 5_000,
  sinceMs: 5_000,
  tookMs: 340,
  policyVersion: 'bbbbbbbbbbbb',
  before: 'aaaaaaaaaaaa',
  changed: ['endpoints', 'tls'],
  problems: [],
  atStart: [],
  carriers: [
    { who: 'carrier 0', took: true, why: null },
    { who: 'carrier 1', took: true, why: null },
  ],
  control: { who: 'control', took: true, why: null },
  why: null,
};

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, file?: string): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  const code = await runReload(args, {
    stdout: (text) => (said.stdout += text),
    stderr: (text) => (said.stderr += text),
    env,
    readFile() {
      if (file === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return file;
    },
    machine: { cores: 1, nofile: 1_024, uid: 4_294_967 },
    clock: systemClock,
    pid: 4_711,
  });
  return { code, ...said };
}

/** A node that answers every order with this, by the file that is given. */
async function node(t: TestContext, answer: object = TAKEN, file?: string) {
  const world = await fakeSupervision(t);
  if (file !== undefined) world.view = { ...world.view, configuration: { ...world.view.configuration, file } };
  const orders: Order[] = [];
  const listening = await listenForOrders(ordersSocket(world.runtime), systemClock, async (order, say) => {
    orders.push(order);
    if ('waits' in answer) say({ waiting: true });
    return 'waits' in answer ? TAKEN : answer;
  });
  t.after(() => listening.close());
  return { runtime: world.runtime, orders };
}

describe('what came of it', () => {
  for (const [what, change, code, stdout, stderr] of [
    ['taken', {}, 0, 'taken by 2 of 2 carriers in 0.3 s, policy version bbbbbbbbbbbb after aaaaaaaaaaaa: endpoints, tls\n', ''],
    [
      'nothing new',
      { outcome: 'unchanged', sinceMs: -115_000, changed: [] },
      0,
      'nothing new: policy version bbbbbbbbbbbb in use for 2m, by 2 of 2 carriers\n',
      '',
    ],
    [
      'a carrier that is late',
      { code: 1, carriers: [TAKEN.carriers[0], { who: 'carrier 1', took: false, why: 'it did not acknowledge within 5 s' }] },
      1,
      'taken by 1 of 2 carriers in 0.3 s, policy version bbbbbbbbbbbb after aaaaaaaaaaaa: endpoints, tls\n',
      'carrier 1: it did not acknowledge within 5 s\n',
    ],
    [
      'control that is dead',
      { control: { who: 'control', took: false, why: 'it is being started' } },
      0,
      'taken by 2 of 2 carriers in 0.3 s, policy version bbbbbbbbbbbb after aaaaaaaaaaaa: endpoints, tls\n',
      'control: it is being started\n',
    ],
    [
      'mistakes',
      { outcome: 'bad', code: 64, problems: ['p.yaml:4:18: ports: no', 'p.yaml:9:3: idel: no'], carriers: [], control: null },
      64,
      '',
      'p.yaml:4:18: ports: no\np.yaml:9:3: idel: no\npinhole reload: /etc/pinhole.yaml has mistakes; the node goes on by policy version bbbbbbbbbbbb\n',
    ],
    [
      'what only a start takes',
      { outcome: 'at-start', code: 75, atStart: [{ key: 'carriers', running: '2', wanted: '3' }], carriers: [], control: null },
      75,
      '',
      'carriers: 3 takes a start of the node, which runs with 2\npinhole reload: nothing was changed; the node goes on by policy version bbbbbbbbbbbb\n',
    ],
    [
      'a full disk',
      { outcome: 'failed', code: 1, why: 'ENOSPC', carriers: [], control: null },
      1,
      '',
      'pinhole reload: ENOSPC; the node goes on by policy version bbbbbbbbbbbb\n',
    ],
  ] as const) {
    test(what, async (t) => {
      const { runtime, orders } = await node(t, { ...TAKEN, ...change });
      assert.deepEqual(await run(['--runtime', runtime]), { code, stdout, stderr });
      assert.deepEqual(orders, [{ order: 'reload', by: 'reload (uid 4294967, pid 4711)', to: null }]);
      const asJson = await run(['--runtime', runtime, '--json']);
      assert.deepEqual([asJson.code, JSON.parse(asJson.stdout), asJson.stderr], [code, { ...TAKEN, ...change }, '']);
    });
  }

  test('another one that is under way is waited for, and said', async (t) => {
    const { runtime } = await node(t, { waits: true });
    const { code, stderr } = await run(['--runtime', runtime]);
    assert.deepEqual([code, stderr], [0, 'pinhole reload: another change is under way: waiting for it\n']);
  });

  test('a node that does not know the order, or ends meanwhile, gave no answer', async (t) => {
    const { runtime } = await node(t, { error: 'this version obeys nothing' });
    assert.deepEqual(await run(['--runtime', runtime]), {
      code: 1,
      stdout: '',
      stderr: `pinhole reload: the node in ${runtime} gave no answer: this version obeys nothing\n`,
    });
    const { runtime: deaf } = await fakeSupervision(t);
    assert.equal((await run(['--runtime', deaf])).code, 1);
  });
});

describe('--dry-run', () => {
  const WOULD = {
    ...{ outcome: 'would-take', code: 0, file: '/etc/new.yaml', running: '/etc/pinhole.yaml', before: 'a', policyVersion: 'b' },
    ...{ changed: [], problems: [], atStart: [], revoked: 'close', rate: 8, carriers: [], why: null },
  };

  test('orders nothing but a look, at the file of --from', async (t) => {
    const { runtime, orders } = await node(t, WOULD);
    const { code, stdout } = await run(['--runtime', runtime, '--dry-run', '--from', '/etc/new.yaml']);
    assert.deepEqual([code, stdout], [0, 'would be taken: policy version b after a\nwould close none of 0 open tunnels\n']);
    assert.deepEqual(JSON.parse((await run(['--runtime', runtime, '--dry-run', '--json'])).stdout), WOULD);
    const by = 'reload (uid 4294967, pid 4711)';
    assert.deepEqual(orders, [
      { order: 'dry-run', by, to: '/etc/new.yaml' },
      { order: 'dry-run', by, to: null },
    ]);
  });

  test('gives the code of what would come of it', async (t) => {
    const { runtime } = await node(t, {
      ...WOULD,
      outcome: 'at-start',
      code: 75,
      atStart: [{ key: 'carriers', running: '2', wanted: '3' }],
    });
    assert.equal((await run(['--runtime', runtime, '--dry-run'])).code, 75);
  });

  test('--from alone would be taken for a change', async () => {
    const { code, stderr } = await run(['--from', '/etc/new.yaml']);
    assert.deepEqual([code, stderr], [64, 'pinhole reload: --from goes with --dry-run only: a node takes its own file\n']);
  });
});

describe('which node', () => {
  test('the one that runs by the file, whatever is in that now', async (t) => {
    const { runtime, orders } = await node(t, TAKEN, '/etc/p.yaml');
    for (const text of [`runtime: ${runtime}\nlisten: [{ address: "127.0.0.1:1" }]\nendpoints: []\n`, `runtime: ${runtime}\nnonsense: [\n`])
      assert.equal((await run(['-c', '/etc/p.yaml'], {}, text)).code, 0, text);
    // The file names another folder now; the node is in a usual one.
    assert.equal((await run(['-c', '/etc/p.yaml'], { RUNTIME_DIRECTORY: runtime }, 'runtime: /elsewhere\n')).code, 0);
    assert.equal((await run(['-c', '/etc/p.yaml'], { RUNTIME_DIRECTORY: runtime })).code, 0, 'the file is gone');
    assert.equal(orders.length, 4);
  });

  test('also by another name of the same file', async (t) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'names-')));
    t.after(() => rmSync(folder, { recursive: true }));
    const [file, link] = [join(folder, 'p.yaml'), join(folder, 'link.yaml')];
    writeFileSync(file, '');
    symlinkSync(file, link);
    const { runtime } = await node(t, TAKEN, file);
    assert.equal((await run(['-c', link], {}, `runtime: ${runtime}\n`)).code, 0);
  });

  test('none for a file that it does not run by, and it is said by which it does', async (t) => {
    const { runtime, orders } = await node(t, TAKEN, '/etc/p.yaml');
    const { code, stderr } = await run(['-c', '/etc/new.yaml'], {}, `runtime: ${runtime}\n`);
    assert.deepEqual([code, stderr], [64, `pinhole reload: no node runs by /etc/new.yaml; the node in ${runtime} runs by /etc/p.yaml\n`]);
    assert.deepEqual(orders, []);
  });

  for (const [what, args, file, code, stderr] of [
    [
      'no node',
      ['-c', '/etc/p.yaml'],
      'runtime: /nonexistent/run\n',
      1,
      /no node that runs by \/etc\/p\.yaml answers in \/nonexistent\/run, /,
    ],
    ['no file', ['-c', '/etc/p.yaml'], undefined, 64, /cannot be read, so it does not say where its node is; --runtime DIR does/],
    ['both ways to say it', ['-c', 'a', '--runtime', 'b'], '', 64, /say the same in two ways/],
    ['a word too many', ['now'], '', 64, /pinhole reload: Unexpected argument 'now'/],
    ['an empty folder', ['--runtime', '/nonexistent/run'], '', 1, /no node answers in \/nonexistent\/run/],
  ] as const) {
    test(`${what}: ${code}`, async () => {
      const ran = await run(args, {}, file);
      assert.equal(ran.code, code);
      assert.match(ran.stderr, stderr);
    });
  }
});
