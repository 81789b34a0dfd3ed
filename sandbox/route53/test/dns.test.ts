// The name servers on real sockets, UDP and TCP, asked by Node's own resolver and by hand.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { decode, type DecodedPacket, encode, type OptAnswer, type Packet, streamDecode, streamEncode } from 'dns-packet';
import type { RecordSet } from '../record-set.ts';
import { type Route53, startRoute53 } from '../start.ts';
import { HandClock } from './support/hand-clock.ts';

const NAME = 'proxy.example.com.';

function address(last: number): string {
  return `192.0.2.${last}`;
}

const multi = (count: number): RecordSet[] =>
  Array.from({ length: count }, (_, index) => ({
    name: 'all.example.com.',
    type: 'A',
    setIdentifier: `s${index}`,
    isMultivalue: true,
    ttl: 60,
    values: [address(index + 1)],
  }));

async function start(t: TestContext, records: readonly RecordSet[]) {
  const clock = new HandClock();
  const down = new Set<string>();
  const world = await startRoute53({
    log: () => {},
    zones: ['example.com'],
    clock,
    probe: (config) => Promise.resolve({ isGood: !down.has(config.address), words: '' }),
    propagationMs: 1_000,
  });
  t.after(() => world.stop());
  const zone = world.zones.all()[0]!.id;
  if (records.length > 0)
    world.zones.change(
      zone,
      records.map((record) => ({ action: 'UPSERT', record })),
    );
  await clock.advance(1_000);
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 4 });
  resolver.setServers([`127.0.0.1:${world.dns.port}`]);
  return { world, clock, zone, down, resolver };
}

/** Null where no answer comes in time; short only for who expects none. */
function askUdp(world: Route53, packet: Packet | Buffer, withinMs = 10_000): Promise<DecodedPacket | null> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(null), withinMs);
    const finish = (answer: DecodedPacket | null): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    socket.once('message', (message) => finish(decode(message)));
    socket.send(Buffer.isBuffer(packet) ? packet : encode(packet), world.dns.port, world.dns.host);
  });
}

function askTcp(world: Route53, packet: Packet): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = connect(world.dns.port, world.dns.host, () => {
      // In two parts, as a slow network may bring it.
      const bytes = streamEncode(packet) as Buffer;
      socket.write(bytes.subarray(0, 5));
      setTimeout(() => socket.write(bytes.subarray(5)), 20);
    });
    const parts: Buffer[] = [];
    socket.on('error', reject);
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      const all = Buffer.concat(parts);
      if (all.length < 2 + all.readUInt16BE(0)) return;
      socket.destroy();
      resolve(streamDecode(all) as DecodedPacket);
    });
  });
}

const query = (name: string, type: 'A' | 'AAAA' | 'TXT' = 'A', id = 7): Packet => ({ type: 'query', id, questions: [{ type, name }] });
const rcodeOf = (packet: DecodedPacket | null): string | undefined => (packet as unknown as { rcode?: string } | null)?.rcode;

test('an answer is authoritative, has the record’s TTL, and repeats the question as it was written', async (t) => {
  const { world } = await start(t, [{ name: NAME, type: 'A', ttl: 45, values: [address(1)] }]);
  const reply = await askUdp(world, query('PrOxY.example.com'));
  assert.equal(reply?.id, 7);
  assert.equal(reply?.flag_aa, true);
  assert.deepEqual(
    reply?.answers?.map((found) => [found.name, 'ttl' in found && found.ttl, 'data' in found && found.data]),
    [['PrOxY.example.com', 45, address(1)]],
  );
});

test('weights decide over real answers; a sick record is out once its checkers say so, and back when they do', async (t) => {
  const { world, clock, zone, down, resolver } = await start(t, []);
  const config = {
    type: 'HTTP',
    port: 80,
    intervalS: 10,
    threshold: 3,
    inverted: false,
    disabled: false,
    measureLatency: false,
    regions: [],
  } as const;
  const checks = [1, 2].map((last) => world.checks.create(`r${last}`, { ...config, address: address(last) }).check.id);
  const records = checks.map((healthCheckId, index): RecordSet => ({
    name: NAME,
    type: 'A',
    setIdentifier: `s${index}`,
    weight: 1 + 2 * index,
    ttl: 60,
    values: [address(index + 1)],
    healthCheckId,
  }));
  world.zones.change(
    zone,
    records.map((record) => ({ action: 'UPSERT', record })),
  );
  await clock.advance(20_000);

  const sample = async (): Promise<number[]> => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => resolver.resolve4('proxy.example.com')));
    assert.ok(answers.every((found) => found.length === 1));
    return [1, 2].map((last) => answers.filter(([found]) => found === address(last)).length);
  };
  const [light = 0, heavy = 0] = await sample();
  assert.ok(light > 20 && heavy > light, `${light} and ${heavy} of 200, expected about 50 and 150`);
  down.add(address(2));
  await clock.advance(50_000);
  assert.deepEqual(await sample(), [200, 0]);
  down.delete(address(2));
  await clock.advance(50_000);
  assert.ok(((await sample())[1] ?? 0) > 0);
});

