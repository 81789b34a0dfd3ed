// Slow clients, and sides that leave in the middle.

import { once } from 'node:events';
import type net from 'node:net';
import { DEADLINE_MS } from './bench.ts';
import { eventually, within } from './bounded.ts';
import { type Door, hear, knock, speak } from './door-client.ts';
import { exchange, secureInside } from './exchange.ts';
import { DATA, PROXY_NAME } from './fixture.ts';
import { hello } from './hello-bytes.ts';
import { connectHead, inPieces, octets, openTunnel, sayInside, useTurned } from './moves.ts';
import { ODD } from './odd-upstreams.ts';
import type { Scenario } from './scenario.ts';

const WAIT_MS = 10_000;
const SLACK_MS = 5_000;

/** Bytes that come one by one and are never whole. */
async function drip(door: Door, source: string, bytes: Buffer, everyMs: number, waitMs: number): ReturnType<typeof hear> {
  const socket = await knock(door, source);
  const answer = hear(socket, waitMs);
  await Promise.race([answer, inPieces(socket, octets(bytes), everyMs)]);
  return answer;
}

const SLOW: readonly Scenario[] = [
  {
    id: 'TM-003',
    expected: 'allow',
    what: 'a head that comes octet by octet and is whole in time',
    reason: 'OK',
    // Its deadlines are the defaults: whoever is slow here may not be so slow that they bite.
    node: (bench) => bench.lenient.node,
    run: async ({ bench, source }) => {
      const socket = await knock(bench.lenient.door, source);
      const answer = hear(socket);
      await inPieces(socket, octets(connectHead(DATA)), 10);
      if ((await answer).kind !== 'open') return answer;
      await useTurned(socket, hello({ sni: DATA }));
      return undefined;
    },
  },
  {
    id: 'TM-004',
    expected: 'close',
    what: 'a head whose last LF never comes',
    reason: 'HEAD_TIMEOUT',
    run: ({ bench, source }) => speak(bench.doors.clear, source, connectHead(DATA).subarray(0, -1), DEADLINE_MS.head + SLACK_MS),
  },
  {
    id: 'TM-005',
    expected: 'close',
    what: 'a hello at one octet a second',
    reason: 'HELLO_TIMEOUT',
    run: ({ bench, source }) => drip(bench.doors.clear, source, hello({ sni: DATA }).subarray(0, 8), 1_000, DEADLINE_MS.hello + SLACK_MS),
  },
  {
    id: 'TM-006',
    expected: 'allow',
    what: 'a hello octet by octet, whole in time',
    reason: 'OK',
    // Its deadlines are the defaults: whoever is slow here may not be so slow that they bite.
    node: (bench) => bench.lenient.node,
    run: async ({ bench, source }) => {
      const socket = await knock(bench.lenient.door, source);
      const bytes = hello({ sni: DATA });
      await useTurned(socket, bytes, () => inPieces(socket, octets(bytes), 10));
      return undefined;
    },
  },
  {
    id: 'TM-007',
    expected: 'close',
    what: 'an outer handshake at one octet a second',
    reason: 'HELLO_TIMEOUT',
    run: ({ bench, source }) =>
      drip(bench.doors.clear, source, hello({ sni: PROXY_NAME }).subarray(0, 8), 1_000, DEADLINE_MS.hello + SLACK_MS),
  },
];

/** Reads until the other side has closed; how it did. */
async function watchEnd(socket: net.Socket): Promise<'finished' | 'reset'> {
  const answer = hear(socket, WAIT_MS);
  socket.resume();
  const { end } = await answer;
  if (end === null) throw new Error('the tunnel was left open');
  return end;
}

