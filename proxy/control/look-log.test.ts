import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import { createSayFailed } from './look-log.ts';

function harness() {
  const clock = new FakeClock();
  const details: string[] = [];
  const log = { error: (fields: object) => void details.push((fields as { detail: string }).detail) };
  return { clock, details, say: createSayFailed(log, clock) };
}

test('the same failure is said once, whatever its numbers, and again after an hour', () => {
  const { clock, details, say } = harness();
  for (let second = 0; second < 3_599; second += 1) {
    say(new Error(`pid ${second} is odd`));
    clock.advance(1_000);
  }
  assert.equal(details.length, 1);
  say(new TypeError('load is undefined'));
  assert.equal(details.length, 2);
  clock.advance(1_000);
  say(new Error('pid 7 is odd'));
  assert.equal(details.length, 3);
});

test('a bug comes with its place, a full disk in a word', () => {
  const { details, say } = harness();
  say(new TypeError('load is undefined'));
  assert.match(details[0] ?? '', /^TypeError: load is undefined\n.*look-log\.test\.ts/);
  try {
    readFileSync('/nonexistent/file');
  } catch (error) {
    say(error);
  }
  say('no error at all');
  assert.deepEqual(details.slice(1), ["ENOENT: no such file or directory, open '/nonexistent/file'", 'no error at all']);
});

test('failures that are ever other ones fill no log', () => {
  const { details, say } = harness();
  for (let kind = 0; kind < 1_000; kind += 1) say(new Error('x'.repeat(kind)));
  assert.equal(details.length, 20);
});
