import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DrainRequest } from '../core/drain.ts';
import { createAdminChangeHandler, createAdminChanges, createAdminHandler, createAdminReads, isOwnHost } from './admin-server.ts';
import type { Change, Question } from './bounded-server.ts';
import { json } from './bounded-server.ts';

for (const [header, own, expected] of [
  ['127.0.0.1:9901', '127.0.0.1', true],
  ['localhost:9901', '127.0.0.1', true],
  ['LOCALHOST', '127.0.0.1', true],
  ['[::1]:9901', '127.0.0.1', true],
  ['127.0.0.2', '127.0.0.1', true],
  ['10.0.0.5:9901', '10.0.0.5', true],
  ['[2001:db8::5]:9901', '2001:db8::5', true],
  ['10.0.0.6:9901', '10.0.0.5', false],
  ['eu-1a.internal:9901', '0.0.0.0 eu-1a.internal', true],
  ['EU-1A.internal', '0.0.0.0 eu-1a.internal', true],
  ['eu-1b.internal', '0.0.0.0 eu-1a.internal', false],
  ['[2001:db8::5]', ':: 2001:db8::5', true],
  ['evil.example', '127.0.0.1', false],
  ['127.0.0.1.evil.example', '127.0.0.1', false],
  ['localhost.evil.example', '127.0.0.1', false],
  ['evil.example:127', '127.0.0.1', false],
  ['127.0.0.1@evil.example', '127.0.0.1', false],
  ['', '127.0.0.1', false],
] as const) {
  test(`Host ${JSON.stringify(header)} on ${own} is ${expected ? 'ours' : 'not ours'}`, () =>
    assert.equal(isOwnHost(header, own.split(' ')), expected));
}

const STATUS = { tunnels: 3 };
const DRAIN = { phase: 'closing' };
const DEPS = {
  status: (): Promise<object> => Promise.resolve(STATUS),
  drain: (): Promise<object> => Promise.resolve(DRAIN),
  order: () => Promise.reject(new Error('a read changes nothing')),
};

function question(changes: Partial<Question>): Question {
  return { path: '/', query: new URLSearchParams(), host: '127.0.0.1:9901', authorization: '', accept: '', ...changes };
}

async function statusOf(host: string, token: string | null, changes: Partial<Question>): Promise<number> {
  const handler = createAdminHandler({ ...DEPS, admin: () => ({ host, port: 9901, token, names: ['eu-1a.internal'] }) });
  return (await handler(question(changes))).status;
}

for (const [what, host, token, changes, expected] of [
  ['a read on loopback needs no token', '127.0.0.1', 'secret', {}, 200],
  ['/status is the same', '127.0.0.1', null, { path: '/status' }, 200],
  ['another path', '127.0.0.1', null, { path: '/nope' }, 404],
  ['another Host is refused before anything else', '127.0.0.1', null, { host: 'evil.example', path: '/nope' }, 403],
  ['off loopback without a token', '10.0.0.5', 'secret', { host: '10.0.0.5' }, 401],
  ['off loopback with another token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secreT' }, 401],
  ['off loopback with a prefix of the token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secre' }, 401],
  ['off loopback with another scheme', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Basic secret' }, 401],
  ['off loopback with the token', '10.0.0.5', 'secret', { host: '10.0.0.5', authorization: 'Bearer secret' }, 200],
  ['off loopback where no token is set, any token', '10.0.0.5', null, { host: '10.0.0.5', authorization: 'Bearer null' }, 401],
  ['under one of its names, with the token', '10.0.0.5', 'secret', { host: 'eu-1a.internal', authorization: 'Bearer secret' }, 200],
  ['on every address, with a loopback Host, a token is needed all the same', '0.0.0.0', 'secret', { host: '127.0.0.1' }, 401],
] as const) {
  test(`admin: ${what}: ${expected}`, async () => assert.equal(await statusOf(host, token, changes), expected));
}

