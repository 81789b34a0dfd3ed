import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Agent, type Action, type AgentRules, type Cadence } from './agent.ts';

const PINGS: Cadence = { speaks: 'ping', first: (upMs) => upMs + 1_000, next: (beforeMs) => beforeMs + 5_000 };
const POSTS: Cadence = { speaks: 'publish', first: (upMs) => upMs + 1_000, next: (beforeMs) => (beforeMs < 3_000 ? beforeMs + 500 : null) };

function agent(more: Partial<AgentRules> = {}): Agent {
  return new Agent({
    opensAtMs: 100,
    cadence: PINGS,
    stayMs: null,
    backoff: { firstMs: 1_000, capMs: 4_000 },
    random: () => 0.5,
    ...more,
  });
}

/** Dialled at 100, open at 140, up at 150. */
function upAgent(more: Partial<AgentRules> = {}): Agent {
  const one = agent(more);
  one.wake(100);
  one.opened(140);
  one.connack(0, 150);
  assert.equal(one.state, 'up');
  return one;
}

const words = (actions: readonly Action[]): string[] => actions.map((action) => ('do' in action ? action.do : `saw ${action.saw}`));

test('an agent dials when it is due, not before', () => {
  const one = agent();
  assert.deepEqual([one.state, one.wakeMs], ['due', 100]);
  assert.deepEqual(one.wake(99.9), []);
  assert.deepEqual(one.wake(100), [{ saw: 'tried' }, { do: 'dial' }]);
  assert.equal(one.state, 'dialling');
});

test('an open is timed from its intended start, its stages from the true ones', () => {
  const one = agent();
  one.wake(130);
  assert.deepEqual(one.opened(170), [{ saw: 'dialled', ms: 40 }, { do: 'send-connect' }]);
  assert.deepEqual(one.connack(0, 180), [{ saw: 'opened', openMs: 80, connackMs: 10 }]);
});

test('who publishes subscribes first', () => {
  const one = agent({ cadence: POSTS });
  one.wake(100);
  one.opened(140);
  assert.deepEqual(words(one.connack(0, 150)), ['saw opened', 'send-subscribe']);
});

test('a ping goes out when it is due, and is timed from then however late it went', () => {
  const one = upAgent();
  assert.equal(one.wakeMs, 1_150);
  assert.deepEqual(one.wake(1_170), [{ do: 'send-ping' }, { saw: 'sent' }]);
  assert.equal(one.wakeMs, 6_150);
  assert.deepEqual(one.pong(1_180), [{ saw: 'back', ms: 30 }]);
  assert.deepEqual(one.pong(1_190), [], 'an answer to nothing');
});

test('several pings under way are answered in order', () => {
  const one = upAgent();
  one.wake(1_150);
  one.wake(6_150);
  assert.deepEqual(one.pong(6_160), [{ saw: 'back', ms: 5_010 }]);
  assert.deepEqual(one.pong(6_161), [{ saw: 'back', ms: 11 }]);
});

test('a ping that was not answered for ten seconds is a drop when the next is due', () => {
  const one = upAgent();
  one.wake(1_150);
  one.wake(6_150);
  assert.deepEqual(one.wake(11_150), [{ do: 'hang-up' }, { saw: 'dropped', how: 'silent' }, { saw: 'unanswered', count: 2 }]);
  assert.equal(one.state, 'waiting');
});

test('a message carries its intended moment, and is timed from it', () => {
  const one = upAgent({ cadence: POSTS });
  assert.deepEqual(one.wake(1_155), [{ do: 'publish', intendedMs: 1_150 }, { saw: 'sent' }]);
  assert.deepEqual(one.echoed(1_150, 1_190), [{ saw: 'back', ms: 40 }]);
});

test('what comes back after ten seconds is no answer', () => {
  const ping = upAgent({ cadence: { ...PINGS, next: (intendedMs: number) => intendedMs + 60_000 } });
  ping.wake(1_150);
  assert.deepEqual(ping.pong(11_150), [{ saw: 'unanswered', count: 1 }]);
  const post = upAgent({ cadence: POSTS });
  for (const atMs of [1_150, 1_650]) post.wake(atMs);
  assert.deepEqual(post.echoed(1_150, 11_150), [{ saw: 'unanswered', count: 1 }]);
  assert.deepEqual(post.echoed(1_650, 11_649), [{ saw: 'back', ms: 9_999 }]);
});

