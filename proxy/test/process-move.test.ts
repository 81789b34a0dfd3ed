// Live tunnels moved between real carriers of two generations, started as the supervisor starts them, while both ends of each talk without pause.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { CarrierCounters, CarrierTunnels } from '../control/carrier-api.ts';
import type { MoveView } from '../core/move.ts';
import { allTalk, finishAll, movingNode, type Line, type MovingNode, type TestCarrier, type TestTunnel } from './support/moving.ts';
import { until } from './support/fake-serve.ts';
import { cannotRun } from './clients/needs.ts';
import { ENGINES } from './support/relay.ts';

const CONNECTS = 200;
const SNIS = 100;
const MOVES = 10;
/** Of all tests here together. */
const TOGETHER_MS = 600_000;

async function openAll(node: MovingNode, connects: number, snis: number): Promise<TestTunnel[]> {
  const tunnels: TestTunnel[] = [];
  for (let index = 0; index < connects; index += 1) tunnels.push(await node.open('connect'));
  for (let index = 0; index < snis; index += 1) tunnels.push(await node.open('sni'));
  return tunnels;
}

function eventsOf(lines: readonly Line[], event: string): Line[] {
  return lines.filter((line) => line.event === event);
}

function idsOf(lines: readonly Line[]): string[] {
  return lines.map(({ id }) => id).toSorted();
}

