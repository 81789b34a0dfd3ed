import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { orderSupervisor } from '../control/ask.ts';
import { systemClock } from '../core/clock.ts';
import { ordersSocket } from '../core/runtime-files.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { listenForOrders, type Obey, type Order } from './orders.ts';

async function harness(t: TestContext, obey: Obey, clock = new FakeClock()) {
  const runtime = mkdtempSync(join(tmpdir(), 'orders-'));
  const orders = await listenForOrders(ordersSocket(runtime), clock, obey);
  t.after(() => {
    orders.close();
    rmSync(runtime, { recursive: true });
  });
  /** What comes back for these bytes, until the end. */
  const send = (bytes: string, isFinished = true): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(ordersSocket(runtime));
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
      if (isFinished) socket.end(bytes);
      else socket.write(bytes);
      socket.on('end', () => socket.end());
    });
  return { runtime, clock, orders, send };
}

const yes: Obey = (order: Order) => Promise.resolve({ obeyed: order });

test('an order is answered, after what was said before', async (t) => {
  const { runtime } = await harness(t, async (order, say) => {
    say({ waiting: true });
    return { obeyed: order };
  });
  const heard: unknown[] = [];
  const order = { order: 'upgrade', by: 'me', to: '/opt/next' };
  const how = { clock: systemClock, timeoutMs: 5_000, heard: (news: unknown) => void heard.push(news) };
  assert.deepEqual(await orderSupervisor(runtime, order, how), { obeyed: order });
  assert.deepEqual(heard, [{ waiting: true }]);
  assert.equal(statSync(ordersSocket(runtime)).mode & 0o777, 0o600);
});

for (const [what, bytes] of [
  ['nothing', ''],
  ['no JSON', 'reload\n'],
  ['JSON that is no order', '{"order":1,"by":"me"}\n'],
  ['an order by nobody', '{"order":"reload"}\n'],
  ['null', 'null\n'],
  ['more than a line may have', `{"order":"reload","by":"${'x'.repeat(9_000)}"}\n`],
] as const) {
  test(`${what} is no order, and told so`, async (t) => {
    const { send } = await harness(t, () => assert.fail('obeyed'));
    assert.match(await send(bytes), /^\{"error":"expected one line/);
  });
}

test('who says nothing is told so after five seconds, and let go', async (t) => {
  const { send, clock } = await harness(t, () => assert.fail('obeyed'));
  const answer = send('', false);
  const passing = setInterval(() => clock.advance(1_000), 10);
  t.after(() => clearInterval(passing));
  assert.match(await answer, /expected one line/);
});

test('an order without its line end counts where it is finished', async (t) => {
  const { send } = await harness(t, yes);
  assert.match(await send('{"order":"reload","by":"me"}'), /^\{"obeyed"/);
});

test('who leaves before the answer harms nobody, and the order is obeyed', async (t) => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: goes, resolve: go } = Promise.withResolvers<void>();
  let obeyed = 0;
  const { runtime, send } = await harness(t, async () => {
    begin();
    await goes;
    obeyed += 1;
    return { done: true };
  });
  const leaving = connect(ordersSocket(runtime));
  leaving.on('error', () => {});
  leaving.write('{"order":"reload","by":"me"}\n');
  await begun;
  leaving.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  go();
  assert.equal(await send('{"order":"reload","by":"other"}\n'), '{"done":true}\n');
  assert.equal(obeyed, 2);
});

test('nobody answers where no supervisor is', async () => {
  const how = { clock: systemClock, timeoutMs: 1_000, heard: () => {} };
  assert.equal(await orderSupervisor('/nonexistent', { order: 'reload', by: 'me' }, how), null);
});

test('what is thrown while an order is obeyed is the answer', async (t) => {
  const { runtime } = await harness(t, () => Promise.reject(new Error('a bug')));
  const how = { clock: systemClock, timeoutMs: 5_000, heard: () => {} };
  assert.deepEqual(await orderSupervisor(runtime, { order: 'reload', by: 'me' }, how), { error: 'a bug' });
});

test('that everybody has an answer is known when the last one has', async (t) => {
  const { promise: read, resolve: haveRead } = Promise.withResolvers<void>();
  const { promise: obeyed, resolve: obey } = Promise.withResolvers<object>();
  const { orders, send } = await harness(t, () => (haveRead(), obeyed));
  await orders.answered();
  const sending = send('{"order":"reload","by":"me"}\n');
  await read;
  const waiting = orders.answered().then(() => 'answered');
  const later = new Promise((resolve) => setImmediate(resolve, 'waits'));
  assert.equal(await Promise.race([waiting, later]), 'waits');
  obey({ done: true });
  await waiting;
  assert.equal(await sending, '{"done":true}\n');
});
