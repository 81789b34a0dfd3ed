// Two data planes in one process, each with an engine of its own, and real sockets between them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { systemClock } from '../core/clock.ts';
import type { MoveView } from '../core/move.ts';
import { moveSocket } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { createLinkCalls } from '../native/links.ts';
import { loadAddon } from '../native/engine.ts';
import { makeCertificate } from '../test/support/certificate.ts';
import { makeHello } from '../test/support/hello.ts';
import { readAll, startTestNode, type TestClient, type TestNode } from '../test/support/plane.ts';
import { ENGINES } from '../test/support/relay.ts';
import { DATA_HOST, testSettings } from '../test/support/settings.ts';
import { echo, startUpstream } from '../test/support/upstream.ts';
import { MoveLinks } from './move-links.ts';
import type { Taken } from './move-receiver.ts';
import { Mover } from './mover.ts';

const CONNECT = `CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}:443\r\n\r\n`;
const HELLO = makeHello({ sni: DATA_HOST });
const never = { resolve4: () => new Promise<never>(() => {}), resolve6: () => new Promise<never>(() => {}) };

interface Side {
  readonly node: TestNode;
  readonly mover: Mover;
  readonly sent: MoveView[];
  readonly taken: Taken[];
}

interface Pair {
  readonly folder: string;
  readonly first: Side;
  readonly second: Side;
  open(): Promise<TestClient>;
}

async function pair(t: TestContext, changes: Partial<Settings> = {}, dns?: typeof never): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'mover-'));
  const upstream = await startUpstream(echo);
  const pins = dns ? [] : [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port: upstream.port }] }];
  const side = async (generation: number): Promise<Side> => {
    const node = await startTestNode({ relay: 'native', resolve: { servers: [], family: 'ipv4', pins }, ...changes }, dns);
    const sent: MoveView[] = [];
    const taken: Taken[] = [];
    const mover = new Mover({
      planes: { current: node.plane },
      links: node.links,
      generation,
      pathOf: (of) => moveSocket(folder, of, 0),
      onSent: (view) => void sent.push(view),
      onTaken: (counts) => void taken.push(counts),
    });
    mover.listen();
    return { node, mover, sent, taken };
  };
  // As a carrier that was killed leaves it.
  writeFileSync(moveSocket(folder, 2, 0), '');
  const [first, second] = [await side(1), await side(2)];
  t.after(async () => {
    for (const { node, mover } of [first, second]) {
      mover.stop();
      await node.close();
      assert.deepEqual(node.bugs, []);
    }
    await upstream.close();
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    first,
    second,
    open: async () => {
      const client = await first.node.connect();
      t.after(() => client.destroy());
      client.write(CONNECT);
      await readAll(client, (text) => text.endsWith('\r\n\r\n'));
      client.write(HELLO);
      await readAll(client, (text) => text.length >= HELLO.length);
      return client;
    },
  };
}

