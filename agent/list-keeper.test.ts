import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepFresh, ListKeeper, type ListEvent, type StoredList } from './list-keeper.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { type ListFields, makeListKeys } from './testing/lists.ts';

const ours = makeListKeys();
const HOST = 'proxy.test';
const FIRST: ListFields = { issued: '2025-12-31T00:00:00Z', expires: '2026-02-01T00:00:00Z' };
const SECOND: ListFields = {
  issued: '2025-12-31T12:00:00Z',
  expires: '2026-03-01T00:00:00Z',
  addresses: [
    { slot: 'a', address: '192.0.2.7', state: 'active' },
    { slot: 'b', address: '192.0.2.8', state: 'standby' },
  ],
};
const OLDER: ListFields = { issued: '2025-12-30T00:00:00Z', expires: '2026-06-01T00:00:00Z' };

type Answer = string | null | Error;

interface World {
  readonly keeper: ListKeeper;
  readonly clock: FakeClock;
  readonly events: ListEvent[];
  /** ETags that the source was asked with. */
  readonly asked: (string | null)[];
  readonly stored: () => StoredList | null;
}

interface WorldOptions {
  readonly answers?: readonly Answer[];
  readonly stored?: string | Error;
  readonly storedFrom?: string;
  readonly cannotWrite?: boolean;
}

function startWorld({ answers = [], stored, storedFrom = 'the source', cannotWrite }: WorldOptions): World {
  const clock = new FakeClock();
  const events: ListEvent[] = [];
  const asked: (string | null)[] = [];
  const left = [...answers];
  let onDisk: StoredList | null = typeof stored === 'string' ? { source: storedFrom, etag: '"disk"', text: stored } : null;
  const keeper = new ListKeeper({
    keys: ours.keys,
    proxy: { host: HOST, port: 443 },
    source: {
      name: 'the source',
      fetch: (etag) => {
        asked.push(etag);
        const next = left.shift();
        if (next === undefined || next instanceof Error) return Promise.reject(next ?? new Error('asked too often'));
        return Promise.resolve(next === null ? null : { text: next, etag: `"${asked.length}"` });
      },
    },
    store: {
      read: () => {
        if (stored instanceof Error) throw stored;
        return onDisk;
      },
      write: (list) => {
        if (cannotWrite) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        onDisk = list;
      },
    },
    clock,
    emit: (event) => events.push(event),
  });
  return { keeper, clock, events, asked, stored: () => onDisk };
}

const said = ({ events }: World): (string | null)[][] => events.map(({ outcome, code }) => [outcome, code]);

function first({ keeper }: World): readonly string[] | null {
  return keeper.published(HOST)?.first ?? null;
}

test('a list is taken, kept on disk, and asked for again by its tag', async () => {
  const world = startWorld({ answers: [ours.sign(FIRST), null, ours.sign(SECOND)] });
  world.keeper.load();
  assert.equal(await world.keeper.refresh(), true);
  assert.deepEqual(first(world), ['192.0.2.1']);
  assert.equal(await world.keeper.refresh(), true);
  assert.equal(await world.keeper.refresh(), true);
  assert.deepEqual(world.keeper.published(HOST), { first: ['192.0.2.7'], last: ['192.0.2.8'] });
  assert.deepEqual(said(world), [
    ['taken', null],
    ['unchanged', null],
    ['taken', null],
  ]);
  assert.deepEqual(world.asked, [null, '"1"', '"1"']);
  assert.deepEqual(world.stored(), { source: 'the source', etag: '"3"', text: ours.sign(SECOND) });
});

test('the list is for its own name alone', async () => {
  const world = startWorld({ answers: [ours.sign(FIRST)] });
  await world.keeper.refresh();
  assert.equal(world.keeper.published('elsewhere.test'), null);
});

test('what an earlier run left on disk is dialled by at once, and its tag asked with', async () => {
  const world = startWorld({ stored: ours.sign(FIRST), answers: [null] });
  world.keeper.load();
  assert.deepEqual(first(world), ['192.0.2.1']);
  await world.keeper.refresh();
  assert.deepEqual(world.asked, ['"disk"']);
  assert.deepEqual(said(world), [
    ['taken', null],
    ['unchanged', null],
  ]);
});

test('a tag of another source is not asked with', async () => {
  const world = startWorld({ stored: ours.sign(FIRST), storedFrom: 'another source', answers: [ours.sign(FIRST)] });
  world.keeper.load();
  await world.keeper.refresh();
  assert.deepEqual(world.asked, [null]);
});

const strangers = makeListKeys();
const changed = ours.sign(SECOND).replace('192.0.2.7', '198.51.100.66');