/** The carriers' counters once they have counted so many bytes, which they do once a second. */
async function countersWith(carriers: readonly TestCarrier[], bytes: number): Promise<CarrierCounters[]> {
  for (;;) {
    const counters = await Promise.all(carriers.map(async (carrier) => (await carrier.ask('/metrics.json')).body as CarrierCounters));
    if (sumOf(counters, 'pinhole_bytes_total') >= bytes) return counters;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** How many a carrier took, once its sender is gone. */
async function takenAt(node: MovingNode): Promise<number> {
  const line = await until(() => eventsOf(node.lines(), 'tunnels-taken')[0], 'the sender to be gone');
  return Number(line['taken']);
}

/** Those whose both ends go on, once all the others have ended. */
async function survivors(tunnels: readonly TestTunnel[], count: number): Promise<TestTunnel[]> {
  const ended = (): TestTunnel[] => tunnels.filter(({ client, upstream }) => client.isOver && upstream.isOver);
  await until(
    () => ended().length === tunnels.length - count,
    'the others to end',
    () => `${ended().length} have`,
  );
  return tunnels.filter(({ client }) => !client.isOver);
}

/** A metric's values, added up over the counters that were asked for. */
function sumOf(counters: readonly CarrierCounters[], metric: string, label = ''): number {
  return counters
    .flatMap(({ snapshot }) => snapshot.metrics)
    .filter(({ name }) => name === metric)
    .flatMap(({ values }) => values)
    .filter(({ labels }) => label === '' || Object.values(labels).includes(label))
    .reduce((sum, { value }) => sum + value, 0);
}

describe('a live move', { skip: ENGINES.includes('native') ? false : 'there is no native engine', timeout: TOGETHER_MS }, () => {
  test('there and back ten times loses no byte and no tunnel, and each has one decision and one end', async (t) => {
    const node = await movingNode(t);
    const first = await node.carrier(1);
    const tunnels = await openAll(node, CONNECTS, SNIS);
    const all = CONNECTS + SNIS;
    const second = await node.carrier(2);
    await allTalk(tunnels);

    for (let move = 0; move < MOVES; move += 1) {
      const [from, to] = move % 2 === 0 ? [first, second] : [second, first];
      const view = await from.move(to.generation);
      assert.deepEqual(view, { to: to.generation, isOver: true, moved: all, onTheWay: 0, stayed: {} });
      assert.deepEqual([(await from.status()).tunnels, (await to.status()).tunnels], [0, all]);
      assert.deepEqual(node.ledger(), move % 2 === 0 ? [0, 0, all, 0] : [0, all, 0, 0]);
      await allTalk(tunnels, 500);
    }
    const page = (await first.ask('/tunnels?limit=250')).body as CarrierTunnels;
    assert.ok(page.rows.every(({ phase, bytesUp, ageMs }) => phase === 'relaying' && bytesUp > 0 && ageMs > 100));

    const { lost, wrong, bytes } = await finishAll(tunnels);
    assert.deepEqual({ lost, wrong }, { lost: 0, wrong: 0 });
    t.diagnostic(`${all} tunnels, ${MOVES} moves, ${bytes} bytes`);
    await until(() => eventsOf(node.lines(), 'close').length === all, 'the close records');
    const lines = node.lines();
    const [decisions, closes] = [eventsOf(lines, 'decision'), eventsOf(lines, 'close')];
    assert.deepEqual([decisions.length, new Set(idsOf(decisions)).size], [all, all]);
    assert.deepEqual(idsOf(closes), idsOf(decisions));
    const said = new Map(decisions.map((line) => [line.id, line]));
    for (const close of closes) {
      const decision = said.get(close.id) as Line;
      for (const field of Object.keys(decision).filter((name) => !['time', 'event'].includes(name)))
        assert.deepEqual(close[field], decision[field], field);
      assert.ok(Date.parse(close['time'] as string) - Date.parse(decision['time'] as string) <= (close['duration_ms'] as number) + 100);
      assert.equal(close['phase_at_end'], 'relaying');
    }
    assert.deepEqual(node.ledger(), [0, 0, 0, 0]);

    // The node's metrics are the sum over its carriers.
    const recorded = (field: string): number => closes.reduce((sum, line) => sum + Number(line[field]), 0);
    const counters = await countersWith([first, second], recorded('bytes_up') + recorded('bytes_down'));
    assert.equal(sumOf(counters, 'pinhole_bytes_total', 'up'), recorded('bytes_up'));
    assert.equal(sumOf(counters, 'pinhole_bytes_total', 'down'), recorded('bytes_down'));
    assert.equal(
      recorded('bytes_down'),
      tunnels.reduce((sum, { client }) => sum + client.seen, 0),
    );
    assert.deepEqual(
      ['pinhole_tunnels', 'pinhole_opens_total', 'pinhole_closes_total', 'pinhole_ports_in_use'].map((name) => sumOf(counters, name)),
      [0, all, all, 0],
    );
  });

  test('whose receiver is killed leaves the tunnels where they are', async (t) => {
    const node = await movingNode(t);
    const first = await node.carrier(1);
    const tunnels = await openAll(node, 90, 10);
    const second = await node.carrier(2);
    second.child.kill('SIGSTOP');
    const view = (await first.ask('/move?to=2', 'POST')).body as MoveView;
    assert.equal(view.isOver, false);
    await first.until(({ move }) => move?.onTheWay === 64);
    second.child.kill('SIGKILL');
    const { move } = await first.until((status) => status.move?.isOver === true);
    assert.deepEqual(move, { to: 2, isOver: true, moved: 0, onTheWay: 0, stayed: { 'no-receiver': 100 } });
    await allTalk(tunnels, 500);
    assert.deepEqual(node.ledger(), [0, 100, 0, 0]);
    // And they can be moved to the next one.
    await node.carrier(3);
    assert.equal((await first.move(3)).moved, 100);
    await allTalk(tunnels, 500);
    const { lost, wrong } = await finishAll(tunnels);
    assert.deepEqual({ lost, wrong }, { lost: 0, wrong: 0 });
  });

  test('whose sender is killed leaves those that were on their way alive at the receiver', async (t) => {
    const node = await movingNode(t);
    const first = await node.carrier(1);
    const tunnels = await openAll(node, 90, 10);
    const second = await node.carrier(2);
    second.child.kill('SIGSTOP');
    await first.ask('/move?to=2', 'POST');
    await first.until(({ move }) => move?.onTheWay === 64);
    first.child.kill('SIGKILL');
    await first.ended;
    second.child.kill('SIGCONT');
    const taken = await takenAt(node);
    assert.ok(taken > 0 && taken <= 64, String(taken));
    const alive = await survivors(tunnels, taken);
    await allTalk(alive, 500);
    const { lost, wrong } = await finishAll(alive);
    assert.deepEqual({ lost, wrong }, { lost: 0, wrong: 0 });
    await until(() => eventsOf(node.lines(), 'close').length === taken, 'the close records of those that lived');
  });

  test('whose sender is stopped with a window on its way: each tunnel ends once, where it is then', async (t) => {
    const node = await movingNode(t);
    const first = await node.carrier(1);
    const tunnels = await openAll(node, 90, 10);
    const second = await node.carrier(2);
    second.child.kill('SIGSTOP');
    await first.ask('/move?to=2', 'POST');
    await first.until(({ move }) => move?.onTheWay === 64);
    assert.equal((await first.ask('/move?to=2', 'POST')).status, 200);
    assert.equal((await first.ask('/move?to=3', 'POST')).status, 409);
    first.stop(500);
    await first.ended;
    second.child.kill('SIGCONT');
    const taken = await takenAt(node);
    assert.ok(taken > 0 && taken <= 64, String(taken));
    const alive = await survivors(tunnels, taken);
    await allTalk(alive, 500);
    const { lost, wrong } = await finishAll(alive);
    assert.deepEqual({ lost, wrong }, { lost: 0, wrong: 0 });
    await until(() => eventsOf(node.lines(), 'close').length === 100, 'the close records');
    const closes = eventsOf(node.lines(), 'close');
    assert.equal(new Set(idsOf(closes)).size, 100);
    assert.equal(closes.filter((line) => line.generation === 1 && line['ended_by'] === 'drain').length, 100 - taken);
  });

  test('whose receiver has no descriptor left leaves the tunnels where they are', async (t) => {
    if (cannotRun(t, ['prlimit'])) return;
    const node = await movingNode(t);
    const first = await node.carrier(1);
    const tunnels = await openAll(node, 20, 0);
    const second = await node.carrier(2);
    const limit = (count: string): string => execFileSync('prlimit', ['--pid', String(second.child.pid), `--nofile=${count}:`]).toString();
    const held = readdirSync(`/proc/${second.child.pid}/fd`).length;
    // One for the link, and one of the two of a tunnel.
    limit(String(held + 2));
    const view = await first.move(2);
    limit('1024');
    const { unreadable = 0 } = view.stayed;
    // Descriptors that it closed itself meanwhile may have made room for one or two.
    assert.ok(unreadable > 10, JSON.stringify(view));
    assert.equal(view.moved + unreadable, 20);
    await allTalk(tunnels, 200);
    assert.equal((await first.move(2)).moved, unreadable);
    await allTalk(tunnels, 200);
    const { lost, wrong } = await finishAll(tunnels);
    assert.deepEqual({ lost, wrong }, { lost: 0, wrong: 0 });
  });

  test('to nobody, or to itself, leaves the tunnels where they are', async (t) => {
    const node = await movingNode(t);
    const first = await node.carrier(1);
    const tunnels = await openAll(node, 5, 0);
    assert.equal((await first.ask('/move?to=1', 'POST')).status, 400);
    assert.equal((await first.ask('/move', 'POST')).status, 400);
    // Nobody is there.
    assert.deepEqual((await first.move(2)).stayed, { 'no-receiver': 5 });
    await allTalk(tunnels, 100);
  });

  test('of a tunnel that was moved is ended by a stop of its new carrier, and recorded there', async (t) => {
    const node = await movingNode(t);
    const first = await node.carrier(1);
    const tunnels = await openAll(node, 20, 0);
    const second = await node.carrier(2);
    assert.equal((await first.move(2)).moved, 20);
    first.stop(1_000);
    await first.ended;
    await allTalk(tunnels, 100);
    second.stop(5_000);
    await second.until(({ ready }) => !ready);
    const { moved, stayed } = (await second.ask('/move?to=1', 'POST')).body as MoveView;
    assert.ok(moved === 0 && (stayed.stopping ?? 0) > 0, JSON.stringify(stayed));
    await second.ended;
    const closes = eventsOf(node.lines(), 'close');
    assert.deepEqual(
      closes.map((line) => [line['ended_by'], line.generation]),
      Array.from({ length: 20 }, () => ['drain', 2]),
    );
    assert.ok(tunnels.every(({ client, upstream }) => client.isOver && upstream.isOver));
  });
});
