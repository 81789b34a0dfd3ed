import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import { Inbox } from './inbox.ts';

function harness(capBytes = 1_000): { clock: FakeClock; far: Duplex; near: Duplex; inbox: Inbox } {
  const [far, near] = duplexPair();
  const clock = new FakeClock();
  return { clock, far, near, inbox: new Inbox(near, clock, capBytes) };
}

/** Until so many bytes wait; they may have come before anyone asked. */
async function until(inbox: Inbox, clock: FakeClock, length: number): Promise<void> {
  while (inbox.bytes.length < length) await inbox.more(clock.nowMs() + 1_000);
}

test('bytes that come one by one are all there, in order', async () => {
  const { far, inbox, clock } = harness();
  for (let value = 0; value < 200; value += 1) {
    far.write(Buffer.of(value));
    await until(inbox, clock, value + 1);
  }
  assert.deepEqual(
    [...inbox.bytes],
    Array.from({ length: 200 }, (_, index) => index),
  );
});

test('what is taken is gone, what is not stays and grows', async () => {
  const { far, inbox, clock } = harness();
  far.write('abcdef');
  await until(inbox, clock, 6);
  assert.equal(inbox.take(2).toString(), 'ab');
  far.write('gh');
  await until(inbox, clock, 6);
  assert.equal(inbox.bytes.toString(), 'cdefgh');
  assert.equal(inbox.detach().toString(), 'cdefgh');
});

test('a taken piece does not change when more bytes come', async () => {
  const { far, inbox, clock } = harness();
  far.write('abc');
  await until(inbox, clock, 3);
  far.write('def');
  await until(inbox, clock, 6);
  const taken = inbox.take(3);
  far.write('ghi');
  await until(inbox, clock, 6);
  assert.equal(taken.toString(), 'abc');
});

test('the deadline is told when nothing comes', async () => {
  const { inbox, clock } = harness();
  const event = inbox.more(clock.nowMs() + 500);
  clock.advance(500);
  assert.equal(await event, 'deadline');
  assert.equal(await inbox.more(clock.nowMs()), 'deadline');
});

test('the end and the loss of the connection are told apart', async () => {
  const ended = harness();
  ended.far.end();
  assert.equal(await ended.inbox.more(ended.clock.nowMs() + 1_000), 'end');
  assert.equal(ended.inbox.isEnded, true);

  const lost = harness();
  lost.near.destroy();
  assert.equal(await lost.inbox.more(lost.clock.nowMs() + 1_000), 'gone');
  assert.equal(await lost.inbox.more(lost.clock.nowMs() + 1_000), 'gone');
});

test('reading stops at the cap and goes on when bytes are taken', async () => {
  const { far, near, inbox, clock } = harness(4);
  far.write('abcdef');
  await until(inbox, clock, 6);
  assert.equal(near.isPaused(), true);
  inbox.take(6);
  assert.equal(near.isPaused(), false);
});

test('a detached socket is paused and its inbox hears nothing more', async () => {
  const { far, near, inbox, clock } = harness();
  inbox.detach();
  assert.equal(near.isPaused(), true);
  near.resume();
  far.write('late');
  assert.equal(
    await Promise.race([inbox.more(clock.nowMs() + 1_000), new Promise((resolve) => setImmediate(() => resolve('nothing')))]),
    'nothing',
  );
  assert.equal(inbox.bytes.length, 0);
});

test('an owner without a wait is told when the far end has left', async () => {
  const { far, inbox } = harness();
  const left = new Promise<string>((resolve) => {
    inbox.onLeft = () => resolve('left');
  });
  far.end();
  assert.equal(await left, 'left');
});
