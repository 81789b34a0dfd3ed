// What answers and records look like to the octet.

import { eventually } from './bounded.ts';
import { hear, knock, speak } from './door-client.ts';
import { exchange, secureInside } from './exchange.ts';
import { DATA, UPSTREAM } from './fixture.ts';
import { hello } from './hello-bytes.ts';
import { connectHead, openTunnel, useTurned } from './moves.ts';
import type { Scenario } from './scenario.ts';

const WAIT_MS = 10_000;

const CLOSE_FIELDS = {
  time: 'string',
  id: 'string',
  client_ip: 'string',
  client_port: 'number',
  listener: 'string',
  target_host: 'string',
  target_port: 'number',
  upstream_ip: 'string',
  upstream_port: 'number',
  local_ip: 'string',
  local_port: 'number',
  allow: 'boolean',
  reason: 'string',
  bytes_up: 'number',
  bytes_down: 'number',
  duration_ms: 'number',
  ended_by: 'string',
} as const;

export const ANSWER_SCENARIOS: readonly Scenario[] = [
  {
    id: 'HM-041',
    expected: 'allow',
    what: 'the 200 is one line and nothing else',
    reason: 'OK',
    run: async ({ bench, source }) => {
      const socket = await knock(bench.doors.clear, source);
      const answer = hear(socket);
      socket.write(connectHead(DATA));
      const { bytes } = await answer;
      if (bytes.toString('latin1') !== 'HTTP/1.1 200 Connection established\r\n\r\n')
        throw new Error(JSON.stringify(bytes.toString('latin1')));
      await useTurned(socket, hello({ sni: DATA }));
      return undefined;
    },
  },
  {
    id: 'HM-042',
    expected: 'deny-403',
    what: 'a refusal is read whole, and then finished and not reset',
    reason: 'TARGET_NOT_ALLOWED',
    run: async ({ bench, source }) => {
      const answer = await speak(bench.doors.clear, source, Buffer.concat([connectHead('evil.test'), Buffer.alloc(20_000, 'x')]));
      if (answer.end !== 'finished') throw new Error(`the refusal ended with ${answer.end}`);
      return answer;
    },
  },
  {
    id: 'LG-014',
    expected: 'allow',
    what: 'the close record joins both ends, and its counts are right',
    reason: 'OK',
    run: async ({ bench, source }) => {
      const inner = await secureInside(await openTunnel(bench.doors.clear, source, DATA), { serverName: DATA, ca: bench.world.upstreamCa });
      const heard = await exchange(inner, bench.world.upstream, 50_000);
      const record = await eventually(WAIT_MS, 'its close record', () => bench.main.records('close', source)[0] ?? null);
      for (const [field, type] of Object.entries(CLOSE_FIELDS)) {
        if (typeof record[field] !== type) throw new Error(`${field} is ${JSON.stringify(record[field])}`);
      }
      if (record['local_port'] !== heard.clientPort || record['upstream_ip'] !== UPSTREAM)
        throw new Error('it does not join the upstream’s view');
      if (Number(record['bytes_up']) < 50_000 || Number(record['bytes_down']) < 50_000) throw new Error('bytes are missing');
      return undefined;
    },
  },
];
