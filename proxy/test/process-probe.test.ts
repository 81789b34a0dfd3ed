// Nodes that try their own doors: whole nodes of one fleet on loopback addresses of their own, each with an endpoint of its own that can die.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import type { NodeStatus, Readying } from '../control/node-status.ts';
import type { ProbeView } from '../control/probe-report.ts';
import { eventually } from './hostile/bounded.ts';
import { startDnsStub, type DnsReply } from './hostile/dns-stub.ts';
import { makeCertificate } from './support/certificate.ts';
import { isAlive, ready, type ServeProcess } from './support/fake-serve.ts';
import { servedNode, statusOf } from './support/served-node.ts';
import { DATA_HOST } from './support/settings.ts';

const PATIENCE_MS = 90_000;
const AWS = makeCertificate([DATA_HOST]);
const OURS = makeCertificate(['proxy.example.com', 'gw.example.com']);

/** What an endpoint is here: TLS with the right certificate, and 403 to whoever does not sign. */
class Endpoint {
  readonly port: number;
  #server: tls.Server | null = null;
  readonly #sockets = new Set<Socket>();

  constructor(port: number) {
    this.port = port;
  }

  async start(): Promise<void> {
    const server = tls.createServer({ cert: AWS.certPem, key: AWS.keyPem }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
    });
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket)));
    });
    server.on('tlsClientError', () => {});
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (!server) return;
    server.close();
    await once(server, 'close');
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function get(host: string, port: number, path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const request = http.get({ host, port, path, agent: false, timeout: 3_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve({ status: 0, text: '' }));
  });
}

class Member {
  readonly address: string;
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly serve: ServeProcess;
  readonly #runtime: string;
  #status: NodeStatus | null = null;

  constructor(place: { address: string; port: number; endpoint: Endpoint; serve: ServeProcess; runtime: string }) {
    ({ address: this.address, port: this.port, endpoint: this.endpoint, serve: this.serve } = place);
    this.#runtime = place.runtime;
  }