test('a message that is passed over was never answered, and neither a stranger nor a second answer counts', () => {
  const one = upAgent({ cadence: POSTS });
  for (const atMs of [1_150, 1_650, 2_150]) one.wake(atMs);
  assert.deepEqual(one.echoed(1_650, 2_200), [
    { saw: 'unanswered', count: 1 },
    { saw: 'back', ms: 550 },
  ]);
  for (const intendedMs of [1_150, 1_650, 1_700]) assert.deepEqual(one.echoed(intendedMs, 2_210), []);
  assert.deepEqual(one.echoed(2_150, 2_220), [{ saw: 'back', ms: 70 }]);
});

for (const cadence of [PINGS, POSTS]) {
  test(`with a session that is lost, all that is on its way is: ${cadence.speaks}`, () => {
    const one = upAgent({ cadence });
    one.wake(1_150);
    one.wake(one.wakeMs);
    assert.deepEqual(one.lost('1006', 'tcp-reset', one.wakeMs), [
      { saw: 'dropped', how: '1006' },
      { saw: 'unanswered', count: 2 },
    ]);
    one.wake(one.wakeMs);
    one.opened(10_000);
    one.connack(0, 10_010);
    assert.deepEqual([...one.pong(10_020), ...one.echoed(1_150, 10_020)], [], 'it is not answered by the next');
    assert.deepEqual(words(one.end(60_000)), ['send-disconnect', 'hang-up', 'saw closed'], 'and not counted twice');
  });
}

test('at its end only what was sent ten seconds ago or more is unanswered', () => {
  for (const [endsMs, count] of [
    [11_149, 0],
    [11_150, 1],
    [11_650, 2],
    [60_000, 3],
  ] as const) {
    const one = upAgent({ cadence: POSTS });
    for (const atMs of [1_150, 1_650, 2_150]) one.wake(atMs);
    assert.deepEqual(one.end(endsMs).slice(3), count === 0 ? [] : [{ saw: 'unanswered', count }], `at ${endsMs}`);
  }
});

test('a tunnel that answers no message for long is not dropped for it: who publishes has no ping', () => {
  const one = upAgent({ cadence: { speaks: 'publish', first: (upMs) => upMs, next: (beforeMs) => beforeMs + 20_000 } });
  for (let turn = 0; turn < 4; turn++) one.wake(one.wakeMs);
  assert.equal(one.state, 'up');
});

test('with nothing more to say it is woken no more', () => {
  const one = upAgent({ cadence: POSTS });
  for (let turn = 0; turn < 10 && one.wakeMs < Infinity; turn++) one.wake(one.wakeMs);
  assert.equal(one.wakeMs, Infinity);
  assert.equal(one.state, 'up');
});

for (const [what, fail, reason] of [
  ['the dial fails', (one: Agent) => one.lost('1006', 'tcp-refused', 200), 'tcp-refused'],
  ['CONNECT is refused', (one: Agent) => (one.opened(150), one.connack(3, 200)), 'connack-refused'],
  ['CONNECT is not answered', (one: Agent) => (one.opened(-9_800), one.wake(200)), 'connack-timeout'],
  ['the connection ends before the CONNACK', (one: Agent) => (one.opened(150), one.lost('1006', 'closed-early', 200)), 'closed-early'],
  ['something else than MQTT comes', (one: Agent) => (one.opened(150), one.garbled(200)), 'mqtt'],
] as const) {
  test(`where ${what}, the open failed, and it comes back after its wait`, () => {
    const one = agent();
    one.wake(100);
    const actions = fail(one);
    assert.deepEqual(actions.at(-1), { saw: 'failed', reason });
    assert.deepEqual([one.state, one.wakeMs], ['waiting', 700]);
    assert.deepEqual(words(one.wake(700)), ['saw tried', 'dial']);
  });
}

test('each wait in a row has twice the window, up to the cap', () => {
  const one = agent();
  const waits: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    one.wake(one.wakeMs);
    one.lost('1006', 'timeout', 10_000 * (turn + 1));
    waits.push(one.wakeMs - 10_000 * (turn + 1));
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 2_000, 2_000]);
});

test('an open after a wait is timed from the end of the wait', () => {
  const one = agent();
  one.wake(100);
  one.lost('1006', 'timeout', 200);
  one.wake(720);
  one.opened(730);
  assert.deepEqual(one.connack(0, 740), [{ saw: 'opened', openMs: 40, connackMs: 10 }]);
});