async function moveAll(from: Side, to: number): Promise<MoveView> {
  const before = from.sent.length;
  from.mover.start(to);
  while (from.sent.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
  return from.sent[before] as MoveView;
}

async function echoes(client: TestClient, text: string): Promise<void> {
  client.write(text);
  assert.equal(await readAll(client, (got) => got.length >= text.length), text);
}

describe('between two carriers', { skip: ENGINES.includes('native') ? false : 'there is no native engine', concurrency: 4 }, () => {
  test('a tunnel goes on, counted at the one that has it, and recorded by it', async (t) => {
    const { folder, first, second, open } = await pair(t);
    const client = await open();
    assert.deepEqual(await moveAll(first, 2), { to: 2, isOver: true, moved: 1, onTheWay: 0, stayed: {} });
    await echoes(client, 'at the second');
    assert.deepEqual(
      [first.node.counts, second.node.counts].map(({ open, moved }) => [open, moved]),
      [
        [0, -1],
        [1, 1],
      ],
    );
    while (first.node.plane.engine.held() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(second.node.plane.engine.held(), 1);
    client.end();
    const { end } = await second.node.recorded(({ event }) => event === 'close');
    assert.deepEqual([end?.bytesUp, end?.bytesDown, end?.endedBy], [HELLO.length + 13, HELLO.length + 13, 'client']);
    assert.deepEqual(
      first.node.records.map(({ event }) => event),
      ['decision'],
    );
    assert.deepEqual(second.taken, [{ taken: 1, refused: 0 }]);
    assert.equal(statSync(moveSocket(folder, 2, 0)).mode & 0o777, 0o600);
  });

  test('one that stays because the other is full goes on, and moves when there is room', async (t) => {
    const { first, second, open } = await pair(t);
    const client = await open();
    second.node.limit = 'NODE_FULL';
    assert.deepEqual((await moveAll(first, 2)).stayed, { full: 1 });
    await echoes(client, 'still at the first');
    assert.deepEqual([first.node.counts.open, second.node.counts.open], [1, 0]);
    second.node.limit = null;
    assert.equal((await moveAll(first, 2)).moved, 1);
    await echoes(client, 'at the second');
  });

  test('one that is told to close while it is on its way closes where it goes on', async (t) => {
    const { first, open } = await pair(t);
    const client = await open();
    first.node.plane.sessions.all().next().value?.close('idle');
    assert.deepEqual((await moveAll(first, 2)).stayed, { ending: 1 });
    await once(client.resume(), 'end');

    const other = await open();
    first.mover.start(2);
    // The engine was asked to park it before, and leaves a parked tunnel alone.
    first.node.plane.sessions.closeSome(1, 'operator');
    await once(other.resume(), 'end');
    const { end } = await first.node.recorded(({ event, record }) => event === 'close' && record.client_port === other.ownPort);
    assert.equal(end?.endedBy, 'operator');
  });

  test('one that is told to close after it was sent is said to be on its way, and can be closed where it has gone', async (t) => {
    const { first, second, open } = await pair(t);
    const client = await open();
    const session = first.node.plane.sessions.all().next().value;
    assert.ok(session);
    const ids = new Set([session.record.id]);
    first.mover.start(2);
    for (let relay = session.movable; typeof relay !== 'string' && !relay.isSent; relay = session.movable) await turn();
    assert.deepEqual(first.node.plane.sessions.closeIds(ids, 'operator'), { closed: [], onTheWay: [...ids] });
    while (first.mover.view()?.isOver === false) await turn();
    await echoes(client, 'it lives at the second');
    assert.deepEqual(first.node.plane.sessions.closeIds(ids, 'operator'), { closed: [], onTheWay: [] });
    assert.deepEqual(second.node.plane.sessions.closeIds(ids, 'operator'), { closed: [...ids], onTheWay: [] });
    await once(client.resume(), 'end');
  });

  test('nothing is taken behind a stop, and nothing sent', async (t) => {
    const { first, second, open } = await pair(t);
    const client = await open();
    second.mover.stop();
    assert.deepEqual((await moveAll(first, 2)).stayed, { 'no-receiver': 1 });
    await echoes(client, 'still at the first');
    first.mover.stop();
    assert.deepEqual((await moveAll(first, 2)).stayed, { stopping: 1 });
  });

  test('tunnels that are TLS stay, and so do those that are being opened', async (t) => {
    const ours = makeCertificate(['proxy.test']);
    const certificate = {
      certificatePem: ours.certPem,
      keyPem: ours.keyPem,
      names: ['proxy.test'],
      minVersion: 'TLSv1.2' as const,
      clients: null,
    };
    const { first, open } = await pair(t, { tls: certificate });
    await open();
    const outer = tls.connect({ host: '127.0.0.1', port: first.node.port, ca: ours.certPem, servername: 'proxy.test' });
    t.after(() => outer.destroy());
    outer.write(CONNECT);
    await readAll(outer, (text) => text.endsWith('\r\n\r\n'));
    outer.write(HELLO);
    await readAll(outer, (text) => text.length >= HELLO.length);
    assert.deepEqual(await moveAll(first, 2), { to: 2, isOver: true, moved: 1, onTheWay: 0, stayed: { bound: 1 } });

    const opening = await pair(t, {}, never);
    const client = await opening.first.node.connect();
    t.after(() => client.destroy());
    client.write(CONNECT);
    while (opening.first.node.counts.open === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual((await moveAll(opening.first, 2)).stayed, { opening: 1 });
  });

  test('without a native engine every tunnel stays, and a move to it finds nobody', async (t) => {
    const byNode = await pair(t, { relay: 'node' });
    const client = await byNode.open();
    assert.deepEqual((await moveAll(byNode.first, 2)).stayed, { bound: 1 });
    await echoes(client, 'by node');
    assert.equal(byNode.second.mover.start(1)?.moved, 0);
    assert.deepEqual(readdirSync(byNode.folder), ['move-2-0.sock'], 'nothing listens: that is the file of before');
  });

  test('idle time goes on from the last byte, wherever that went', { timeout: 30_000 }, async (t) => {
    const { limits } = testSettings();
    const { first, second, open } = await pair(t, { limits: { ...limits, idleMs: 7_000 } });
    const startMs = systemClock.nowMs();
    const client = await open();
    const openMs = systemClock.nowMs() - startMs;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal((await moveAll(first, 2)).moved, 1);
    await once(client.resume(), 'end');
    const { end } = await second.node.recorded(({ event }) => event === 'close');
    assert.equal(end?.endedBy, 'idle');
    // Its last byte came when it was opened; counted anew it would have been 2.5 s later at the earliest.
    assert.ok(end.durationMs - end.idleMs < openMs + 2_300, `${end.durationMs} ms, ${end.idleMs} of them idle, opened in ${openMs} ms`);
  });

  test('a stranger’s messages cost nobody anything', async (t) => {
    const { folder, first, second, open } = await pair(t);
    const client = await open();
    const answers: string[] = [];
    let isOver = false;
    const room = Buffer.alloc(64);
    const links = new MoveLinks((onReady) => createLinkCalls(loadAddon(), onReady));
    const owner = {
      linkWritable: () => {},
      linkReadable: (link: number) => {
        const got = links.receive(link, room);
        if (got > 0) answers.push(room.toString('latin1', 0, got));
        else isOver = links.errorOf(got) !== 'EAGAIN';
      },
    };
    const link = links.connect(moveSocket(folder, 2, 0), owner) as number;
    for (const bytes of ['hello', 'PHTN', 'x'.repeat(100_000)]) assert.equal(links.send(link, Buffer.from(bytes)), null);
    while (answers.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual([answers, isOver], [['-unreadable', '-unreadable', '-unreadable'], false]);
    assert.equal((await moveAll(first, 2)).moved, 1);
    await echoes(client, 'at the second');
    links.close(link);
    while (second.taken.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(
      second.taken.toSorted((a, b) => a.refused - b.refused),
      [
        { taken: 1, refused: 0 },
        { taken: 0, refused: 3 },
      ],
    );
  });
});

test('a name that is too long for a socket is an error, not another name', { skip: !ENGINES.includes('native') }, () => {
  const links = new MoveLinks((onReady) => createLinkCalls(loadAddon(), onReady));
  const owner = { linkReadable: () => {}, linkWritable: () => {} };
  const path = `/tmp/${'x'.repeat(103)}`;
  assert.deepEqual([links.listen(path, owner), links.connect(path, owner)], ['ENAMETOOLONG', 'ENAMETOOLONG']);
});

// By itself: the descriptors are those of the whole process.
test('tunnels that move to and fro leave no descriptor behind', { skip: !ENGINES.includes('native'), timeout: 60_000 }, async (t) => {
  const { first, second, open } = await pair(t);
  const clients = await Promise.all(Array.from({ length: 20 }, open));
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const toAndFro = async (): Promise<void> => {
    assert.equal((await moveAll(first, 2)).moved, 20);
    assert.equal((await moveAll(second, 1)).moved, 20);
  };
  // Who gave the tunnels away has let go of them, and who took them has closed each link.
  const isSettled = (moves: number): boolean =>
    first.node.plane.engine.held() === 20 &&
    second.node.plane.engine.held() === 0 &&
    [first, second].every(({ taken }) => taken.length === moves);
  await toAndFro();
  while (!isSettled(1)) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = descriptors();
  for (let round = 0; round < 30; round += 1) await toAndFro();
  for (const client of clients) await echoes(client, 'home again');
  while (!isSettled(31)) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(descriptors(), before);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
