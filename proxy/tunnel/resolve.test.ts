import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProxyError } from '../core/fault.ts';
import type { AddressFamily } from '../core/settings.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { NameResolver, type AddressRecord } from './resolve.ts';

type Answer = AddressRecord[] | string | 'never';

function harness(family: AddressFamily = 'ipv4') {
  const clock = new FakeClock();
  const answers: { v4: Answer; v6: Answer } = { v4: [], v6: 'ENODATA' };
  const asked: string[] = [];
  const answer = (kind: 'v4' | 'v6', host: string): Promise<AddressRecord[]> => {
    asked.push(`${kind} ${host}`);
    const is = answers[kind];
    if (is === 'never') return new Promise(() => {});
    return typeof is === 'string' ? Promise.reject(Object.assign(new Error(is), { code: is })) : Promise.resolve(is);
  };
  const dns = { resolve4: (host: string) => answer('v4', host), resolve6: (host: string) => answer('v6', host) };
  return { clock, answers, asked, resolver: new NameResolver({ dns, clock, family }) };
}

const A = { address: '198.51.100.1', ttl: 30 };
const B = { address: '198.51.100.2', ttl: 30 };

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof ProxyError ? error.code : 'no fault';
}

test('an answer is kept for its time to live and rotated at each use', async () => {
  const { answers, asked, resolver } = harness();
  answers.v4 = [A, B];
  assert.deepEqual(await resolver.resolve('a.test'), [A.address, B.address]);
  assert.deepEqual(await resolver.resolve('a.test'), [B.address, A.address]);
  assert.deepEqual(asked, ['v4 a.test']);
});

for (const [ttl, keptMs] of [
  [0, 5_000],
  [1, 5_000],
  [30, 30_000],
  [86_400, 60_000],
] as const) {
  test(`a time to live of ${ttl} s is used for ${keptMs} ms`, async () => {
    const { answers, asked, clock, resolver } = harness();
    answers.v4 = [{ address: A.address, ttl }];
    await resolver.resolve('a.test');
    clock.advance(keptMs - 1);
    await resolver.resolve('a.test');
    assert.equal(asked.length, 1);
    clock.advance(1);
    await resolver.resolve('a.test');
    assert.equal(asked.length, 2);
  });
}

test('many sessions at once make one query', async () => {
  const { answers, asked, resolver } = harness();
  answers.v4 = [A];
  await Promise.all(Array.from({ length: 50 }, () => resolver.resolve('a.test')));
  assert.equal(asked.length, 1);
});

test('at most 16 addresses of an answer are used', async () => {
  const { answers, resolver } = harness();
  answers.v4 = Array.from({ length: 40 }, (_, index) => ({ address: `198.51.100.${index}`, ttl: 30 }));
  assert.equal((await resolver.resolve('a.test')).length, 16);
});

for (const code of ['ESERVFAIL', 'ETIMEOUT', 'ECONNREFUSED']) {
  test(`over ${code} the last answer is used for an hour, then no more`, async () => {
    const { answers, clock, resolver } = harness();
    answers.v4 = [A];
    await resolver.resolve('a.test');
    answers.v4 = code;
    clock.advance(3_599_000);
    assert.deepEqual(await resolver.resolve('a.test'), [A.address]);
    clock.advance(2_000);
    assert.equal(await codeOf(resolver.resolve('a.test')), code === 'ETIMEOUT' ? 'RESOLVE_TIMEOUT' : 'RESOLVE_FAILED');
  });
}

test('a name that is gone is not served from what was known', async () => {
  const { answers, clock, resolver } = harness();
  answers.v4 = [A];
  await resolver.resolve('a.test');
  answers.v4 = 'ENOTFOUND';
  clock.advance(60_000);
  assert.equal(await codeOf(resolver.resolve('a.test')), 'RESOLVE_FAILED');
  answers.v4 = 'ESERVFAIL';
  clock.advance(2_000);
  assert.equal(await codeOf(resolver.resolve('a.test')), 'RESOLVE_FAILED');
});

test('a failure is remembered for one second', async () => {
  const { answers, asked, clock, resolver } = harness();
  answers.v4 = 'ENOTFOUND';
  await codeOf(resolver.resolve('a.test'));
  await codeOf(resolver.resolve('a.test'));
  assert.equal(asked.length, 1);
  clock.advance(1_000);
  answers.v4 = [A];
  assert.deepEqual(await resolver.resolve('a.test'), [A.address]);
});