test('a multivalue answer holds up to eight', async (t) => {
  const { resolver } = await start(t, multi(10));
  assert.equal(new Set(await resolver.resolve4('all.example.com')).size, 8);
});

test('a change is answered only once it is everywhere', async (t) => {
  const { world, clock, zone, resolver } = await start(t, [{ name: NAME, type: 'A', ttl: 60, values: [address(1)] }]);
  world.zones.change(zone, [{ action: 'UPSERT', record: { name: NAME, type: 'A', ttl: 60, values: [address(2)] } }]);
  assert.deepEqual(await resolver.resolve4('proxy.example.com'), [address(1)]);
  await clock.advance(1_000);
  assert.deepEqual(await resolver.resolve4('proxy.example.com'), [address(2)]);
});

for (const [name, asked, rcode] of [
  ['a name that is not there', query('none.example.com'), 'NXDOMAIN'],
  ['another type of a name that is there', query('proxy.example.com', 'AAAA'), 'NOERROR'],
  ['a name between the zone and a record', query('between.example.com'), 'NOERROR'],
  ['a name of another zone', query('example.org'), 'REFUSED'],
  ['another operation', { ...query('proxy.example.com'), flags: 2 << 11 }, 'NOTIMP'],
  ['no question', { type: 'query', id: 1, questions: [] }, 'FORMERR'],
] as readonly (readonly [string, Packet, string])[]) {
  test(`${name}: ${rcode}, without an answer`, async (t) => {
    const { world } = await start(t, [
      { name: NAME, type: 'A', ttl: 60, values: [address(1)] },
      { name: 'a.between.example.com.', type: 'A', ttl: 60, values: [address(1)] },
    ]);
    const reply = await askUdp(world, asked);
    assert.equal(rcodeOf(reply), rcode);
    assert.deepEqual(reply?.answers, []);
    const isNegative = rcode === 'NXDOMAIN' || rcode === 'NOERROR';
    assert.deepEqual(
      reply?.authorities?.map(({ type }) => type),
      isNegative ? ['SOA'] : [],
    );
  });
}

test('what is no query gets no answer, and hurts nobody', async (t) => {
  const { world, resolver } = await start(t, [{ name: NAME, type: 'A', ttl: 60, values: [address(1)] }]);
  assert.equal(await askUdp(world, Buffer.from('not DNS'), 300), null);
  assert.equal(await askUdp(world, Buffer.alloc(0), 300), null);
  assert.equal(await askUdp(world, { ...query('proxy.example.com'), type: 'response' }, 300), null);
  assert.deepEqual(await resolver.resolve4('proxy.example.com'), [address(1)]);
});

test('what does not fit into a datagram is cut off there and whole over TCP; with EDNS more fits', async (t) => {
  const long = Array.from({ length: 12 }, (_, index) => `"${String(index).repeat(60)}"`);
  const { world } = await start(t, [{ name: 'long.example.com.', type: 'TXT', ttl: 60, values: long }]);
  const cut = await askUdp(world, query('long.example.com', 'TXT'));
  assert.equal(cut?.flag_tc, true);
  assert.deepEqual(cut?.answers, []);
  assert.equal((await askTcp(world, query('long.example.com', 'TXT'))).answers?.length, 12);
  const opt: OptAnswer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 4_096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  const whole = await askUdp(world, { ...query('long.example.com', 'TXT'), additionals: [opt] });
  assert.equal(whole?.answers?.length, 12);
  assert.deepEqual(
    whole?.additionals?.map(({ type }) => type),
    ['OPT'],
  );
});

test('the zone’s own records, MX and CNAME are answered', async (t) => {
  const { resolver } = await start(t, [
    { name: 'example.com.', type: 'MX', ttl: 60, values: ['10 mail.example.com.'] },
    { name: 'alias.example.com.', type: 'CNAME', ttl: 60, values: ['proxy.example.com.'] },
  ]);
  assert.equal((await resolver.resolveSoa('example.com')).hostmaster, 'awsdns-hostmaster.amazon.com');
  assert.equal((await resolver.resolveNs('example.com')).length, 2);
  assert.deepEqual(await resolver.resolveMx('example.com'), [{ priority: 10, exchange: 'mail.example.com', type: 'MX' }]);
  assert.deepEqual(await resolver.resolveCname('alias.example.com'), ['proxy.example.com']);
});

test('both sockets are free again after a stop', async () => {
  // An address that nobody else has: whoever takes a port of it in between is one of the two.
  const options = { log: () => {}, clock: new HandClock(), host: '127.0.78.1' };
  const first = await startRoute53(options);
  await first.stop();
  const { port } = first.dns;
  const second = await startRoute53({ ...options, dnsPort: port, apiPort: Number(new URL(first.url).port) });
  assert.equal(second.dns.port, port);
  await assert.rejects(startRoute53({ ...options, dnsPort: port }), { code: 'EADDRINUSE' });
  await second.stop();
  assert.equal(options.clock.pending, 0);
});
