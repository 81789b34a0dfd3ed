import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTeller } from './device.ts';

function tell(...events: unknown[]): string[] {
  const told: string[] = [];
  const teller = createTeller((line) => told.push(line));
  for (const event of events) teller(typeof event === 'string' ? event : JSON.stringify(event));
  return told;
}

const received = { event: 'received', topic: 't' };

test('the first message of each session is news, the others are not', () => {
  const told = tell({ event: 'connected' }, received, received, { event: 'connected' }, received);
  assert.equal(told.length, 2);
  assert.match(told[0] ?? '', /published to t through the proxy/);
});

test('failures and waits are told', () => {
  assert.deepEqual(
    tell({ event: 'failed', failure: { leg: 'proxy-tcp', code: 'ECONNREFUSED', detail: 'd' } }, { event: 'waiting', ms: 1_250 }),
    ['agent: failed at proxy-tcp: ECONNREFUSED: d', 'agent: comes back in 1.3 s'],
  );
});

test('what is no event is passed over', () => {
  assert.deepEqual(tell('not JSON', 'null', '7', {}), []);
});