test('a resolver that never answers is RESOLVE_TIMEOUT after 3 s, and the name can be asked again', async () => {
  const { answers, asked, clock, resolver } = harness();
  answers.v4 = 'never';
  const waiting = codeOf(resolver.resolve('a.test'));
  clock.advance(3_000);
  assert.equal(await waiting, 'RESOLVE_TIMEOUT');
  answers.v4 = [A];
  clock.advance(1_000);
  await resolver.resolve('a.test');
  assert.equal(asked.length, 2);
});

test('family any asks for both and takes what there is', async () => {
  const { answers, asked, resolver } = harness('any');
  answers.v4 = 'ENODATA';
  answers.v6 = [{ address: '2001:db8::1', ttl: 30 }];
  assert.deepEqual(await resolver.resolve('a.test'), ['2001:db8::1']);
  assert.deepEqual(asked, ['v4 a.test', 'v6 a.test']);
});

test('family ipv6 never asks for IPv4', async () => {
  const { answers, asked, resolver } = harness('ipv6');
  answers.v6 = [{ address: '2001:db8::1', ttl: 30 }];
  await resolver.resolve('a.test');
  assert.deepEqual(asked, ['v6 a.test']);
});

test('names that the wire chooses cannot grow the cache without end', async () => {
  const { answers, asked, resolver } = harness();
  answers.v4 = [A];
  for (let index = 0; index < 4_097; index += 1) await resolver.resolve(`n${index}.test`);
  asked.length = 0;
  await resolver.resolve('n4096.test');
  assert.equal(asked.length, 0);
  await resolver.resolve('n0.test');
  assert.deepEqual(asked, ['v4 n0.test']);
});

test('how the servers are doing is known by what agents asked for', async () => {
  const { answers, clock, resolver } = harness();
  assert.equal(resolver.state, 'unknown');
  answers.v4 = [A];
  await resolver.resolve('a.test');
  assert.equal(resolver.state, 'answering');
  answers.v4 = 'ESERVFAIL';
  clock.advance(60_000);
  await resolver.resolve('a.test');
  assert.equal(resolver.state, 'stale');
  await codeOf(resolver.resolve('b.test'));
  assert.equal(resolver.state, 'failing');
  answers.v4 = 'ENOTFOUND';
  clock.advance(1_000);
  await codeOf(resolver.resolve('b.test'));
  assert.equal(resolver.state, 'answering');
});

test('an old answer does for an hour, and then the servers are failing', async () => {
  const { answers, clock, resolver } = harness();
  answers.v4 = [A];
  await resolver.resolve('a.test');
  answers.v4 = 'ETIMEOUT';
  clock.advance(3_599_999);
  await resolver.resolve('a.test');
  assert.equal(resolver.state, 'stale');
  clock.advance(1);
  assert.equal(resolver.state, 'failing');
});

test('while no server answers, known names are asked for in turn; when one does, no more', async () => {
  const { answers, asked, clock, resolver } = harness();
  answers.v4 = [A];
  await resolver.resolve('a.test');
  resolver.look();
  assert.deepEqual(asked.splice(0), ['v4 a.test']);
  answers.v4 = 'ESERVFAIL';
  await codeOf(resolver.resolve('b.test'));
  asked.length = 0;
  for (let second = 0; second < 3; second += 1) {
    resolver.look();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(asked.splice(0).sort(), ['v4 a.test', 'v4 b.test', 'v4 b.test']);
  answers.v4 = [A];
  resolver.look();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(resolver.state, 'answering');
  asked.length = 0;
  clock.advance(10_000);
  resolver.look();
  assert.deepEqual(asked, []);
});

test('servers that never answer are asked a few times at once, not more and more', async () => {
  const { answers, asked, clock, resolver } = harness();
  answers.v4 = 'ESERVFAIL';
  for (let index = 0; index < 10; index += 1) await codeOf(resolver.resolve(`n${index}.test`));
  answers.v4 = 'never';
  asked.length = 0;
  for (let second = 0; second < 10; second += 1) resolver.look();
  assert.equal(asked.length, 4);
  clock.advance(3_000);
  await new Promise((resolve) => setImmediate(resolve));
  resolver.look();
  assert.equal(asked.length, 5);
});
