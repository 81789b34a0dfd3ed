// The API over carriers that only answer: every route with the fields that its table promises, and what must be refused.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import type { DrainRequest } from '../../core/drain.ts';
import type { TunnelRow } from '../../core/ports.ts';
import { emptyRecord, type SessionRecord } from '../../core/record.ts';
import { type FakeSupervision, fakeSupervision } from '../../test/support/fake-supervision.ts';
import { testSettings } from '../../test/support/settings.ts';
import type { Told } from '../ask.ts';
import type { Answer } from '../bounded-server.ts';
import { gatherStatus } from '../node-status.ts';
import { createAdminApi } from './api.ts';
import { DecisionFeed } from './decision-feed.ts';
import { EventStream } from './event-stream.ts';
import { History } from './history.ts';
import { Refusals } from './refusals.ts';
import { type Route, ROUTES } from './routes.ts';
import { TunnelBook } from './tunnel-book.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const idOf = (place: number): string => `${ALPHABET[place % 32]}${ALPHABET[Math.floor(place / 32) % 32]}`.padStart(20, 'A');

function rowOf(place: number, changes: Partial<TunnelRow> = {}): TunnelRow {
  return {
    ...{
      id: idOf(place),
      door: 'connect',
      tenant: place % 2 === 0 ? 'acme' : null,
      target: 'data.example.com:443',
      endpoint: 'production',
    },
    ...{ kind: 'data', client: `192.0.2.${place % 5}:${5_000 + place}`, upstream: '198.51.100.1:443', phase: 'relaying' },
    ...{ ageMs: 1_000 * place, idleMs: 5_000 - place, bytesUp: 10 * place, bytesDown: 5 },
    ...changes,
  };
}

function refusal(id: string, reason: SessionRecord['reason'], tenant: string | null = null): SessionRecord {
  return { ...emptyRecord(id, '127.0.0.1:443', { address: '192.0.2.1', port: 1 }), reason, tenant };
}

async function harness(t: TestContext) {
  const world = await fakeSupervision(t);
  const orders: Partial<DrainRequest>[] = [];
  const told: { now: Told | null } = { now: { status: 200, value: { changed: true, draining: true } } };
  const { runtime } = world;
  const stream = new EventStream(() => {});
  const feed = new DecisionFeed(runtime, systemClock, (news) => stream.decisions(news));
  const history = new History(systemClock);
  const api = createAdminApi({
    ...{ runtime, clock: systemClock, feed, history, stream },
    settings: () => testSettings({}),
    status: () => gatherStatus(runtime, systemClock),
    drain: async () => null,
    order: async (request) => {
      orders.push(request);
      return told.now;
    },
    probe: () => null,
    book: new TunnelBook(runtime, systemClock),
    refusals: new Refusals(systemClock, async () => []),
    page: (path) => (path === '/' ? { status: 200, body: 'the page' } : null),
  });
  const get = async (url: string): Promise<Answer> => {
    const [path = '', query = ''] = url.split('?', 2);
    return api.read({ path, query: new URLSearchParams(query), host: '', authorization: '', accept: '', origin: '' });
  };
  const post = async (path: string, value: unknown = {}): Promise<Answer> =>
    api.change({
      ...{ path, query: new URLSearchParams(), host: '', authorization: '', accept: '', origin: '' },
      ...{ from: '10.0.0.9 5000', actor: 'ann', body: { ok: true, value } },
    });
  return { world, api, feed, history, orders, told, get, post };
}

/** Both carriers, with so many tunnels each; those of the second are younger. */
async function carriers(world: FakeSupervision, each: number) {
  const found = [await world.carrier(0), await world.carrier(1)] as const;
  for (const [slot, carrier] of found.entries()) carrier.rows = Array.from({ length: each }, (_, place) => rowOf(2 * place + slot));
  return found;
}

// oxlint-disable-next-line typescript/no-explicit-any
const valueOf = ({ body }: Answer): any => JSON.parse(body) as unknown;

