// ClientHellos at the front door (`sni.hello`) and inside a tunnel (`plain.tunnel`).

import type { ReasonCode } from '../../core/fault.ts';
import { makeHello } from '../support/hello.ts';
import { DEADLINE_MS } from './bench.ts';
import { knock, speak } from './door-client.ts';
import { exchange, secureInside } from './exchange.ts';
import { CREDENTIALS, DATA, OTHER } from './fixture.ts';
import { hello, helloMessage, records } from './hello-bytes.ts';
import { HELLO_CASES, type HelloCase, REFUSED } from './hello-cases.ts';
import { residentBytes } from './memory.ts';
import { connectHead, inPieces, openTunnel, sayInside, useTurned } from './moves.ts';
import { ODD } from './odd-upstreams.ts';
import type { Scenario } from './scenario.ts';

/** These have no SNI that a listener with a TLS door would refuse: there, they get the default certificate. */
const PASSTHROUGH_ONLY = new Set(['SN-009', 'SN-011', 'SN-034']);
const INSIDE = new Set(['SN-067', 'SN-069', 'SN-070']);
const REASONS: Readonly<Record<string, ReasonCode>> = {
  'SN-009': 'SNI_MISSING',
  'SN-011': 'SNI_MISSING',
  'SN-034': 'SNI_MISSING',
  'SN-047': 'TARGET_NOT_ALLOWED',
  'SN-055': 'PROTOCOL_UNKNOWN',
};

function atTheDoor({ id, what, bytes, named }: HelloCase): Scenario {
  const isServed = named !== REFUSED && (named === DATA || named === CREDENTIALS);
  return {
    id,
    expected: isServed ? 'allow' : 'close',
    what: `a hello with ${what}`,
    reason: isServed ? 'OK' : (REASONS[id] ?? 'HELLO_MALFORMED'),
    run: async ({ bench, source }) => {
      const door = PASSTHROUGH_ONLY.has(id) ? bench.sniOnly : bench.doors.clear;
      if (!isServed) return speak(door, source, bytes);
      await useTurned(await knock(door, source), bytes);
      return undefined;
    },
  };
}

function inTheTunnel({ id, what, bytes }: HelloCase): Scenario {
  return {
    id,
    expected: 'close',
    what: `${what} in a tunnel`,
    reason: 'HELLO_MALFORMED',
    run: async ({ bench, source }) => sayInside(await openTunnel(bench.doors.clear, source, DATA), bytes),
  };
}

const SPLIT_HELLO = hello({ sni: DATA });
const NAME_AT = SPLIT_HELLO.indexOf(DATA);

const AT_THE_DOOR: readonly Scenario[] = [
  ...HELLO_CASES.filter(({ id }) => !INSIDE.has(id)).map(atTheDoor),
  {
    id: 'SN-002 real',
    expected: 'allow',
    what: 'real TLS to the credential endpoint',
    reason: 'OK',
    run: async ({ bench: { doors, world }, source }) => {
      const inner = await secureInside(await knock(doors.clear, source), { serverName: CREDENTIALS, ca: world.upstreamCa });
      await exchange(inner, world.upstream, 100_000);
      return undefined;
    },
  },
  {
    id: 'SN-005',
    expected: 'close',
    what: 'another account’s endpoint',
    reason: 'TARGET_NOT_ALLOWED',
    run: ({ bench, source }) => speak(bench.doors.clear, source, hello({ sni: OTHER })),
  },
  {
    id: 'SN-036',
    expected: 'allow',
    what: 'a hello split at every offset of its name',
    reason: 'OK',
    decisions: DATA.length,
    run: async ({ bench, source }) => {
      for (let at = NAME_AT; at < NAME_AT + DATA.length; at++) {
        const socket = await knock(bench.doors.clear, source);
        await useTurned(socket, SPLIT_HELLO, () => inPieces(socket, [SPLIT_HELLO.subarray(0, at), SPLIT_HELLO.subarray(at)]));
      }
      return undefined;
    },
  },
  {
    id: 'SN-049 other',
    expected: 'close',
    what: 'a protocol that AWS does not serve',
    reason: 'ALPN_NOT_ALLOWED',
    run: ({ bench, source }) => speak(bench.doors.clear, source, hello({ sni: DATA, alpn: ['mqtt', 'ssh'] })),
  },
];

/** The second hello of a client that was asked for one. */
function afterRetry(id: string, second: string, expected: Scenario['expected'], reason: ReasonCode): Scenario {
  return {
    id,
    expected,
    what: `a second hello that names ${second === OTHER ? 'another account' : 'the same target'}`,
    reason,
    own: { dns: { addresses: [ODD.retries] } },
    run: async ({ bench, source, host }) => {
      const socket = await openTunnel(bench.doors.clear, source, host);
      const retry = new Promise<Buffer>((resolve) => socket.once('data', resolve));
      socket.resume();
      socket.write(makeHello({ sni: host }));
      if ((await retry)[0] !== 22) throw new Error('no HelloRetryRequest came through');
      const name = second === OTHER ? OTHER : host;
      if (expected === 'close') return sayInside(socket, hello({ sni: name }));
      await useTurned(socket, hello({ sni: name }));
      return undefined;
    },
  };
}

