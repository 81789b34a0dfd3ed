// A whole agent by a signed list: real sockets, TLS and MQTT, no DNS at all.

import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { CONNECT_SPACING_MS } from './backoff.ts';
import { systemClock } from './clock.ts';
import { type AgentEvent, runAgent } from './run.ts';
import { Agent } from './session.ts';
import { PROXY, startWorld } from './testing/world.ts';

const noDns = (): Promise<never> => Promise.reject(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }));

interface Node {
  readonly port: number;
  /** As the kernel does it for a process that is killed. */
  kill(): void;
}

/** Another address of the proxy: bytes go to a port of 127.0.0.1 and back. */
async function startNode(t: TestContext, address: string, port: number, to: number): Promise<Node> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [client, upstream].forEach((each) => each.destroy()));
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(port, address);
  await once(server, 'listening');
  const kill = (): void => {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  };
  t.after(kill);
  return { port: (server.address() as { port: number }).port, kill };
}

test('the address of the list is dialled, under the name of the proxy; one where nothing listens is passed over', async (t) => {
  const world = await startWorld(t);
  const proxies = [{ isTls: true, host: PROXY, port: world.ports.proxyTls, authorization: null }];
  const published = () => ({ first: ['127.0.0.99', '127.0.0.1'], last: [] });
  const agent = new Agent(
    { ...world.settings, door: 'connect-tls', proxies },
    { clock: systemClock, random: () => 0, lookup: noDns, published },
  );
  await (await agent.openSession()).end();
  assert.deepEqual(world.serverNames, [PROXY, PROXY]);
  assert.equal(agent.via, `${PROXY} (127.0.0.1:${world.ports.proxyTls})`);
});

test('when its node is killed an agent is connected again over the other address, after the spacing of connects and no back-off', async (t) => {
  const world = await startWorld(t);
  const first = await startNode(t, '127.0.0.2', 0, world.relay.port);
  await startNode(t, '127.0.0.3', first.port, world.relay.port);
  const proxies = [{ isTls: false, host: PROXY, port: first.port, authorization: null }];
  const published = () => ({ first: ['127.0.0.2', '127.0.0.3'], last: [] });
  const deps = { clock: systemClock, random: () => 0 };
  const agent = new Agent({ ...world.settings, proxies }, { ...deps, lookup: noDns, published });

  const stop = new AbortController();
  const events: AgentEvent[] = [];
  let killedMs = 0;
  let backMs = 0;
  const emit = (event: AgentEvent): void => {
    events.push(event);
    if (event.event === 'received' && killedMs === 0) {
      killedMs = systemClock.nowMs();
      first.kill();
    }
    if (event.event !== 'connected' || killedMs === 0) return;
    backMs = systemClock.nowMs();
    stop.abort();
  };
  await runAgent(agent, { topic: 't', message: 'm', count: 0, intervalMs: 50, attempts: 1 }, { ...deps, emit, stop: stop.signal });
  const names = events.map(({ event }) => event).filter((name) => name !== 'published' && name !== 'received');
  assert.deepEqual(names, ['connected', 'failed', 'moving', 'connected', 'done']);
  const [before, after] = events.flatMap((event) => (event.event === 'connected' ? [event.via] : []));
  assert.deepEqual([before, after], [`${PROXY} (127.0.0.2:${first.port})`, `${PROXY} (127.0.0.3:${first.port})`]);
  for (const event of events) if (event.event === 'moving') assert.ok(event.ms <= CONNECT_SPACING_MS, `${event.ms} ms`);
  // An address that swallows everything would cost five seconds.
  assert.ok(backMs - killedMs < 4_500, `${backMs - killedMs} ms`);
});