test('admin says 503 where the supervisor does not answer', async () => {
  const reads = createAdminReads({ ...DEPS, status: () => Promise.resolve(null) });
  assert.equal((await reads(question({}))).status, 503);
});

test('admin tells of the drain', async () => {
  const { body } = await createAdminReads(DEPS)(question({ path: '/drain' }));
  assert.deepEqual(JSON.parse(body), { drain: DRAIN });
});

const TOKEN = { authorization: 'Bearer secret' };

function change(changes: Partial<Change>): Change {
  return { ...question({ path: '/drain' }), from: '10.0.0.9 5000', actor: '', body: { ok: true, value: {} }, ...changes };
}

/** The status, and the order that came of it. */
async function ordered(host: string, token: string | null, changes: Partial<Change>) {
  const orders: Partial<DrainRequest>[] = [];
  const handler = createAdminChangeHandler({
    ...DEPS,
    admin: () => ({ host, port: 9901, token, names: ['eu-1a.internal'] }),
    order(request) {
      orders.push(request);
      return Promise.resolve({ status: 200, value: { changed: true, draining: true } });
    },
  });
  const { status } = await handler(change(changes));
  return { status, orders };
}

for (const [what, host, token, changes, expected] of [
  ['without a token, on loopback', '127.0.0.1', 'secret', {}, 401],
  ['where no token is set, on loopback', '127.0.0.1', null, { authorization: 'Bearer null' }, 401],
  ['with another token', '127.0.0.1', 'secret', { authorization: 'Bearer secreT' }, 401],
  ['with the token, under another Host', '127.0.0.1', 'secret', { ...TOKEN, host: 'evil.example' }, 403],
  ['with the token, on loopback', '127.0.0.1', 'secret', TOKEN, 200],
  ['with the token, off loopback, by a name', '10.0.0.5', 'secret', { ...TOKEN, host: 'eu-1a.internal:9901' }, 200],
  ['on another path', '127.0.0.1', 'secret', { ...TOKEN, path: '/status' }, 404],
  ['that is not JSON', '127.0.0.1', 'secret', { ...TOKEN, body: { ok: false, answer: json(415, {}) } }, 415],
  ['that is not JSON, by a stranger', '127.0.0.1', 'secret', { body: { ok: false, answer: json(415, {}) } }, 401],
] as const) {
  test(`admin: a change ${what}: ${expected}`, async () => {
    const { status, orders } = await ordered(host, token, changes);
    assert.equal(status, expected);
    assert.equal(orders.length, expected === 200 ? 1 : 0);
  });
}

for (const [path, value, expected] of [
  ['/drain', {}, 'start'],
  ['/drain', { do: 'pause' }, 'pause'],
  ['/drain', { do: 'nonsense' }, 'nonsense'],
  ['/undrain', {}, 'end'],
  ['/undrain', { do: 'start' }, 'end'],
  ['/drain', null, 'start'],
] as const) {
  test(`admin: ${path} with ${JSON.stringify(value)} is ${expected}, which the carrier judges`, async () => {
    const { orders } = await ordered('127.0.0.1', 'secret', { ...TOKEN, path, body: { ok: true, value } });
    assert.equal(orders[0]?.do, expected);
  });
}

test('an order says who gave it and from where, whatever the body says', async () => {
  const body = { ok: true, value: { by: 'the boss', rate: 3 } } as const;
  const { orders } = await ordered('127.0.0.1', 'secret', { ...TOKEN, body, actor: 'fleet drain' });
  assert.deepEqual(orders, [{ do: 'start', rate: 3, by: 'fleet drain (admin address, from 10.0.0.9 5000)' }]);
});

test('over the Unix socket no token is needed; without a carrier it is 503', async () => {
  const asked: unknown[] = [];
  const changes = createAdminChanges({
    order(request) {
      asked.push(request.by);
      return Promise.resolve(null);
    },
  });
  assert.equal((await changes(change({ from: null, actor: 'ann' }))).status, 503);
  assert.deepEqual(asked, ['ann (Unix socket)']);
});
