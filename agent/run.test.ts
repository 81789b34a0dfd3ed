import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GOOD_SESSION_MS, MOVE_SPREAD_MS } from './backoff.ts';
import type { SessionEnd } from './addresses.ts';
import { AgentFailure, type FailureFacts } from './failure.ts';
import type { MqttSession } from './mqtt.ts';
import { type AgentEvent, type Job, runAgent } from './run.ts';
import { FakeClock } from './testing/fake-clock.ts';

const FAILURE: FailureFacts = { leg: 'proxy-tcp', code: 'ECONNREFUSED', fixer: 'operator', detail: 'refused' };
const JOB: Job = { topic: 't', message: 'm', count: 3, intervalMs: 1_000, attempts: 0 };

type Plan = AgentFailure | 'works' | { readonly livesMs: number };

/** An agent whose sessions do what the plan says, with so many other addresses to go on over, on a clock that runs as soon as everybody waits. */
async function run(plan: readonly Plan[], job: Partial<Job> = {}, stopAfter?: (event: AgentEvent) => boolean, others = 0) {
  const clock = new FakeClock();
  const events: AgentEvent[] = [];
  const stop = new AbortController();
  const seen = { opened: 0, ends: [] as SessionEnd[], ended: 0 };
  const left = [...plan];
  const source = {
    openSession(): Promise<MqttSession> {
      seen.opened += 1;
      const next = left.shift() ?? 'works';
      if (next instanceof AgentFailure) return Promise.reject(next);
      return Promise.resolve(fakeSession(clock, next, () => (seen.ended += 1)));
    },
    sessionOver: (end: SessionEnd) => {
      seen.ends.push(end);
      return end.wasLost && (others -= 1) >= 0;
    },
    via: 'a',
  };
  const emit = (event: AgentEvent): void => {
    events.push(event);
    if (stopAfter?.(event)) stop.abort();
  };
  let isOver = false;
  const running = runAgent(source, { ...JOB, ...job }, { clock, random: () => 0.5, emit, stop: stop.signal }).finally(
    () => (isOver = true),
  );
  while (!isOver) {
    await new Promise(setImmediate);
    clock.advance(100);
  }
  return { result: await running, events, names: events.map((event) => event.event), seen, clock };
}

function fakeSession(clock: FakeClock, plan: 'works' | { readonly livesMs: number }, onEnd: () => void): MqttSession {
  let onMessage: (topic: string, payload: Buffer) => void = () => {};
  const closed = Promise.withResolvers<AgentFailure | null>();
  if (plan !== 'works')
    clock.after(plan.livesMs, () => closed.resolve(new AgentFailure({ ...FAILURE, leg: 'mqtt', code: 'CLOSED', fixer: 'site' })));
  const session: Pick<MqttSession, 'closed' | 'subscribe' | 'publish' | 'end'> = {
    closed: closed.promise,
    subscribe: (_filter, handler) => Promise.resolve(void (onMessage = handler)),
    publish: (topic, payload) => Promise.resolve(void clock.after(20, () => onMessage(topic, Buffer.from(payload)))),
    end: () => Promise.resolve(onEnd()),
  };
  return session as MqttSession;
}

const waits = (events: readonly AgentEvent[]): number[] => events.flatMap((event) => (event.event === 'waiting' ? [event.ms] : []));

test('a job ends when its messages were published and came back', async () => {
  const { result, names, events, seen } = await run([]);
  assert.equal(result, true);
  assert.deepEqual(names, ['connected', 'published', 'received', 'published', 'received', 'published', 'received', 'done']);
  assert.deepEqual(events.at(-1), { event: 'done', published: 3, received: 3 });
  assert.equal(seen.ended, 1);
});

test('failures in a row wait longer and longer, and a Retry-After is honoured', async () => {
  const failed = new AgentFailure(FAILURE);
  const draining = new AgentFailure({ ...FAILURE, leg: 'proxy-answer', retryAfterMs: 9_000 });
  const { result, events } = await run([failed, failed, draining, failed, 'works']);
  assert.equal(result, true);
  assert.deepEqual(waits(events), [500, 1_000, 9_000, 4_000]);
});

test('a session that ends early counts as a failure; one that lived counts afresh', async () => {
  const early = { livesMs: 2_500 };
  const { events, seen } = await run([early, early, { livesMs: GOOD_SESSION_MS + 5_000 }, 'works'], { count: 60 });
  assert.deepEqual(waits(events), [500, 1_000, 500]);
  assert.deepEqual(
    seen.ends.map(({ hasLasted }) => hasLasted),
    [false, false, true],
  );
  assert.equal(seen.ended, 4);
});

test('a session that is lost on the way goes on over another address, with a moment between and no failure counted', async () => {
  const early = { livesMs: 2_500 };
  const { names, events, seen } = await run([early, early, early, 'works'], { count: 20 }, undefined, 2);
  assert.deepEqual(
    events.flatMap((event) => (event.event === 'moving' ? [event.ms] : [])),
    [MOVE_SPREAD_MS / 2, MOVE_SPREAD_MS / 2],
  );
  assert.deepEqual(waits(events), [500], 'the third time there is no other address left');
  assert.equal(seen.opened, 4);
  assert.equal(names.at(-1), 'done');
});

test('a session that AWS ended, or that was never up, is not lost on the way', async () => {
  const over = new AgentFailure({ ...FAILURE, leg: 'mqtt', code: 'DISCONNECT_142', fixer: 'account' });
  const { seen, events } = await run([over, new AgentFailure(FAILURE), 'works'], {}, undefined, 9);
  assert.deepEqual(seen.ends, [
    { wasLost: false, hasLasted: false },
    { wasLost: false, hasLasted: false },
  ]);
  assert.deepEqual(waits(events), [500, 1_000]);
});

test('numbers go on over sessions, so that nothing published is repeated', async () => {
  const { events } = await run([{ livesMs: 1_500 }, 'works']);
  assert.deepEqual(
    events.flatMap((event) => (event.event === 'published' ? [event.number] : [])),
    [1, 2, 3],
  );
});

test('it gives up after as many failures in a row as it was told', async () => {
  const { result, seen, names } = await run(
    Array.from({ length: 9 }, () => new AgentFailure(FAILURE)),
    { attempts: 3 },
  );
  assert.equal(result, false);
  assert.equal(seen.opened, 3);
  assert.ok(!names.includes('done'));
});

test('wrong settings are not tried again', async () => {
  const { result, seen } = await run([new AgentFailure({ ...FAILURE, leg: 'settings' })]);
  assert.deepEqual([result, seen.opened], [false, 1]);
});

test('a signal ends a wait and a session at once, and no timer is left', async () => {
  const whileWaiting = await run([new AgentFailure(FAILURE)], {}, (event) => event.event === 'waiting');
  assert.deepEqual([whileWaiting.result, whileWaiting.seen.opened, whileWaiting.clock.pending], [true, 1, 0]);
  const whileOpen = await run([], { count: 0, intervalMs: 86_400_000 }, (event) => event.event === 'received');
  assert.deepEqual([whileOpen.result, whileOpen.seen.ended, whileOpen.clock.pending], [true, 1, 0]);
});
