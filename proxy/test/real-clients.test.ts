// Clients that nobody here wrote, through every door of a real node in front of the AWS IoT stand-in. What a client says is not enough:
// the node must have written the connection down as expected, and the same client must fail where somebody else stands in the proxy's place.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { collectGarbage } from '../../sandbox/aws-iot/test/support/garbage.ts';
import { startBadClients } from './clients/bad-clients.ts';
import type { ClientCase } from './clients/client-case.ts';
import { ClientWorld } from './clients/client-world.ts';
import { CRT_CASES, CRT_REFUSED } from './clients/crt-cases.ts';
import { byCertificate, echoOnce, type Mqtt5Builder, Mqtt5Session, plainProxy } from './clients/crt.ts';
import { DATA } from './clients/expected-lines.ts';
import { MOSQUITTO_CASES, MOSQUITTO_REFUSED } from './clients/mosquitto-cases.ts';
import { cannotRun } from './clients/needs.ts';
import { NODE_CASES, NODE_REFUSED } from './clients/node-cases.ts';
import { assertLines, fieldsOf, type LogLine } from './clients/node-log.ts';
import { PROGRAM_CASES, PROGRAM_REFUSED } from './clients/program-cases.ts';
import { eventually, TooLate, within } from './hostile/bounded.ts';

const CASES = [...CRT_CASES, ...NODE_CASES, ...PROGRAM_CASES, ...MOSQUITTO_CASES];
const REFUSED = [...CRT_REFUSED, ...NODE_REFUSED, ...PROGRAM_REFUSED, ...MOSQUITTO_REFUSED];

const START_MS = 60_000;
const CASE_MS = 40_000;
/** Between the messages of the long connection. */
const PACE_MS = 100;
/** The slowest bad clients are ended after 10 s, so there is time for five times as many. */
const MESSAGES_MIN = 20;
const BAD_CLIENTS_MS = 25_000;
const SETTLE_MS = 10_000;

/** After a goodbye both close, and either may be first. */
const CLIENT_OR_UPSTREAM = /^(?:client|upstream)$/;

let world: ClientWorld;

before(
  async () => {
    world = await ClientWorld.start();
  },
  { timeout: START_MS },
);

after(
  async () => {
    await world?.stop();
    world?.remove();
    await collectGarbage();
  },
  { timeout: START_MS },
);

describe('a client gets what it came for, and the node has it in its log', () => {
  for (const one of CASES) {
    test(`${one.door}: ${one.who}`, { timeout: CASE_MS }, async (context) => {
      if (cannotRun(context, one.needs)) return;
      const since = world.log.now();
      await one.run(world, world.node);
      const decisions = await world.log.decisions(since, one.leaves.length);
      assertLines(decisions, one.leaves);
      for (const decision of decisions) await assertClosed(one, decision);
    });
  }
});

async function assertClosed(one: ClientCase, decision: LogLine): Promise<void> {
  if (one.lingers && decision['kind'] === 'credentials') return;
  const close = await world.log.closeOf(decision['id']);
  assert.match(String(close['ended_by']), CLIENT_OR_UPSTREAM);
  for (const direction of ['bytes_up', 'bytes_down']) assert.ok(Number(close[direction]) > 0, direction);
  assert.ok(
    Number(close['idle_ms']) <= Number(close['duration_ms']),
    `${String(close['idle_ms'])} ms idle of ${String(close['duration_ms'])} ms`,
  );
}

describe('the same client fails where a stranger stands in place of the proxy', () => {
  for (const one of CASES) {
    test(`${one.door}: ${one.who}`, { timeout: CASE_MS }, async (context) => {
      if (cannotRun(context, one.needs)) return;
      const [since, visits] = [world.log.now(), world.stranger.visits];
      await assert.rejects(one.run(world, world.stranger), (error) => !(error instanceof TooLate));
      assert.ok(world.stranger.visits > visits, 'it never came to where it was sent');
      assert.deepEqual(world.log.records('decision', since), []);
    });
  }
});

describe('a client that asks for more is refused, and the node says why', () => {
  for (const one of REFUSED) {
    test(`${one.door}: ${one.who}`, { timeout: CASE_MS }, async (context) => {
      if (cannotRun(context, one.needs)) return;
      const since = world.log.now();
      assert.match(await one.run(world, world.node), one.shows);
      const decisions = await world.log.decisions(since, 1);
      for (const decision of decisions) assert.deepEqual(fieldsOf(decision, one.leaves), one.leaves);
    });
  }
});

test('a connection of the SDK goes on as if nothing were, while 50 clients misbehave', { timeout: CASE_MS }, async () => {
  const since = world.log.now();
  const builder = (): Mqtt5Builder => byCertificate(DATA, world.device).withPort(443).withHttpProxyOptions(plainProxy(world.node));
  const session = await Mqtt5Session.open(builder(), world.newClientId());
  const bad = await startBadClients(world.node, world.device.ca);
  try {
    assert.equal(bad.length, 50);
    await echoOnce(builder(), world.newClientId());
    const sent = await echoUntil(session, Promise.all(bad.map((client) => client.gone)));
    assert.ok(sent.length >= MESSAGES_MIN, `only ${sent.length} messages`);
    assert.deepEqual(session.received, sent);
    assert.deepEqual(session.interruptions, []);
  } finally {
    await session.end();
  }

  const decisions = await world.log.decisions(since, bad.filter(({ reason }) => reason !== null).length + 2);
  const reasonOf = (port: number): unknown => decisions.find((line) => line['client_port'] === port)?.['reason'] ?? null;
  assert.deepEqual(
    bad.map(({ what, port }) => [what, reasonOf(port)]),
    bad.map(({ what, reason }) => [what, reason]),
  );
  const allowed = decisions.filter((line) => line['allow'] === true);
  assert.equal(allowed.length, 2, 'the long connection, and one newcomer');
  for (const { id } of allowed) assert.match(String((await world.log.closeOf(id))['ended_by']), CLIENT_OR_UPSTREAM);
});

/** Message after message, each waited for; gives back what was sent. */
async function echoUntil(session: Mqtt5Session, end: Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  let isOver = false;
  const over = within(BAD_CLIENTS_MS, 'the node is through with all bad clients', end).finally(() => (isOver = true));
  while (!isOver) {
    const message = `message ${sent.length}`;
    sent.push(message);
    await session.echo(message);
    await Promise.race([over, delay(PACE_MS)]);
  }
  await over;
  return sent;
}

test('in the end nothing is open, nothing failed inside the node, and SIGTERM ends it with 0', { timeout: CASE_MS }, async () => {
  // The SDK lets go of its last connections when its objects are collected.
  await collectGarbage();
  const { aws } = world.place;
  await eventually(SETTLE_MS, 'no connection is left at the stand-in', () => (aws.counts().sockets === 0 ? true : null));
  assert.deepEqual(world.log.unreadable(), []);
  const isBad = ({ event, level, reason }: LogLine): boolean =>
    event === 'carrier-ended' || level === 'error' || level === 'fatal' || reason === 'INTERNAL';
  assert.deepEqual(world.log.lines().filter(isBad), []);
  assert.equal(await world.stop(), 0);
});
