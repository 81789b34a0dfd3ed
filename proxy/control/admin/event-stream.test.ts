import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_ROWS_MAX, EventStream, LISTENERS_MAX, WAITING_MAX } from './event-stream.ts';

function reader() {
  const texts: string[] = [];
  const state = { waiting: 0 };
  const outlet = { write: (text: string) => void texts.push(text), waiting: () => state.waiting };
  const events = (): [string, unknown][] =>
    texts.flatMap((text) => {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? [];
      return event === '' ? [] : [[event, JSON.parse(data) as unknown]];
    });
  return { outlet, state, events };
}

const rows = (count: number): number[] => Array.from({ length: count }, (_, place) => place);

test('a listener begins with what there was and hears what comes', () => {
  const stream = new EventStream(() => {});
  const { outlet, events } = reader();
  const leave = stream.join(outlet, [['second', { tunnels: 1 }]]);
  stream.second({ tunnels: 2 });
  stream.decisions({ rows: [1, 2], missed: 3 });
  leave?.();
  stream.second({ tunnels: 4 });
  assert.deepEqual(events(), [
    ['second', { tunnels: 1 }],
    ['second', { tunnels: 2 }],
    ['decisions', { rows: [1, 2], missed: 3 }],
  ]);
});

test('a slow reader has nothing kept for it, costs the others nothing, and is told what it has missed', () => {
  const stream = new EventStream(() => {});
  const [slow, quick] = [reader(), reader()];
  stream.join(slow.outlet, []);
  stream.join(quick.outlet, []);
  slow.state.waiting = WAITING_MAX;
  for (let turn = 0; turn < 1_000; turn += 1) {
    stream.second({});
    stream.decisions({ rows: [1, 2], missed: 0 });
  }
  assert.deepEqual([slow.events().length, quick.events().length], [0, 2_000]);
  slow.state.waiting = 0;
  stream.decisions({ rows: [3], missed: 1 });
  stream.decisions({ rows: [4], missed: 0 });
  assert.deepEqual(slow.events(), [
    ['decisions', { rows: [3], missed: 2_001 }],
    ['decisions', { rows: [4], missed: 0 }],
  ]);
});

test('an event has so many rows at most, the youngest; nothing new is no event', () => {
  const stream = new EventStream(() => {});
  const { outlet, events } = reader();
  stream.join(outlet, []);
  stream.decisions({ rows: [], missed: 0 });
  stream.decisions({ rows: rows(EVENT_ROWS_MAX + 5), missed: 2 });
  assert.deepEqual(events(), [['decisions', { rows: rows(EVENT_ROWS_MAX + 5).slice(5), missed: 7 }]]);
});

test('so many listen at most, and whoever leaves makes room and is counted once', () => {
  const counts: number[] = [];
  const stream = new EventStream((listeners) => counts.push(listeners));
  const leaves = Array.from({ length: LISTENERS_MAX }, () => stream.join(reader().outlet, []));
  assert.equal(stream.isFull, true);
  const late = reader();
  assert.equal(stream.join(late.outlet, [['second', {}]]), null, 'also where it asked before there were so many');
  stream.second({});
  assert.deepEqual(late.events(), []);
  leaves[0]?.();
  leaves[0]?.();
  assert.equal(stream.isFull, false);
  assert.deepEqual(counts.slice(-2), [LISTENERS_MAX, LISTENERS_MAX - 1]);
});
