// A whole node of several carriers is drained: what its commands, its listeners and the far end of its tunnels see of it.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import type { DrainView } from '../control/drain-view.ts';
import { type LogLine, ready, type ServeProcess, until } from './support/fake-serve.ts';
import { pinhole, servedNode, statusOf } from './support/served-node.ts';
import { DATA_HOST } from './support/settings.ts';
import { unlessBusy } from './support/unless-busy.ts';
import { startUpstream } from './support/upstream.ts';

const CONNECT = `CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}:443\r\n\r\n`;
const READY = 'GET /ready HTTP/1.1\r\nHost: x\r\n\r\n';
const OPEN = 'HTTP/1.1 200 Connection established';

interface Drained {
  readonly serve: ServeProcess;
  readonly port: number;
  readonly runtime: string;
  /** As the far end saw tunnels end: which ones, by the order in which they had been opened. */
  readonly ends: number[];
  /** The lines of the carriers that closed them. */
  closes(): LogLine[];
  /** Opens tunnels one after the other. */
  open(count: number): Promise<void>;
  /** The node once more, in the same folder. */
  again(): Promise<void>;
  drain(): Promise<DrainView | null>;
}

async function harness(t: TestContext, drain: string, carriers = 2): Promise<Drained> {
  const ends: number[] = [];
  let opened = 0;
  const upstream = await startUpstream((socket) => {
    opened += 1;
    const number = opened;
    socket.resume().once('end', () => {
      ends.push(number);
      socket.end();
    });
  });
  const node = servedNode(t, [
    `carriers: ${carriers}`,
    'policy: { sni: off, alpn: off }',
    `resolve: { pin: [{ host: ${DATA_HOST}, to: "127.0.0.1:${upstream.port}" }] }`,
    'limits: { tunnels: 5000, opensPerSecond: 100000 }',
    `drain: { ${drain} }`,
  ]);
  const serve = node.serve();
  const port = await ready(serve);
  await serve.line('control-ready');
  const clients: Socket[] = [];
  t.after(async () => {
    for (const client of clients) client.destroy();
    await upstream.close();
  });
  return {
    ...{ serve, port, ends, runtime: node.runtime },
    closes: () => serve.lines.filter(({ event }) => event === 'close'),
    async open(count) {
      for (let index = 0; index < count; index += 1) {
        const { client, line } = await unlessBusy(
          () => ask(port, CONNECT),
          (asked) => asked.line,
        );
        assert.equal(line, OPEN);
        clients.push(client);
      }
    },
    again: async () => void (await ready(node.serve())),
    drain: async () => (await statusOf(node.runtime)).drain,
  };
}

/** The first line of the answer; the connection stays. */
function ask(port: number, head: string): Promise<{ readonly client: Socket; readonly line: string }> {
  return new Promise((resolve, reject) => {
    const client = connect({ host: '127.0.0.1', port }, () => client.write(head));
    let text = '';
    client.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\r\n')) resolve({ client, line: text.split('\r\n', 1)[0] ?? '' });
    });
    client.on('error', reject);
  });
}

/** Answers of every carrier, since the kernel spreads connections over them. */
async function answers(port: number, head: string): Promise<Set<string>> {
  const lines = new Set<string>();
  for (let index = 0; index < 24; index += 1) {
    const { client, line } = await ask(port, head);
    client.destroy();
    lines.add(line);
  }
  return lines;
}

/**
 * Per second, from the first to the last, by the carriers that closed them: the far end of a busy machine sees some of them late. What may be in any
 * second is in core/pace.test.ts.
 */
function rateOf(closes: readonly LogLine[]): number {
  const moments = closes.map(({ time }) => Date.parse(time));
  return (1_000 * (moments.length - 1)) / (Math.max(...moments) - Math.min(...moments));
}

function events(serve: ServeProcess): string[] {
  return serve.lines.map(({ event }) => event).filter((event) => event.startsWith('drain'));
}