const LEAVING: readonly Scenario[] = [
  {
    id: 'TM-011',
    expected: 'allow',
    what: 'a client that finishes right behind its head and goes on reading, where no hello is looked at',
    reason: 'OK',
    node: (bench) => bench.unpeeked.node,
    run: async ({ bench, source }) => {
      const socket = await knock(bench.unpeeked.door, source);
      const answer = hear(socket);
      socket.end(connectHead(DATA));
      const { kind } = await answer;
      if (kind !== 'open') return answer;
      // The upstream has had the FIN too, and finishes for its part.
      if ((await watchEnd(socket)) !== 'finished') throw new Error('the end did not come back');
      return undefined;
    },
  },
  {
    id: 'TM-011b',
    expected: 'allow',
    what: 'any bytes where no hello is looked at',
    reason: 'OK',
    node: (bench) => bench.unpeeked.node,
    run: async ({ bench, source }) => {
      const inner = await secureInside(await openTunnel(bench.unpeeked.door, source, DATA), {
        serverName: undefined,
        ca: bench.world.upstreamCa,
      });
      await exchange(inner, bench.world.upstream, 10_000);
      return undefined;
    },
  },
  {
    id: 'TM-015',
    expected: 'survive',
    what: 'a client that resets in the middle of a tunnel',
    reason: 'OK',
    own: { dns: { addresses: [ODD.private] }, accept: '10.20.0.0/16' },
    run: async ({ bench, source, host }) => {
      const socket = await openTunnel(bench.doors.clear, source, host);
      const known = bench.odd.connections(ODD.private);
      const upstream = known.at(-1);
      socket.write(hello({ sni: host }));
      socket.resume();
      await within(WAIT_MS, 'the hello back', once(socket, 'data'));
      socket.resetAndDestroy();
      if (upstream && !upstream.closed)
        await within(WAIT_MS, 'the upstream closed', new Promise((resolve) => upstream.once('close', resolve)));
      await eventually(
        WAIT_MS,
        'its close record',
        () => bench.main.records('close', source).find((line) => line['ended_by'] === 'client') ?? null,
      );
      return undefined;
    },
  },
  {
    id: 'TM-016',
    expected: 'survive',
    what: 'an upstream that resets in the middle of a tunnel',
    reason: 'OK',
    own: { dns: { addresses: [ODD.resets] } },
    run: async ({ bench, source, host }) => {
      const socket = await openTunnel(bench.doors.clear, source, host);
      const back = within(WAIT_MS, 'the hello back', once(socket, 'data'));
      socket.resume();
      socket.write(hello({ sni: host }));
      await back;
      const end = watchEnd(socket);
      socket.write('RESET');
      if ((await end) !== 'reset') throw new Error('a reset was passed on as a clean end');
      await eventually(
        WAIT_MS,
        'its close record',
        () => bench.main.records('close', source).find((line) => line['ended_by'] === 'upstream') ?? null,
      );
      return undefined;
    },
  },
  {
    id: 'TM-018',
    expected: 'survive',
    what: 'a client that resets while its dial is pending',
    reason: 'CLIENT_GONE',
    own: { dns: { addresses: [ODD.blackHole] } },
    run: async ({ bench, source, host }) => {
      const socket = await knock(bench.doors.clear, source);
      socket.write(connectHead(host));
      await new Promise((resolve) => setTimeout(resolve, 500));
      socket.resetAndDestroy();
      return undefined;
    },
  },
  {
    id: 'TM-020',
    expected: 'survive',
    what: '100 clients that reset during the outer handshake',
    reason: 'CLIENT_GONE',
    recordedAs: '127.31.0.1',
    run: async ({ bench }) => {
      const first = hello({ sni: PROXY_NAME });
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const socket = await knock(bench.doors.clear, `127.31.0.${index + 1}`);
          socket.write(first.subarray(0, 60));
          await new Promise((resolve) => setTimeout(resolve, 100));
          socket.resetAndDestroy();
        }),
      );
      return undefined;
    },
  },
  {
    id: 'TM-022',
    expected: 'close',
    what: 'an upstream that accepts and never says anything',
    reason: 'OK',
    own: { dns: { addresses: [ODD.mute] } },
    run: async ({ bench, source, host }) =>
      sayInside(await openTunnel(bench.doors.clear, source, host), hello({ sni: host }), DEADLINE_MS.hello + SLACK_MS),
  },
];

export const TIMING_SCENARIOS: readonly Scenario[] = [...SLOW, ...LEAVING];
