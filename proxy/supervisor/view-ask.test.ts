import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SupervisorView } from '../core/supervision.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { ViewAsk } from './view-ask.ts';

const VIEW = { pid: 7 } as SupervisorView;

function harness() {
  const clock = new FakeClock();
  let questions = 0;
  return { clock, ask: new ViewAsk(clock, () => (questions += 1)), questions: () => questions };
}

test('each question gets its own answer', async () => {
  const { ask, questions } = harness();
  for (const pid of [7, 8]) {
    const view = ask.ask();
    ask.answered({ pid } as SupervisorView);
    assert.equal((await view)?.pid, pid);
  }
  assert.equal(questions(), 2);
});

test('one that does not answer in time is not waited for again, until it does answer', async () => {
  const { clock, ask, questions } = harness();
  const first = ask.ask();
  clock.advance(1_000);
  assert.equal(await first, null);
  assert.equal(await ask.ask(), null);
  assert.equal(questions(), 1, 'a supervisor that does not know the question would hold up each look');
  ask.answered(VIEW);
  const next = ask.ask();
  assert.equal(questions(), 2);
  ask.answered(VIEW);
  assert.equal(await next, VIEW);
  clock.advance(5_000);
});
