// `pinhole close`, against a supervisor and carriers that are not there for anything else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandClock } from '../core/clock.ts';
import type { TunnelRow } from '../core/ports.ts';
import { MACHINE } from '../config/test-support.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import { runClose } from './close.ts';

function io() {
  const said = { out: '', err: '' };
  return {
    said,
    io: {
      stdout: (text: string) => void (said.out += text),
      stderr: (text: string) => void (said.err += text),
      env: { HOME: '/nonexistent' },
      readFile: (path: string) => assert.fail(path),
      machine: MACHINE,
      clock: commandClock,
    },
  };
}

const ID = 'ZQT2AOZZ43E7UHAF3IFU';
const OTHER = 'ZQT2AOZZ43E7UHAF3IFV';

for (const [args, err] of [
  [[], 'give the ids of tunnels, or --tenant'],
  [['--tenant', ''], '--tenant is empty'],
  [['--tenant', 'acme', ID], 'give ids or --tenant, not both'],
  [['acme'], 'ACME: an id has 20 letters and digits, as `pinhole tunnels` shows them'],
  [
    Array.from({ length: 101 }, (_, index) => ID.slice(0, 17) + String.fromCharCode(65 + (index % 26), 65 + Math.floor(index / 26), 65)),
    'at most 100 ids at once',
  ],
] as const) {
  test(`close ${args.join(' ').slice(0, 60)}: wrong command line`, async () => {
    const { said, io: given } = io();
    assert.equal(await runClose(args, given), 64);
    assert.equal(said.err, `pinhole close: ${err}\n`);
  });
}

const ROW: TunnelRow = {
  ...{ id: ID, door: 'connect', tenant: 'acme', target: 'x:443', endpoint: 'production', kind: 'data', client: '192.0.2.1:1' },
  ...{ upstream: null, phase: 'relaying', ageMs: 1, idleMs: 1, bytesUp: 0, bytesDown: 0 },
};

test('tunnels are closed by their ids, wherever they are, and one that is not there is said to be unknown', async (t) => {
  const world = await fakeSupervision(t);
  const [first, second] = [await world.carrier(0), await world.carrier(1)];
  first.rows = [ROW, { ...ROW, id: 'AAAAAAAAAAAAAAAAAAAA' }];
  second.rows = [{ ...ROW, id: OTHER }];
  const { said, io: given } = io();
  assert.equal(await runClose(['--runtime', world.runtime, ID.toLowerCase(), OTHER], given), 0, said.err);
  assert.equal(said.out, `closed ${ID}\nclosed ${OTHER}\n`);
  assert.deepEqual([first.rows.length, second.rows.length], [1, 0]);

  const again = io();
  assert.equal(await runClose(['--runtime', world.runtime, '--json', ID], again.io), 1);
  assert.deepEqual(JSON.parse(again.said.out), { closed: [], onTheWay: [], unknown: [ID], silent: [] });
  assert.equal(again.said.err, `pinhole close: ${ID}: no open tunnel has this id\n`);
});

test('one that is on its way is not said to be closed, nor to be none', async (t) => {
  const world = await fakeSupervision(t);
  const carrier = await world.carrier(0);
  carrier.rows = [ROW];
  carrier.onTheWay.add(ID);
  const { said, io: given } = io();
  assert.equal(await runClose(['--runtime', world.runtime, ID], given), 1);
  assert.deepEqual(said, {
    out: '',
    err: `pinhole close: ${ID}: told to end already, or going over to another generation: look again in a moment\n`,
  });
});

test('a tunnel of a tenant that goes over to another generation meanwhile is closed where it arrives', async (t) => {
  const world = await fakeSupervision(t);
  const [before, after] = [await world.carrier(0), await world.carrier(1)];
  before.rows = [ROW];
  const [current] = world.view.generations;
  assert.ok(current);
  world.view = { ...world.view, generations: [current, { ...current, generation: 0, state: 'retired' }] };
  const { said, io: given } = io();
  const closing = runClose(['--runtime', world.runtime, '--tenant', 'acme'], given);
  while (before.rows.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  after.rows = [{ ...ROW, id: OTHER }];
  assert.equal(await closing, 0, said.err);
  assert.deepEqual([said.out, after.rows], ['closed 2 tunnels of acme\n', []]);
});

test('a carrier that does not answer may have it', async (t) => {
  const world = await fakeSupervision(t);
  (await world.carrier(0)).rows = [ROW];
  await (await world.carrier(1)).kill();
  world.view = { ...world.view, slots: world.view.slots.map((slot) => ({ ...slot, pid: 5 })) };
  const { said, io: given } = io();
  assert.equal(await runClose(['--runtime', world.runtime, ID], given), 1);
  assert.deepEqual(said, { out: `closed ${ID}\n`, err: 'pinhole close: carrier 1/1 does not answer, and may have some\n' });
});

test('a carrier that is not there has none', async (t) => {
  const world = await fakeSupervision(t);
  (await world.carrier(0)).rows = [ROW];
  const { said, io: given } = io();
  assert.equal(await runClose(['--runtime', world.runtime, '--tenant', 'acme'], given), 0, said.err);
  assert.equal(said.out, 'closed 1 tunnel of acme\n');
});

test('where no node answers it says so', async () => {
  const { said, io: given } = io();
  assert.equal(await runClose(['--tenant', 'acme', '--runtime', '/nonexistent/run'], given), 1);
  assert.match(said.err, /\/nonexistent\/run/);
});