test('every route answers with the fields that its table promises', async (t) => {
  const { world, get, post } = await harness(t);
  await carriers(world, 2);
  const needed: Record<string, string> = { explain: '?door=connect&host=data.example.com&port=443' };
  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    if (typeof route.answer === 'string') continue;
    const path = route.path.replace('{id}', idOf(1));
    const answer =
      route.method === 'GET'
        ? await get(`${path}${needed[name] ?? ''}`)
        : await post(path, name === 'closeTenant' ? { tenant: 'acme' } : {});
    assert.equal(answer.status, 200, `${name}: ${answer.body}`);
    assert.deepEqual(Object.keys(valueOf(answer) as object).toSorted(), Object.keys(route.answer).toSorted(), name);
  }
  assert.equal(valueOf(await get('/status')).node, 'n');
  assert.equal(valueOf(await get('/openapi.json')).openapi, '3.1.0');
});

test('tunnels of all carriers are one list: sorted, searched, and by the page', async (t) => {
  const { world, get } = await harness(t);
  await carriers(world, 300);
  const first = valueOf(await get('/tunnels?limit=3'));
  assert.deepEqual([first.tunnels, first.matching, first.silent, first.isPartial], [600, 600, [], false]);
  const ages = (rows: { ageMs: number }[]): number[] => rows.map(({ ageMs }) => ageMs / 1_000);
  assert.deepEqual(ages(first.rows), [599, 598, 597]);
  assert.deepEqual(
    first.rows.map(({ carrier }: { carrier: number }) => carrier),
    [1, 0, 1],
  );
  assert.deepEqual(ages(valueOf(await get('/tunnels?limit=3&offset=598')).rows), [1, 0]);
  assert.deepEqual(ages(valueOf(await get('/tunnels?limit=2&order=asc&sort=bytes')).rows), [0, 1]);
  assert.deepEqual(ages(valueOf(await get('/tunnels?limit=2&sort=idle')).rows), [0, 1]);
  assert.deepEqual(ages(valueOf(await get('/tunnels?search=:5007')).rows), [7]);
  assert.equal(valueOf(await get('/tunnels?search=DATA.example')).matching, 600);
  // It is a text and no pattern.
  assert.equal(valueOf(await get('/tunnels?search=data.*')).matching, 0);
  assert.equal(valueOf(await get('/tunnels?search=(')).matching, 0);
  assert.equal(valueOf(await get('/tunnels?tenant=acme')).matching, 300);
  assert.equal(valueOf(await get('/tunnels?tenant=')).matching, 300);
  assert.equal(valueOf(await get('/tunnels?door=sni')).matching, 0);
  assert.equal(valueOf(await get('/tunnels?endpoint=production&tenant=acme&search=192.0.2.1:')).matching, 60);
});

test('a tunnel has a rate once it was seen twice', async (t) => {
  const world = await fakeSupervision(t);
  const [carrier] = await carriers(world, 1);
  let aheadMs = 0;
  const book = new TunnelBook(world.runtime, { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs });
  const all = { search: null, tenant: null, door: null, endpoint: null, sort: 'rate', order: 'desc', offset: 0, limit: 1 } as const;
  const first = await book.find(all);
  assert.equal(first.rows[0]?.rate, null);
  carrier.rows = [rowOf(0, { bytesUp: 1_000_000 })];
  aheadMs = 20_000;
  let next = first;
  // Whoever does not want to wait for a slow look has the one before.
  while (next.atMs === first.atMs) next = await book.find(all);
  const { rate = 0 } = next.rows[0] ?? {};
  assert.ok(rate !== null && rate > 30_000 && rate <= 50_000, String(rate));
});

test('a carrier that does not answer is named, and the others are shown', async (t) => {
  const { world, get } = await harness(t);
  const carrier = await world.carrier(1);
  carrier.rows = [rowOf(1)];
  world.view = { ...world.view, slots: world.view.slots.map((slot) => ({ ...slot, pid: 5 })) };
  const { silent, rows } = valueOf(await get('/tunnels'));
  assert.deepEqual([silent, rows.length], [['1/0'], 1]);
});

