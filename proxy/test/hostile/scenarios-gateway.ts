// The gateway beyond a single head: what an upstream may answer to an upgrade (`gw.dial`), and what may flow behind a 101 (`gw.tunnel`).

import { speak } from './door-client.ts';
import { exchange } from './exchange.ts';
import { DATA, GATEWAY_NAME } from './fixture.ts';
import { connectHead } from './moves.ts';
import { ODD } from './odd-upstreams.ts';
import type { Scenario } from './scenario.ts';

function upgrade(path: string, host: string): Buffer {
  return Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n',
  );
}

/** An upgrade to an upstream that does one thing wrong. */
function failsUpstream(id: string, expected: Scenario['expected'], what: string, address: string, reason: Scenario['reason']): Scenario {
  return {
    id,
    expected,
    what,
    reason,
    own: { dns: { addresses: [address] }, gateway: true },
    run: ({ bench, source, gatewayName }) =>
      speak({ ...bench.doors.gateway, serverName: gatewayName }, source, upgrade('/mqtt', gatewayName)),
  };
}

/** Unmasked, with a reserved opcode, and one that claims 2^63 octets: what stands behind a 101 is nobody's business but the two ends'. */
const ODD_FRAMES = Buffer.from([0x82, 0x03, 1, 2, 3, 0xf3, 0x80, 0, 0, 0, 0, 0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0]);

export const GATEWAY_SCENARIOS: readonly Scenario[] = [
  {
    id: 'WS-065',
    expected: 'deny-403',
    what: 'CONNECT on a listener that is a gateway only',
    reason: 'METHOD_NOT_ALLOWED',
    run: ({ bench, source }) => speak(bench.gatewayOnly, source, connectHead(DATA)),
  },
  failsUpstream('WS-067', 'survive', 'an upstream that answers 101 without Upgrade', ODD.bareSwitch, 'UPSTREAM_CLOSED'),
  failsUpstream('WS-067b', 'survive', 'an upstream that switches to something else', ODD.otherSwitch, 'UPSTREAM_CLOSED'),
  failsUpstream('WS-072', 'bounded', 'an upstream whose head is 10 MiB', ODD.endlessHead, 'UPSTREAM_CLOSED'),
  failsUpstream('WS-073a', 'survive', 'a bare LF in the upstream’s head', ODD.bareLineFeed, 'UPSTREAM_CLOSED'),
  failsUpstream('WS-073b', 'survive', 'NUL in the upstream’s head', ODD.nulInHead, 'UPSTREAM_CLOSED'),
  failsUpstream('WS-073c', 'survive', 'a bare CR in the upstream’s head', ODD.bareReturn, 'UPSTREAM_CLOSED'),
  failsUpstream('WS-075a', 'survive', 'an upstream’s certificate for another name', ODD.wrongName, 'UPSTREAM_TLS_FAILED'),
  failsUpstream('WS-075b', 'survive', 'an upstream’s certificate of an unknown issuer', ODD.unknownIssuer, 'UPSTREAM_TLS_FAILED'),
  {
    id: 'WS-077',
    expected: 'allow',
    what: 'frames that no WebSocket library would pass',
    reason: 'OK',
    run: async ({ bench, source }) => {
      const answer = await speak(bench.doors.gateway, source, upgrade('/mqtt', GATEWAY_NAME));
      if (answer.status !== 101) return answer;
      await exchange(answer.socket, bench.world.upstream, 1_000, ODD_FRAMES);
      return undefined;
    },
  },
];
