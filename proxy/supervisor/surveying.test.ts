import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SupervisorMessage } from '../core/supervision.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { SURVEY_MS, Surveying } from './surveying.ts';

const FOUND = { tunnels: 5, revoked: 2, groups: [] };

function harness() {
  const clock = new FakeClock();
  const told: [string, SupervisorMessage][] = [];
  const members = ['carrier 0', 'carrier 1'].map((who) => ({ who, tell: (message: SupervisorMessage) => void told.push([who, message]) }));
  return { clock, told, members, surveying: new Surveying(clock, 7) };
}

test('every carrier is asked once, and what it says is given back', async () => {
  const { told, members, surveying } = harness();
  const asked = surveying.ask(members, '/run/s.json');
  assert.deepEqual(told, [
    ['carrier 0', { type: 'survey', turn: 1, file: '/run/s.json' }],
    ['carrier 1', { type: 'survey', turn: 1, file: '/run/s.json' }],
  ]);
  surveying.heard('carrier 1', { type: 'surveyed', turn: 1, survey: 'EACCES' });
  surveying.heard('carrier 0', { type: 'surveyed', turn: 1, survey: FOUND });
  assert.deepEqual(await asked, [
    { generation: 7, who: 'carrier 0', survey: FOUND, why: null },
    { generation: 7, who: 'carrier 1', survey: null, why: 'EACCES' },
  ]);
});

test('one that says nothing, or of another question, is not waited for longer', async () => {
  const { clock, members, surveying } = harness();
  const asked = surveying.ask(members, 'f');
  surveying.heard('carrier 0', { type: 'surveyed', turn: 0, survey: FOUND });
  surveying.heard('carrier 1', { type: 'surveyed', turn: 1, survey: FOUND });
  clock.advance(SURVEY_MS);
  assert.deepEqual(
    (await asked).map(({ why }) => why),
    ['it did not say within 15 s', null],
  );
});

test('one that dies is not waited for', async () => {
  const { members, surveying } = harness();
  const asked = surveying.ask(members, 'f');
  surveying.died('carrier 0');
  surveying.heard('carrier 1', { type: 'surveyed', turn: 1, survey: FOUND });
  assert.match((await asked)[0]?.why ?? '', /died meanwhile/);
});

test('nobody is asked where nobody lives', async () => assert.deepEqual(await harness().surveying.ask([], 'f'), []));