test('a drop is counted by its code, and the wait after a good session is the shortest', () => {
  for (const [livedMs, waitMs] of [
    [29_999, 1_000],
    [30_000, 500],
  ] as const) {
    const one = agent({ cadence: null });
    one.wake(100);
    one.lost('1006', 'timeout', 200);
    one.wake(700);
    one.opened(710);
    one.connack(0, 720);
    assert.deepEqual(one.lost('1001', 'closed-early', 720 + livedMs), [{ saw: 'dropped', how: '1001' }]);
    assert.equal(one.wakeMs - 720 - livedMs, waitMs, `lived ${livedMs} ms`);
  }
});

test('a session that only stays leaves by itself, and never comes back', () => {
  const one = upAgent({ cadence: null, stayMs: 3_000 });
  assert.equal(one.wakeMs, 3_150);
  assert.deepEqual(words(one.wake(3_150)), ['send-disconnect', 'hang-up', 'saw closed']);
  assert.deepEqual([one.state, one.wakeMs], ['closed', Infinity]);
});

test('one of those that fails, or is dropped, is not tried again', () => {
  const failed = agent({ stayMs: 3_000 });
  failed.wake(100);
  assert.deepEqual(words(failed.lost('1006', 'tcp-reset', 120)), ['saw failed']);
  const dropped = upAgent({ stayMs: 3_000 });
  assert.deepEqual(words(dropped.lost('1006', 'tcp-reset', 200)), ['saw dropped']);
  assert.deepEqual([failed.state, dropped.state], ['closed', 'closed']);
});

test('without room it is not tried, and that is a failure of the generator', () => {
  const one = agent({ stayMs: 3_000 });
  assert.deepEqual(one.wake(100, false), [{ saw: 'failed', reason: 'generator-full' }]);
});

for (const [state, prepare, expected] of [
  ['due', () => agent(), []],
  ['dialling', () => began(), ['hang-up']],
  ['connecting', () => began((one) => one.opened(120)), ['hang-up']],
  ['up', () => upAgent(), ['send-disconnect', 'hang-up', 'saw closed']],
  ['waiting', () => began((one) => one.lost('1006', 'timeout', 120)), []],
] as const) {
  test(`the end of the run is no drop and no failure: ${state}`, () => {
    const one = prepare();
    assert.equal(one.state, state);
    assert.deepEqual(words(one.end(200)), expected);
    assert.deepEqual([one.state, one.wakeMs, one.end(200), one.lost('1006', 'timeout', 500)], ['closed', Infinity, [], []]);
  });
}

function began(then: (one: Agent) => unknown = () => {}): Agent {
  const one = agent();
  one.wake(100);
  then(one);
  return one;
}

test('whatever happens in whatever order, sessions balance: opened = dropped + closed + up', () => {
  const event = fc.constantFrom('wake', 'opened', 'accepted', 'refused', 'pong', 'echo', 'lost', 'garbled', 'end');
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 120 }),
      fc.constantFrom(PINGS, POSTS, null),
      fc.constantFrom(null, 2_000),
      (events, cadence, stayMs) => {
        const one = agent({ cadence, stayMs });
        const counts = { opened: 0, dropped: 0, closed: 0, tried: 0, failed: 0, sent: 0, back: 0, unanswered: 0, dialled: 0 };
        const posted: number[] = [];
        let nowMs = 0;
        for (const name of events) {
          nowMs = name === 'wake' && one.wakeMs < Infinity ? Math.max(nowMs, one.wakeMs) : nowMs + 7;
          for (const action of happen(one, name, nowMs, posted)) {
            if ('saw' in action) counts[action.saw] += 'count' in action ? action.count : 1;
            else if (action.do === 'publish') posted.push(action.intendedMs);
          }
        }
        assert.equal(counts.opened, counts.dropped + counts.closed + (one.state === 'up' ? 1 : 0));
        assert.ok(counts.sent >= counts.back + counts.unanswered, JSON.stringify(counts));
        const underWay = one.state === 'dialling' || one.state === 'connecting' ? 1 : 0;
        assert.ok(counts.tried - counts.opened - counts.failed >= underWay);
      },
    ),
    { numRuns: 3_000 },
  );
});

function happen(one: Agent, name: string, nowMs: number, posted: readonly number[]): readonly Action[] {
  switch (name) {
    case 'wake':
      return one.wake(nowMs);
    case 'opened':
      return one.opened(nowMs);
    case 'accepted':
      return one.connack(0, nowMs);
    case 'refused':
      return one.connack(3, nowMs);
    case 'pong':
      return one.pong(nowMs);
    case 'echo':
      return one.echoed(posted[nowMs % posted.length] ?? 0, nowMs);
    case 'lost':
      return one.lost('1006', 'tcp-reset', nowMs);
    case 'garbled':
      return one.garbled(nowMs);
    default:
      return one.end(nowMs);
  }
}