test('who has most: by tenant, target, source', async (t) => {
  const { world, get } = await harness(t);
  await carriers(world, 5);
  const top = async (query: string) =>
    valueOf(await get(`/top?${query}`)).rows.map(({ name, tunnels }: { name: string; tunnels: number }) => [name, tunnels]);
  assert.deepEqual(await top('by=tenant'), [
    ['', 5],
    ['acme', 5],
  ]);
  assert.deepEqual(await top('by=source&limit=2'), [
    ['192.0.2.0', 2],
    ['192.0.2.1', 2],
  ]);
  assert.deepEqual(await top('by=target'), [['data.example.com:443', 10]]);
});

test('one tunnel is shown whole and closed, wherever it is; then it is gone from the list', async (t) => {
  const { world, get, post } = await harness(t);
  await carriers(world, 2);
  assert.equal(valueOf(await get('/tunnels')).tunnels, 4);
  const { tunnel } = valueOf(await get(`/tunnels/${idOf(3)}`));
  assert.deepEqual([tunnel.id, tunnel.carrier, tunnel.record.id], [idOf(3), 1, idOf(3)]);
  assert.deepEqual(valueOf(await post(`/tunnels/${idOf(3)}/close`)), { closed: 1, onTheWay: 0 });
  assert.equal((await post(`/tunnels/${idOf(3)}/close`)).status, 404);
  assert.equal((await get(`/tunnels/${idOf(3)}`)).status, 404);
  assert.equal(valueOf(await get('/tunnels')).tunnels, 3);
  assert.deepEqual(valueOf(await post('/close', { tenant: 'acme' })), { closed: 3, silent: [] });
});

test('to close one that is on its way says so, and it stays on the list; what a carrier that is silent may have is not denied', async (t) => {
  const { world, get, post } = await harness(t);
  const [first] = await carriers(world, 1);
  first.onTheWay.add(idOf(0));
  assert.equal(valueOf(await get('/tunnels')).tunnels, 2);
  assert.deepEqual(valueOf(await post(`/tunnels/${idOf(0)}/close`)), { closed: 0, onTheWay: 1 });
  assert.equal(valueOf(await get('/tunnels')).tunnels, 2);
  await first.kill();
  world.view = { ...world.view, slots: world.view.slots.map((slot) => ({ ...slot, pid: 5 })) };
  const { status, body } = await post(`/tunnels/${idOf(0)}/close`);
  assert.deepEqual([status, valueOf({ status, body }).error], [503, 'carrier 1/0 does not answer, and may have it']);
});

test('decisions of all carriers are one list, the youngest first, and by their reason', async (t) => {
  const { world, get } = await harness(t);
  const [first, second] = await carriers(world, 0);
  first.recent.add(refusal('A', 'AUTH_INVALID'), 'p');
  await new Promise((resolve) => setTimeout(resolve, 3));
  second.recent.add(refusal('B', 'OK', 'acme'), 'p');
  const ids = async (query: string): Promise<string[]> => valueOf(await get(`/decisions${query}`)).rows.map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids(''), ['B', 'A']);
  assert.deepEqual(await ids('?limit=1'), ['B']);
  assert.deepEqual(await ids('?reason=AUTH_INVALID'), ['A']);
  assert.deepEqual(await ids('?allow=true&tenant=acme'), ['B']);
  assert.deepEqual(await ids('?allow=true&tenant='), []);
});

test('who listens begins with what there was, and hears each decision once, whoever else asks', async (t) => {
  const { world, feed, get } = await harness(t);
  const [carrier] = await carriers(world, 0);
  carrier.recent.add(refusal('A', 'AUTH_INVALID'), 'p');
  const { stream, type } = await get('/events');
  assert.equal(type, 'text/event-stream');
  const heard: string[] = [];
  stream?.({ write: (text) => void heard.push(...[...text.matchAll(/"id":"(\w)"/g)].map(([, id = '']) => id)), waiting: () => 0 });
  carrier.recent.add(refusal('B', 'AUTH_INVALID'), 'p');
  await get('/decisions');
  carrier.recent.add(refusal('C', 'AUTH_INVALID'), 'p');
  await feed.poll();
  assert.deepEqual(heard, ['A', 'B', 'C']);
});

