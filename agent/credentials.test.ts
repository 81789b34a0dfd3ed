import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CredentialCache, type TemporaryCredentials } from './credentials.ts';
import { FakeClock } from './testing/fake-clock.ts';

const HOUR_MS = 3_600_000;

function harness(lifeMs = HOUR_MS) {
  const clock = new FakeClock();
  const state = { fetched: 0, isDown: false };
  const cache = new CredentialCache(clock, () => {
    if (state.isDown) return Promise.reject(new Error('down'));
    state.fetched += 1;
    const fresh: TemporaryCredentials = {
      accessKeyId: String(state.fetched),
      secretAccessKey: 's',
      sessionToken: 't',
      expiresAtMs: clock.nowMs() + lifeMs,
    };
    return Promise.resolve(fresh);
  });
  return { clock, state, cache };
}

test('credentials are kept until five minutes before they expire', async () => {
  const { clock, state, cache } = harness();
  await cache.get();
  clock.advance(HOUR_MS - 300_001);
  await cache.get();
  assert.equal(state.fetched, 1);
  clock.advance(2);
  await cache.get();
  assert.equal(state.fetched, 2);
});

test('short-lived credentials still serve four fifths of their life', async () => {
  const { clock, state, cache } = harness(60_000);
  await cache.get();
  clock.advance(47_999);
  await cache.get();
  assert.equal(state.fetched, 1);
  clock.advance(2);
  await cache.get();
  assert.equal(state.fetched, 2);
});

test('several askers at once cause one request', async () => {
  const { state, cache } = harness();
  await Promise.all([cache.get(), cache.get(), cache.get()]);
  assert.equal(state.fetched, 1);
});

test('a provider that is down does not matter while the kept credentials are good, and does afterwards', async () => {
  const { clock, state, cache } = harness();
  await cache.get();
  state.isDown = true;
  clock.advance(HOUR_MS - 60_000);
  assert.equal((await cache.get()).accessKeyId, '1');
  clock.advance(60_000);
  await assert.rejects(cache.get(), /down/);
});

test('forgotten credentials are fetched anew', async () => {
  const { state, cache } = harness();
  await cache.get();
  cache.forget();
  await cache.get();
  assert.equal(state.fetched, 2);
});