/** What the source may say, and the word for it: the list before it stays, in use and on disk. */
for (const [name, answer, code] of [
  ['a list of before: a downgrade', ours.sign(OLDER), 'OLDER'],
  ['a list by a key that is not ours', strangers.sign(SECOND), 'UNKNOWN_KEY'],
  ['a list changed on the way', changed, 'WRONG_SIGNATURE'],
  ['a truncated list', ours.sign(SECOND).slice(0, 150), 'MALFORMED'],
  ['a page of a captive portal', '<html>Please log in</html>', 'MALFORMED'],
  ['an expired list', ours.sign({ ...SECOND, expires: '2025-12-31T23:00:00Z' }), 'EXPIRED'],
  ['a list from the future', ours.sign({ ...SECOND, issued: '2026-01-15T00:00:00Z' }), 'FROM_THE_FUTURE'],
  ['an empty list', ours.sign({ ...SECOND, addresses: [] }), 'EMPTY'],
  ['a list for another proxy', ours.sign({ ...SECOND, host: 'other.test' }), 'OTHER_PROXY'],
  ['a list for another port', ours.sign({ ...SECOND, port: 8443 }), 'OTHER_PROXY'],
  ['a source that is not there', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
] as const) {
  test(`${name}: ${code}, and the list before it goes on`, async () => {
    const world = startWorld({ answers: [ours.sign(FIRST), answer] });
    await world.keeper.refresh();
    assert.equal(await world.keeper.refresh(), false);
    assert.deepEqual(said(world).at(-1), ['kept', code]);
    assert.match(world.events.at(-1)?.detail ?? '', /the earlier one goes on$/);
    assert.deepEqual(first(world), ['192.0.2.1']);
    assert.equal(world.stored()?.text, ours.sign(FIRST));
  });

  test(`${name}: ${code === 'OLDER' ? 'nothing is older than nothing' : 'with no list before it, DNS is asked'}`, async () => {
    const world = startWorld({ answers: [answer] });
    const isTaken = await world.keeper.refresh();
    assert.deepEqual(said(world).at(-1), code === 'OLDER' ? ['taken', null] : ['none', code]);
    assert.equal(isTaken, code === 'OLDER');
    assert.equal(world.keeper.published(HOST) === null, code !== 'OLDER');
  });
}

/** What may be on disk at the start, and the word for it. */
for (const [name, stored, code] of [
  ['half a file', Object.assign(new Error('truncated'), { code: 'MALFORMED' }), 'MALFORMED'],
  ['a file that cannot be read', Object.assign(new Error('permission denied'), { code: 'EACCES' }), 'EACCES'],
  ['a truncated list', ours.sign(FIRST).slice(0, 150), 'MALFORMED'],
  ['a list by a key that is not ours any more', strangers.sign(FIRST), 'UNKNOWN_KEY'],
  ['a list that somebody edited', ours.sign(FIRST).replace('192.0.2.1', '198.51.100.66'), 'WRONG_SIGNATURE'],
  ['an expired list', ours.sign({ ...FIRST, expires: '2025-12-31T01:00:00Z' }), 'EXPIRED'],
  ['a list for another proxy', ours.sign({ ...FIRST, host: 'other.test' }), 'OTHER_PROXY'],
] as const) {
  test(`on disk, ${name} is not used: ${code}; the source is asked without its tag and its list taken`, async () => {
    const world = startWorld({ stored, answers: [ours.sign(SECOND)] });
    world.keeper.load();
    assert.equal(world.keeper.published(HOST), null);
    await world.keeper.refresh();
    assert.deepEqual(said(world), [
      ['none', code],
      ['taken', null],
    ]);
    assert.deepEqual(world.asked, [code === 'EXPIRED' ? '"disk"' : null]);
  });
}

test('an expired list on disk is still a mark: an older one is a downgrade', async () => {
  const world = startWorld({ stored: ours.sign({ ...FIRST, expires: '2025-12-31T01:00:00Z' }), answers: [ours.sign(OLDER), null] });
  world.keeper.load();
  await world.keeper.refresh();
  assert.deepEqual(said(world).at(-1), ['none', 'OLDER']);
  assert.equal(world.keeper.published(HOST), null);
  await world.keeper.refresh();
  assert.deepEqual(said(world).at(-1), ['none', 'EXPIRED']);
});

test('a list that expires while it is in use is left, with one word, and DNS is asked', async () => {
  const world = startWorld({ answers: [ours.sign(FIRST)] });
  await world.keeper.refresh();
  world.clock.advance(31 * 86_400_000);
  assert.equal(world.keeper.published(HOST), null);
  assert.equal(world.keeper.published(HOST), null);
  assert.deepEqual(said(world), [
    ['taken', null],
    ['none', 'EXPIRED'],
  ]);
});

test('a full disk does not keep a list from being used', async () => {
  const world = startWorld({ answers: [ours.sign(FIRST)], cannotWrite: true });
  assert.equal(await world.keeper.refresh(), true);
  assert.deepEqual(said(world), [
    ['taken', null],
    ['unsaved', 'ENOSPC'],
  ]);
  assert.deepEqual(first(world), ['192.0.2.1']);
});

test('a retiring address is dialled last, and not after its day', async () => {
  const retiring = { slot: 'z', address: '192.0.2.9', state: 'retiring', date: '2026-01-01' };
  const world = startWorld({ answers: [ours.sign({ ...SECOND, addresses: [...(SECOND.addresses ?? []), retiring] })] });
  await world.keeper.refresh();
  assert.deepEqual(world.keeper.published(HOST)?.last, ['192.0.2.8', '192.0.2.9']);
  world.clock.advance(86_400_000);
  assert.deepEqual(world.keeper.published(HOST)?.last, ['192.0.2.8']);
});

test('the source is asked every hour or so, sooner where it did not help, and no more once it is over', async () => {
  const world = startWorld({ answers: [ours.sign(FIRST), new Error('gone'), null] });
  const stop = new AbortController();
  const atMs: number[] = [];
  const startMs = world.clock.nowMs();
  const asked = (): void => {
    atMs.push(world.clock.nowMs() - startMs);
    if (atMs.length === 3) stop.abort();
  };
  const fresh = keepFresh(world.keeper, { clock: world.clock, random: () => 0.5, stop: stop.signal, asked });
  for (let minute = 0; minute < 90 && !stop.signal.aborted; minute += 1) {
    await new Promise(setImmediate);
    world.clock.advance(60_000);
  }
  await fresh;
  assert.deepEqual(atMs, [0, 3_600_000, 3_900_000]);
  assert.equal(world.clock.pending, 0);
});
