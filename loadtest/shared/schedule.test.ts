import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentPlan, Work } from './agent-plan.ts';
import type { Cadence } from './agent.ts';
import { cadenceOf } from './cadence.ts';
import { endsAtMs, eventsOf, lastEndMs, numbersOf, offsetMs, opensAtMs, rampEndsMs, wantedUntilMs } from './schedule.ts';

const BEGIN = 1_790_000_000_000;
const PING: Work = { kind: 'ping', everySeconds: 60 };
const OPENS: Work = {
  kind: 'opens',
  staySeconds: 5,
  steps: [
    { perSecond: 10, seconds: 2 },
    { perSecond: 20, seconds: 1 },
  ],
};

function plan(work: Work, more: Partial<AgentPlan> = {}): AgentPlan {
  return {
    url: 'ws://far.test:443/mqtt',
    beginsMs: BEGIN,
    endsMs: BEGIN + 60_000,
    tunnels: 10,
    vus: 4,
    opensPerSecond: 5,
    triesPerSecond: null,
    restSeconds: 0,
    work,
    backoff: { firstMs: 1_000, capMs: 30_000 },
    clientIdPrefix: 'agent-',
    ...more,
  };
}

for (const work of [PING, OPENS]) {
  test(`every agent belongs to one VU: ${work.kind}`, () => {
    const all = [0, 1, 2, 3].flatMap((vu) => numbersOf(plan(work), vu));
    const expected = work.kind === 'opens' ? 40 : 10;
    assert.deepEqual(
      all.toSorted((one, other) => one - other),
      Array.from({ length: expected }, (_, number) => number),
    );
  });
}

test('agents open at the rate of the plan, and the ramp ends behind the last', () => {
  assert.deepEqual(
    [0, 1, 9].map((number) => opensAtMs(plan(PING), number) - BEGIN),
    [0, 200, 1_800],
  );
  assert.equal(rampEndsMs(plan(PING)) - BEGIN, 2_000);
});

test('the second half comes after the rest', () => {
  const rested = plan(PING, { tunnels: 5, restSeconds: 7 });
  assert.deepEqual(
    [0, 2, 3, 4].map((number) => opensAtMs(rested, number) - BEGIN),
    [0, 400, 7_600, 7_800],
  );
  assert.equal(rampEndsMs(rested) - BEGIN, 8_000);
  assert.equal(opensAtMs(plan(OPENS, { restSeconds: 7 }), 39) - BEGIN, 2_950);
});

for (const [event, offset] of [
  [0, 0],
  [19, 1_900],
  [20, 2_000],
  [21, 2_050],
  [39, 2_950],
  [40, null],
] as const) {
  test(`event ${event} of 10/s for 2 s and 20/s for 1 s is due at ${offset} ms`, () => {
    assert.equal(offsetMs(OPENS.steps, event), offset);
  });
}

test('a schedule of rates has as many events as fit into it whole', () => {
  assert.equal(eventsOf([{ perSecond: 0.3, seconds: 10 }]), 3);
  assert.equal(eventsOf([{ perSecond: 0.35, seconds: 10 }]), 3);
  assert.equal(eventsOf([{ perSecond: 0.29, seconds: 100 }]), 29);
});

test('a session is wanted for as long as it stays, and not beyond the end', () => {
  assert.equal(wantedUntilMs(plan(OPENS), 20) - BEGIN, 7_000);
  assert.equal(wantedUntilMs(plan(OPENS, { endsMs: BEGIN + 4_000 }), 20) - BEGIN, 4_000);
});

test('agents close 2,000 a second from the end on', () => {
  const many = plan(PING, { tunnels: 50_000 });
  assert.equal(endsAtMs(many, 0), many.endsMs);
  assert.equal(endsAtMs(many, 2_000) - many.endsMs, 1_000);
  assert.equal(lastEndMs(many) - many.endsMs, 24_999.5);
});

test('what should be there comes and goes in the order of numbers: a VU counts it with two pointers', () => {
  for (const work of [PING, OPENS]) {
    const numbers = numbersOf(plan(work), 1);
    for (const moment of [opensAtMs, wantedUntilMs]) {
      const moments = numbers.map((number) => moment(plan(work), number));
      assert.deepEqual(
        moments,
        moments.toSorted((one, other) => one - other),
      );
    }
  }
});

test('messages of all agents together keep the rates of the steps, from the end of the ramp on', () => {
  const steps = [
    { perSecond: 100, seconds: 1 },
    { perSecond: 40, seconds: 2 },
  ];
  const work: Work = { kind: 'messages', bytes: 100, steps };
  const moments: number[] = [];
  for (let agent = 0; agent < 10; agent++) {
    const cadence: Cadence = cadenceOf(plan(work), agent, Math.random)!;
    assert.equal(cadence.speaks, 'publish');
    for (let atMs: number | null = cadence.first(BEGIN); atMs !== null; atMs = cadence.next(atMs, atMs)) moments.push(atMs - BEGIN);
  }
  const expected = [
    ...Array.from({ length: 100 }, (_, message) => 2_000 + message * 10),
    ...Array.from({ length: 80 }, (_, message) => 3_000 + message * 25),
  ];
  assert.deepEqual(
    moments.toSorted((one, other) => one - other),
    expected,
  );
});

test('an agent that comes back does not send what was due while it was gone', () => {
  const work: Work = { kind: 'messages', bytes: 100, steps: [{ perSecond: 10, seconds: 10 }] };
  const cadence = cadenceOf(plan(work), 3, Math.random)!;
  assert.equal(cadence.first(BEGIN)! - BEGIN, 2_300);
  assert.equal(cadence.first(BEGIN + 5_000)! - BEGIN, 5_300);
  assert.equal(cadence.next(BEGIN + 5_300, BEGIN + 5_300)! - BEGIN, 6_300);
  assert.equal(cadence.first(BEGIN + 60_000), null);
});

test('pings begin at a random moment of their period, and keep it', () => {
  const cadence = cadenceOf(plan(PING), 0, () => 0.25)!;
  assert.equal(cadence.first(1_000), 16_000);
  assert.equal(cadence.next(16_000, 16_000), 76_000);
});

test('a message that is late is sent all the same below the knee, and beyond it left out once it is a second late', () => {
  const steps = [
    { perSecond: 10, seconds: 5 },
    { perSecond: 100, seconds: 5, isBeyondKnee: true },
  ] as const;
  const work: Work = { kind: 'messages', bytes: 64, steps };
  const cadence = cadenceOf(plan(work), 0, Math.random)!;
  // Agent 0 of 10 speaks each second, and from the sixth on ten times a second; the ramp took two.
  assert.equal(cadence.next(BEGIN + 2_000, BEGIN + 60_000)! - BEGIN, 3_000);
  assert.equal(cadence.next(BEGIN + 6_000, BEGIN + 7_500)! - BEGIN, 7_000);
  assert.equal(cadence.next(BEGIN + 7_000, BEGIN + 8_150)! - BEGIN, 7_200);
  assert.equal(cadence.next(BEGIN + 7_200, BEGIN + 60_000), null);
});

test('sessions that only open and close say nothing', () => assert.equal(cadenceOf(plan(OPENS), 0, Math.random), null));