for (const [what, method, path, body, status] of [
  ['a path that is none', 'GET', '/nope', null, 404],
  ['a change that is asked for as a read', 'GET', '/close', null, 404],
  ['a read that is asked for as a change', 'POST', '/status', {}, 404],
  ['a path that is longer', 'GET', '/tunnels/a/b', null, 404],
  ['an id that is none', 'GET', '/tunnels/..%2f', null, 400],
  ['an id in lower case', 'GET', `/tunnels/${idOf(1).toLowerCase()}`, null, 400],
  ['a page below nothing', 'GET', '/tunnels?offset=-1', null, 400],
  ['more rows than a page has', 'GET', '/tunnels?limit=501', null, 400],
  ['an order that there is not', 'GET', '/tunnels?sort=size', null, 400],
  ['a word that is not asked for', 'GET', '/status?x=1', null, 400],
  ['a reason that there is not', 'GET', '/decisions?reason=toString', null, 400],
  ['a question without a door', 'GET', '/explain?host=a&port=443', null, 400],
  ['a question from no address', 'GET', '/explain?door=connect&host=a&port=443&from=here', null, 400],
  ['to drain in a way that there is not', 'POST', '/drain', { do: 'nonsense' }, 400],
  ['to drain as somebody else', 'POST', '/drain', { by: 'the boss' }, 400],
  ['to close for nobody', 'POST', '/close', {}, 400],
  ['to close for a tenant without a name', 'POST', '/close', { tenant: '' }, 400],
  ['to close for a tenant that there cannot be', 'POST', '/close', { tenant: '\u001b[2J' }, 400],
  ['to close with a list', 'POST', '/close', [], 400],
] as const) {
  test(`${what} is refused: ${status}`, async (t) => {
    const { world, get, post, orders } = await harness(t);
    await world.carrier(0);
    const answer = method === 'GET' ? await get(path) : await post(path, body);
    assert.equal(answer.status, status, answer.body);
    assert.equal(typeof valueOf(answer).error, 'string');
    assert.deepEqual(orders, []);
  });
}

test('an order to drain says who gave it and from where, and the carrier’s answer is ours', async (t) => {
  const { orders, told, post } = await harness(t);
  assert.deepEqual(valueOf(await post('/drain', { rate: 3 })), { changed: true, draining: true });
  assert.deepEqual(orders, [{ do: 'start', rate: 3, why: null, by: 'ann (admin address, from 10.0.0.9 5000)' }]);
  await post('/undrain');
  assert.equal(orders[1]?.do, 'end');
  told.now = { status: 409, value: { error: 'not now' } };
  assert.equal((await post('/drain')).status, 409);
  told.now = null;
  assert.equal((await post('/drain')).status, 503);
});

test('a body that could not be read is answered as it was judged', async (t) => {
  const { api } = await harness(t);
  const refused = { status: 415, body: '{}' };
  const change = {
    path: '/drain',
    query: new URLSearchParams(),
    host: '',
    authorization: '',
    accept: '',
    origin: '',
    from: null,
    actor: '',
  };
  assert.equal(await api.change({ ...change, body: { ok: false, answer: refused } }), refused);
});

test('without a supervisor the node’s own words are 503, and the page is there', async (t) => {
  const { world, get } = await harness(t);
  world.view = { pid: 1 } as never;
  assert.equal((await get('/status')).status, 503);
  assert.equal((await get('/limits')).status, 503);
  assert.equal((await get('/explain?door=connect&host=a&port=443')).status, 503);
  assert.equal((await get('/')).body, 'the page');
});