describe('a node that is drained', { concurrency: 2 }, () => {
  test('settles, refuses, and closes the oldest first at its rate, whatever its carriers; undrain ends all of it', async (t) => {
    const { serve, port, runtime, ends, closes, open, drain } = await harness(t, 'settle: 6s, rate: 20, stop: 1s');
    await open(60);
    const draining = pinhole('drain', '--runtime', runtime, '--json');
    const ordered = await serve.line('drain-ordered');
    assert.match(String(ordered['by']), /\(uid \d+, command line\)$/);
    assert.deepEqual(await answers(port, READY), new Set(['HTTP/1.1 503 Service Unavailable']));
    await open(1);
    assert.equal(ends.length, 0);
    assert.equal((await drain())?.phase, 'settling');
    await until(() => ends.length > 0, 'the first end');
    assert.deepEqual(await answers(port, CONNECT), new Set(['HTTP/1.1 503 DRAINING']));

    const { code, stdout } = await draining;
    assert.equal(code, 0, stdout);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; phase?: string });
    assert.deepEqual([lines[0]?.event, lines[0]?.phase, lines.at(-1)?.event], ['progress', 'settling', 'drained']);
    assert.equal(ends.length, 61);
    await until(() => closes().length === 61, 'the lines of all of them');
    assert.ok(rateOf(closes()) <= 22, `${rateOf(closes())} a second`);
    // Two that end in one moment, in two processes, may be seen the other way round.
    for (const [index, number] of ends.entries())
      assert.ok(Math.abs(number - index - 1) <= 2, `number ${number} ended as number ${index + 1}`);
    await serve.line('drained');

    const undrained = await pinhole('undrain', '--runtime', runtime);
    assert.deepEqual([undrained.code, undrained.stdout], [0, 'The node takes new tunnels again.\n']);
    assert.deepEqual(await answers(port, READY), new Set(['HTTP/1.1 200 OK']));
    await open(4);
    await until(() => events(serve).length >= 3, 'the line of the end');
    assert.deepEqual(events(serve), ['drain-ordered', 'drained', 'drain-ordered']);
    assert.equal((await pinhole('undrain', '--runtime', runtime)).stdout, 'The node does not drain.\n');
    assert.equal(await drain(), null);
  });

  test('can be paused, resumed and undrained in the middle', async (t) => {
    const { runtime, ends, open, port } = await harness(t, 'rate: 10, stop: 1s');
    await open(100);
    assert.equal((await pinhole('drain', '--runtime', runtime, '--pause')).stderr, 'pinhole drain: this node is not draining\n');
    const first = pinhole('drain', '--runtime', runtime, '--now');
    await until(() => ends.length > 5, 'some ends');
    const paused = await pinhole('drain', '--runtime', runtime, '--pause');
    assert.match(paused.stdout, /^paused: \d+ of 100 closed\n$/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = ends.length;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    assert.equal(ends.length, before);
    assert.deepEqual(await answers(port, CONNECT), new Set(['HTTP/1.1 503 DRAINING']));

    assert.match(
      (await pinhole('drain', '--runtime', runtime, '--resume')).stdout,
      /^closing: \d+ of 100 closed, 10 a second, \d+s left\n$/,
    );
    await until(() => ends.length > before + 5, 'more ends');
    assert.equal((await pinhole('undrain', '--runtime', runtime)).code, 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = ends.length;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    assert.equal(ends.length, after);
    assert.ok(after < 100);
    const { code, stdout } = await first;
    assert.equal(code, 1);
    assert.match(stdout, /Somebody has ended the drain: the node takes new tunnels again\.\n$/);
  });

  test('goes on when control and the carrier that keeps the pace are killed; the carrier that comes drains too', async (t) => {
    const { serve, runtime, ends, closes, open, port } = await harness(t, 'rate: 12, stop: 1s', 3);
    await open(250);
    const { control } = await statusOf(runtime);
    const draining = pinhole('drain', '--runtime', runtime, '--now');
    await until(() => ends.length > 10, 'some ends');
    const died = serve.lines.length;
    process.kill(control.pid ?? assert.fail('no pid'), 'SIGKILL');
    const before = ends.length;
    await until(() => ends.length > before + 20, 'the drain to go on');
    await serve.line('control-ready', died);

    const { pid, status } = await until(async () => {
      const { drain, carriers } = await statusOf(runtime);
      const pacing = carriers.find(({ slot }) => slot === drain?.pacedBy);
      return pacing?.status && pacing;
    }, 'the carrier that keeps the pace');
    const killedMs = Date.now();
    assert.ok(pid !== null, 'no pid');
    process.kill(pid, 'SIGKILL');
    await serve.replaced(pid);
    assert.deepEqual(await answers(port, CONNECT), new Set(['HTTP/1.1 503 DRAINING']));
    assert.deepEqual(await answers(port, READY), new Set(['HTTP/1.1 503 Service Unavailable']));
    const { code, stdout } = await draining;
    assert.equal(code, 0, stdout);
    assert.equal(ends.length, 250);
    // All tunnels of the carrier that was killed end in one moment; the drain has nothing to do with that.
    const atOnce = status?.tunnels ?? 0;
    assert.ok(atOnce > 5, `${atOnce} tunnels of the carrier`);
    const ordered = Map.groupBy(closes(), ({ time }) => Date.parse(time) < killedMs);
    for (const [isBefore, some] of ordered) {
      const what = `${some.length} ${isBefore ? 'before' : 'behind'} the kill`;
      assert.ok(some.length > 10, what);
      assert.ok(rateOf(some) <= 14, `${rateOf(some)} a second of ${what}`);
    }
    assert.equal(ordered.size, 2);
  });

  test('is drained by the command while control hangs', async (t) => {
    const { serve, runtime, ends, open } = await harness(t, 'rate: 50, stop: 1s');
    await open(20);
    const { control } = await statusOf(runtime);
    process.kill(control.pid ?? assert.fail('no pid'), 'SIGSTOP');
    const { code, stdout } = await pinhole('drain', '--runtime', runtime, '--now');
    assert.equal(code, 0, stdout);
    assert.equal(ends.length, 20);
    // A process that is stopped would outlive its node.
    await serve.line('control-died');
  });

  test('ends on SIGTERM as any other; when it is started again it does not drain', async (t) => {
    const { serve, runtime, open, drain, ends, again } = await harness(t, 'rate: 1, stop: 2s');
    await open(40);
    const draining = pinhole('drain', '--runtime', runtime, '--now');
    await serve.line('drain-ordered');
    assert.equal((await drain())?.phase, 'closing');
    serve.child.kill('SIGTERM');
    assert.equal(await serve.ended, 0);
    assert.equal(ends.length, 40);
    assert.match((await draining).stdout, /^(?:Drained\.|The node has ended\.)/m);
    await again();
    assert.equal(await drain(), null);
  });
});
