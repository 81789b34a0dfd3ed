import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeHello } from '../test/support/hello.ts';
import { readAll, startTestNode } from '../test/support/plane.ts';
import { DATA_HOST } from '../test/support/settings.ts';
import { echo, startUpstream } from '../test/support/upstream.ts';

test('a tunnel was never idle for longer than it was there, though its clock ticks only once a second', async (t) => {
  const upstream = await startUpstream(echo);
  const pins = [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port: upstream.port }] }];
  const node = await startTestNode({ resolve: { servers: [], family: 'ipv4', pins } });
  t.after(async () => {
    await node.close();
    await upstream.close();
  });
  const hello = makeHello({ sni: DATA_HOST });
  const client = await node.connect();
  client.write(`CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}\r\n\r\n`);
  await readAll(client, (text) => text.endsWith('\r\n\r\n'));
  client.write(hello);
  await readAll(client, (text) => text.length >= hello.length);

  node.time.aheadMs += 60_000;
  client.resetAndDestroy();
  const { end } = await node.recorded(({ event }) => event === 'close');
  assert.ok(end);
  assert.ok(end.idleMs <= end.durationMs, `idle for ${end.idleMs} of ${end.durationMs} ms`);
});
