// Hostile clients as a process, against a port that answers or does not.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { FarEnd } from '../far-end/server.ts';
import { SharedCount } from '../far-end/shared-count.ts';
import type { HostilePlan } from '../hostile/orders.ts';
import { ConnectProxy } from '../testing/connect-proxy.ts';
import { ownFolder } from '../testing/folder.ts';
import { startHostile } from './hostile.ts';
import { Processes } from './processes.ts';

type Takes = (socket: Socket) => void;
const refuses: Takes = (socket) => socket.end('HTTP/1.1 403 TARGET_NOT_ALLOWED\r\n\r\n');
const closes: Takes = (socket) => socket.destroy();
const waits: Takes = () => {};
/** As a node does while more come than it answers. */
const closesAfter = (most: number): Takes => {
  let taken = 0;
  return (socket) => ((taken += 1) <= most ? refuses(socket) : closes(socket));
};
const timesOut: Takes = (socket) => void setTimeout(() => socket.end('HTTP/1.1 408 HEAD_TIMEOUT\r\n\r\n'), 1_100);

async function started(context: TestContext, work: HostilePlan['work'], takes = refuses): Promise<ReturnType<typeof startHostile>> {
  const server = createServer((socket) => takes(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return startedAt(context, work, address.port);
}

function startedAt(context: TestContext, work: HostilePlan['work'], port: number): ReturnType<typeof startHostile> {
  const processes = new Processes();
  context.after(() => processes.stopAll());
  const plan = { proxies: [{ host: '127.0.0.1', port }], target: 'iot.test:443', localAddress: '127.0.0.1', work };
  return startHostile(plan, processes, join(ownFolder(context), 'hostile.log'));
}

/** Of a process that listens and then stands still: the kernel makes a connection or two in its name, and leaves the others unanswered. */
async function portWithFullQueue(context: TestContext): Promise<number> {
  const program = `
    const server = require('node:net').createServer();
    server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(said);
}

const FLOODS: readonly (readonly [kind: 'refused' | 'half-open' | 'stalled-head', how: string, takes: Takes, says: RegExp])[] = [
  ['refused', 'refused', refuses, /^\d+ 403 TARGET_NOT_ALLOWED/],
  ['half-open', 'left alone', waits, /^\d+ still open at the end/],
  ['half-open', 'answered in the end', timesOut, /\d+ 408 HEAD_TIMEOUT(,|$)/],
  ['stalled-head', 'left alone', waits, /^\d+ still open at the end/],
  ['stalled-head', 'answered in the end', timesOut, /\d+ 408 HEAD_TIMEOUT(,|$)/],
];
const NO_FLOODS: typeof FLOODS = [
  ['refused', 'closed without an answer', closes, /of \d+ refused 0 were answered by a refusal: .*\d+ closed without an answer at once/],
  ['refused', 'taken for good', waits, /of \d+ refused 0 were answered by a refusal: \d+ still open at the end/],
  ['half-open', 'closed at once', closes, /of \d+ half-open 1?\d were held for a second: .*\d+ closed without an answer at once/],
  ['half-open', 'refused at once', refuses, /of \d+ half-open 1?\d were held for a second: .*\d+ 403 TARGET_NOT_ALLOWED at once/],
  ['stalled-head', 'closed at once', closes, /of \d+ stalled-head 1?\d were held for a second: .*\d+ closed without an answer at once/],
];
/** A machine that stands still for a second holds connections, and keeps others from being made: of so many seconds that is the lesser part. */
const SECONDS = 5;
const WITHIN = { timeout: 60_000 };

/** All that ended so, at once or not. */
function countOf(words: string, how: string): number {
  return [...words.matchAll(new RegExp(`(\\d+) ${how}`, 'g'))].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('a flood', { concurrency: true }, () => {
  for (const [kind, how, takes, says] of FLOODS)
    test(`of ${kind} connections that are ${how} says how they fared`, WITHIN, async (context) => {
      const { summary } = await started(context, { kind, perSecond: 10, seconds: SECONDS }, takes);
      assert.match(await summary, says);
    });

  for (const [kind, how, takes, says] of NO_FLOODS)
    test(`is none of ${kind} connections that are ${how}`, WITHIN, async (context) => {
      const { summary } = await started(context, { kind, perSecond: 10, seconds: SECONDS }, takes);
      await assert.rejects(summary, says);
    });

  for (const [answered, isOne] of [
    [50, true],
    [49, false],
  ] as const)
    test(`of which ${answered} are refused and the others closed without a word is ${isOne ? 'one' : 'none'}`, WITHIN, async (context) => {
      const { summary } = await started(context, { kind: 'refused', perSecond: 200, seconds: SECONDS }, closesAfter(answered));
      if (!isOne) return await assert.rejects(summary, /of \d+ refused 49 were answered by a refusal/);
      const words = await summary;
      assert.equal(countOf(words, '403 TARGET_NOT_ALLOWED'), answered, words);
      assert.ok(countOf(words, 'closed without an answer') >= 500, words);
    });

  for (const kind of ['refused', 'half-open', 'stalled-head'] as const)
    test(`is none of ${kind} connections that nobody takes`, WITHIN, async (context) => {
      const { summary } = startedAt(context, { kind, perSecond: 10, seconds: SECONDS }, 1);
      await assert.rejects(summary, /of \d+ [a-z-]+ 0 were .*: \d+ that did not connect/);
    });

  test('is none of half-open connections that are still being made at its end', WITHIN, async (context) => {
    const { summary } = startedAt(context, { kind: 'half-open', perSecond: 10, seconds: SECONDS }, await portWithFullQueue(context));
    await assert.rejects(summary, /of \d+ half-open [1-3] were held for a second: [1-3] still open at the end, \d+ that did not connect/);
  });
});

test('hostile clients that crash are an error with their last words: nothing was tried', WITHIN, async (context) => {
  const { started: program, summary } = await started(context, { kind: 'refused', perSecond: 1, seconds: 60 });
  program.child.kill('SIGKILL');
  await assert.rejects(summary, /^Error: the program of hostile clients \(refused\) was ended by SIGKILL/);
});

describe('slow readers', { concurrency: true }, () => {
  test('of which none had a tunnel are an error, too', WITHIN, async (context) => {
    const { summary } = await started(context, { kind: 'slow-readers', count: 3, bytesPerSecond: 0, seconds: SECONDS });
    await assert.rejects(summary, /of 3 slow-readers 0 had a tunnel to the end: 3 did not open: HTTP\/1\.1 403/);
  });

  test('have a tunnel each, and the far end gets all that they ask for', WITHIN, async (context) => {
    const file = join(ownFolder(context), 'count');
    writeFileSync(file, '');
    const count = new SharedCount(file, 0, 1);
    const far = new FarEnd({ address: '127.0.0.1', port: 0, quota: null, count, nowMs: Date.now });
    await far.listen();
    context.after(() => {
      far.die();
      count.close();
    });
    const { port } = await ConnectProxy.start(context, far.port);
    const { summary } = startedAt(context, { kind: 'slow-readers', count: 3, bytesPerSecond: 0, seconds: SECONDS }, port);
    assert.equal(await summary, '3 tunnels that stood, 3 that asked for everything');
    // A MiB each, in messages of 16 KiB.
    assert.equal(far.take().messages, 3 * 64);
  });
});