  /** The children of its control; none while that is not there. */
  async probes(): Promise<number[]> {
    const { pid } = (await statusOf(this.#runtime)).control;
    return pid === null ? [] : childrenOf(pid);
  }

  publicReady(): Promise<string> {
    return eventually(PATIENCE_MS, 'an answer of a carrier', async () => {
      const { text } = await get(this.address, this.port, '/ready');
      return text === '' ? null : text.trim();
    });
  }

  async health(path = '/ready'): Promise<Answer> {
    this.#status ??= await statusOf(this.#runtime);
    return get(this.#status.health.host, this.#status.health.port, path);
  }

  view(): Promise<Readying & { readonly probe: ProbeView | null }> {
    return eventually(PATIENCE_MS, 'an answer of control', async () => {
      const { text } = await this.health();
      return text === '' ? null : (JSON.parse(text) as Readying & { readonly probe: ProbeView | null });
    });
  }

  async metric(series: string): Promise<number | null> {
    const line = (await this.health('/metrics')).text.split('\n').find((text) => text.startsWith(`${series} `));
    return line === undefined ? null : Number(line.split(' ')[1]);
  }

  /** How often it has left since it began. */
  departures(): number {
    return this.serve.lines.filter((line) => line.event === 'readiness' && line['ready'] === false).length;
  }
}

/**
 * `block` is the third octet of their addresses, so that tests run beside each other. An endpoint's port is, as theirs are, none of those that the
 * system gives away: it has to be free again when the endpoint comes back.
 */
async function startFleet(t: TestContext, block: number, size: number, probe: string): Promise<Member[]> {
  const ports = Array.from({ length: size }, (_, index) => 20_000 + block * 10 + index);
  const addresses = ports.map((_, index) => `127.0.${block}.${11 + index}`);
  const started: { member: Member; serve: ServeProcess }[] = [];
  for (const [index, address] of addresses.entries()) {
    const endpoint = new Endpoint(20_000 + block * 10 + 5 + index);
    await endpoint.start();
    t.after(() => endpoint.kill());
    const port = ports[index] ?? 0;
    const peers = addresses.flatMap((other, at) => (at === index ? [] : [`"${other}:${ports[at]}"`]));
    const {
      folder,
      runtime,
      serve: start,
    } = servedNode(t, [
      `node: { name: n${index}, publicAddresses: [${address}] }`,
      `listen: [{ address: "${address}:${port}" }]`,
      'tls: { certificate: ours.pem, key: ours.key }',
      `endpoints: [{ name: production, data: ${DATA_HOST}, ca: aws.pem }]`,
      'gateway: [{ name: gw.example.com, endpoint: production }]',
      `resolve: { pin: [{ host: ${DATA_HOST}, to: "127.0.0.1:${endpoint.port}" }] }`,
      'carriers: 1',
      `probe: { ${probe}, peers: [${peers.join(', ')}] }`,
    ]);
    for (const [name, text] of [
      ['ours.pem', OURS.certPem],
      ['ours.key', OURS.keyPem],
      ['aws.pem', AWS.certPem],
    ] as const) {
      writeFileSync(join(folder, name), text);
    }
    const serve = start();
    started.push({ serve, member: new Member({ address, port, endpoint, serve, runtime }) });
  }
  await Promise.all(started.map(({ serve }) => Promise.all([ready(serve), serve.line('control-ready')])));
  const fleet = started.map(({ member }) => member);
  await all(fleet, 'the probe got through', async (member) => (await member.view()).probe?.endpoints[0]?.ok === true);
  return fleet;
}

function all(fleet: readonly Member[], what: string, holds: (member: Member) => Promise<boolean>): Promise<true> {
  return eventually(PATIENCE_MS, what, async () => ((await Promise.all(fleet.map(holds))).every(Boolean) ? true : null));
}

const becomes = (member: Member, word: string): Promise<true> =>
  eventually(PATIENCE_MS, `${member.address} says ${word}`, async () => ((await member.publicReady()) === word ? true : null));

/** What the check wants comes true, though not all of it at once. */
async function comesTrue(check: () => Promise<void>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('nodes that try their own doors', { concurrency: 2 }, () => {
  test(
    'without peers a node whose endpoint is dead stays ready, says degraded, and is well again by itself',
    { timeout: 180_000 },
    async (t) => {
      const [node] = await startFleet(t, 41, 1, 'schedule: "* * * * * *", failures: 2');
      assert.ok(node);
      await comesTrue(async () => {
        const { probe, degraded, concerns } = await node.view();
        assert.deepEqual(
          probe?.attempts.map(({ way, outcome }) => `${way} ${outcome}`),
          ['connect through', 'connect-tls through', 'gateway through'],
        );
        assert.deepEqual([degraded, concerns], [false, []]);
      });

      await node.endpoint.kill();
      await comesTrue(async () => {
        const { ready: isReady, degraded, concerns } = await node.view();
        assert.deepEqual([isReady, degraded], [true, true]);
        assert.match(concerns.find(isUnreached) ?? '', /502 DIAL_REFUSED\): no other node has said whether it is, so this one stays$/);
        assert.equal(await node.metric('pinhole_probe_success{endpoint="production"}'), 0);
        assert.equal(await node.metric('pinhole_ready'), 1);
      });
      assert.equal(await node.publicReady(), 'ready');

      await node.endpoint.start();
      await comesTrue(async () => {
        assert.ok(!(await node.view()).concerns.some(isUnreached));
        assert.equal(await node.metric('pinhole_probe_success{endpoint="production"}'), 1);
      });
      assert.equal(node.departures(), 0);
    },
  );

  test(
    'of three nodes the one that fails alone leaves and comes back; where all fail, none does, nor when AWS is back',
    { timeout: 300_000 },
    async (t) => {
      const fleet = await startFleet(t, 42, 3, 'schedule: "*/2 * * * * *", failures: 2');
      const [bad, ...good] = fleet;
      assert.ok(bad);

      await bad.endpoint.kill();
      await becomes(bad, 'closed');
      await comesTrue(async () => {
        const { reasons, latches, probe } = await bad.view();
        assert.equal((await bad.health()).status, 503);
        assert.match(reasons[0] ?? '', /most other nodes reach it, so this one leaves$/);
        assert.equal(latches.find(({ latch }) => latch === 'probe')?.ok, false);
        assert.deepEqual(
          probe?.peers.map(({ ready: word, through }) => [word, through]),
          [
            ['yes', { production: true }],
            ['yes', { production: true }],
          ],
        );
        assert.equal(await bad.metric('pinhole_ready'), 0);
      });
      for (const node of good) assert.equal(await node.publicReady(), 'ready');

      await bad.endpoint.start();
      await becomes(bad, 'ready');
      assert.deepEqual(
        fleet.map((node) => node.departures()),
        [1, 0, 0],
      );

      await Promise.all(fleet.map((node) => node.endpoint.kill()));
      await all(fleet, 'all know it', async (node) =>
        (await node.view()).concerns.some((concern) => concern.endsWith('do not reach it either, so all stay')),
      );
      for (const node of fleet) assert.equal(await node.publicReady(), 'ready');

      await Promise.all(fleet.map((node) => node.endpoint.start()));
      await all(fleet, 'all are well', async (node) => !(await node.view()).concerns.some(isUnreached));
      assert.deepEqual(
        fleet.map((node) => node.departures()),
        [1, 0, 0],
      );
    },
  );

  test('a probe that is killed is started again, and ends with its node', { timeout: 120_000 }, async (t) => {
    const [node] = await startFleet(t, 43, 1, 'schedule: "* * * * * *"');
    assert.ok(node);
    const [pid = assert.fail('no pid')] = await node.probes();
    process.kill(pid, 'SIGKILL');
    await node.serve.line('probe-died');
    const next = await eventually(PATIENCE_MS, 'another probe', async () => (await node.probes())[0] ?? null);
    assert.notEqual(next, pid);
    await eventually(PATIENCE_MS, 'its word', async () => (((await node.view()).probe?.secondsAgo ?? 99) <= 1 ? true : null));
    assert.equal(await node.publicReady(), 'ready');
    node.serve.child.kill('SIGTERM');
    assert.equal(await node.serve.ended, 0);
    assert.equal(isAlive(next), false);
  });

  test(
    'a resolver that is dead makes a node that knows no old answer leave, and it comes back with the resolver',
    { timeout: 240_000 },
    async (t) => {
      let reply: DnsReply = { addresses: ['203.0.113.99'], ttl: 1 };
      const dns = await startDnsStub({ host: '127.0.44.53', port: 20_453 }, () => reply);
      t.after(() => dns.close());
      const { runtime, serve: start } = servedNode(t, [
        'listen: [{ address: "127.0.44.11:20440", doors: [connect] }]',
        'resolve: { servers: ["127.0.44.53:20453"] }',
        'carriers: 1',
      ]);
      const serve = start();
      const port = await ready(serve);
      await serve.line('control-ready');
      const node = new Member({ address: '127.0.44.11', port, endpoint: new Endpoint(0), serve, runtime });
      assert.equal(dns.questions.length, 0, 'nobody has asked for a name yet');
      reply = 'silence';
      const asked = await connectOnce(node);
      assert.match(asked, /^HTTP\/1\.1 504 RESOLVE_TIMEOUT/);
      await eventually(PATIENCE_MS, 'a concern', async () =>
        (await node.view()).concerns.includes('no DNS server answers') ? true : null,
      );
      assert.equal(await node.publicReady(), 'ready', 'not at once');
      await becomes(node, 'closed');
      await comesTrue(async () => assert.equal((await node.view()).latches.find(({ latch }) => latch === 'resolver')?.ok, false));

      // No agent comes any more: the node finds out by itself.
      reply = { addresses: ['203.0.113.99'], ttl: 1 };
      await becomes(node, 'ready');
      await comesTrue(async () => assert.ok(!(await node.view()).degraded));
      assert.deepEqual(new Set(dns.questions.map(({ name }) => name)), new Set([DATA_HOST]));
    },
  );
});

function isUnreached(concern: string): boolean {
  return concern.startsWith('production is ');
}

/** By proc(5): the second field behind the name is the parent. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => parentOf(other) === pid);
}

function parentOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return null;
  }
}

function connectOnce(node: Member): Promise<string> {
  return new Promise((resolve) => {
    const socket = http.request({ host: node.address, port: node.port, method: 'CONNECT', path: `${DATA_HOST}:443`, agent: false });
    socket.on('connect', (response, connection) => {
      connection.destroy();
      resolve(`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`);
    });
    socket.on('error', (error) => resolve(error.message));
    socket.end();
  });
}