const MIB = 1024 * 1024;
const POURERS = 20;

const IN_THE_TUNNEL: readonly Scenario[] = [
  ...HELLO_CASES.filter(({ id }) => INSIDE.has(id)).map(inTheTunnel),
  {
    id: 'SN-057',
    expected: 'allow',
    what: 'an inner name that is the target',
    reason: 'OK',
    run: async ({ bench: { doors, world }, source }) => {
      const inner = await secureInside(await openTunnel(doors.clear, source, DATA, 8_883), {
        serverName: DATA,
        ca: world.upstreamCa,
        alpn: ['x-amzn-mqtt-ca'],
      });
      const heard = await exchange(inner, world.upstream, 500_000);
      if (heard.alpn !== 'x-amzn-mqtt-ca') throw new Error(`ALPN ${heard.alpn}`);
      return undefined;
    },
  },
  {
    id: 'SN-063',
    expected: 'allow',
    what: 'no inner name where the operator lets that pass',
    reason: 'OK',
    node: (bench) => bench.lenient.node,
    run: async ({ bench: { lenient, world }, source }) => {
      const inner = await secureInside(await openTunnel(lenient.door, source, DATA), { serverName: undefined, ca: world.upstreamCa });
      await exchange(inner, world.upstream, 10_000);
      return undefined;
    },
  },
  {
    id: 'SN-063 enforced',
    expected: 'close',
    what: 'no inner name where nobody said that it may be missing',
    reason: 'SNI_MISSING',
    run: async ({ bench, source }) => sayInside(await openTunnel(bench.doors.clear, source, DATA), hello({})),
  },
  {
    id: 'SN-064',
    expected: 'close',
    what: 'another account’s inner name in two records',
    reason: 'SNI_MISMATCH',
    run: async ({ bench, source }) =>
      sayInside(await openTunnel(bench.doors.clear, source, DATA), records(helloMessage({ sni: OTHER }), 100)),
  },
  afterRetry('SN-066', OTHER, 'close', 'SNI_MISMATCH'),
  afterRetry('SN-066 good', DATA, 'allow', 'OK'),
  {
    id: 'SN-071',
    expected: 'close',
    what: 'no hello at all: its own deadline, not the idle one',
    reason: 'HELLO_TIMEOUT',
    run: async ({ bench, source }) =>
      sayInside(await openTunnel(bench.doors.clear, source, DATA), Buffer.alloc(0), DEADLINE_MS.hello + 5_000),
  },
  {
    id: 'SN-073',
    expected: 'allow',
    what: 'a hello in the same segment as the head',
    reason: 'OK',
    run: async ({ bench, source }) => {
      const bytes = hello({ sni: DATA });
      const answer = await speak(bench.doors.clear, source, Buffer.concat([connectHead(DATA), bytes]));
      if (answer.kind !== 'open') return answer;
      await useTurned(answer.socket, bytes, () => {});
      return undefined;
    },
  },
  {
    id: 'SN-074',
    expected: 'bounded',
    what: `${POURERS} clients that pour 4 MiB each behind their heads while their dials are under way`,
    reason: 'DIAL_TIMEOUT',
    decisions: POURERS,
    alone: true,
    own: { dns: { addresses: [ODD.blackHole] } },
    run: async ({ bench, source, host }) => {
      const { carriers } = await bench.main.pids();
      const before = residentBytes(carriers);
      const flood = Buffer.concat([connectHead(host), Buffer.alloc(4 * MIB, 'x')]);
      const answers = Array.from({ length: POURERS }, () => speak(bench.doors.clear, source, flood));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const grown = residentBytes(carriers) - before;
      await Promise.all(answers);
      // Unbounded it is 80 MiB; 64 KiB each would be 1.3 MiB, and the rest is what Node needs for a burst.
      if (grown > 40 * MIB) throw new Error(`${Math.round(grown / MIB)} MiB more while ${POURERS} x 4 MiB wait`);
      return undefined;
    },
  },
  {
    id: 'SN-075',
    expected: 'deny-403',
    what: 'a hello in the same segment as a head that is refused',
    reason: 'TARGET_NOT_ALLOWED',
    run: ({ bench, source }) => speak(bench.doors.clear, source, Buffer.concat([connectHead('evil.test'), hello({ sni: DATA })])),
  },
];

export const SNI_SCENARIOS: readonly Scenario[] = [...AT_THE_DOOR, ...IN_THE_TUNNEL];
