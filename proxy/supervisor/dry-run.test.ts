import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CarrierSurvey } from '../core/supervision.ts';
import { dryRun, type Surveyed } from './dry-run.ts';
import type { LivePlan, ReloadPlan } from './plan.ts';

const PLAN = { policyVersion: 'new', preparedSettings: '/run/prepared', revoked: 'close', drain: { rate: 8, deadlineMs: 1 } } as LivePlan;
const CHANGED = { kind: 'changed', version: '2', plan: PLAN, changed: ['tenants'] };
const SURVEY = { tunnels: 5, revoked: 2, groups: [] };

function generation(number: number, version: string, root: string, survey: CarrierSurvey['survey'] = SURVEY) {
  const files: string[] = [];
  return {
    ...{ number, version, launch: { root }, files },
    survey: (file: string) => {
      files.push(file);
      return Promise.resolve([{ generation: number, who: 'carrier 0', survey, why: survey === null ? 'silent' : null }]);
    },
  } satisfies Surveyed & { readonly files: string[] };
}

function run(plans: Readonly<Record<number, object | string>>, ...retired: ReturnType<typeof generation>[]) {
  const read: [string, number][] = [];
  let cleaned = 0;
  const current = generation(3, '2', '/opt/new');
  const result = dryRun(
    {
      running: '/etc/p.yaml',
      policyVersion: 'old',
      generations: [current, ...retired],
      read: (file, { number }) => {
        read.push([file, number]);
        return { plan: Promise.resolve(plans[number] as ReloadPlan | string), end: () => {}, cleanUp: () => void (cleaned += 1) };
      },
    },
    '/etc/new.yaml',
  );
  return { result, read, current, cleaned: () => cleaned };
}

for (const [what, plan, outcome, code, more] of [
  ['a file with mistakes', { kind: 'bad', version: '2', problems: ['p:1:1: no'] }, 'bad', 64, { problems: ['p:1:1: no'] }],
  [
    'what only a start takes',
    { kind: 'at-start', version: '2', changes: [{ key: 'carriers' }] },
    'at-start',
    75,
    { atStart: [{ key: 'carriers' }] },
  ],
  ['another installation in its place', { ...CHANGED, version: '3' }, 'at-start', 75, {}],
  ['no room in the runtime folder', { kind: 'failed', version: '2', why: 'ENOSPC' }, 'failed', 1, { why: 'ENOSPC' }],
  [
    'a reader that says nothing',
    'the configuration was not read: SIGKILL',
    'failed',
    1,
    { why: 'the configuration was not read: SIGKILL' },
  ],
  ['nothing new', { kind: 'unchanged', version: '2' }, 'unchanged', 0, { policyVersion: 'old' }],
] as const) {
  test(`${what}: ${outcome}, and no carrier is asked`, async () => {
    const { result, current, cleaned } = run({ 3: plan });
    const found = await result;
    assert.deepEqual([found.outcome, found.code, found.before, found.file], [outcome, code, 'old', '/etc/new.yaml']);
    for (const [key, value] of Object.entries(more)) assert.deepEqual(found[key as keyof typeof found], value);
    assert.deepEqual([current.files, cleaned()], [[], 1]);
  });
}

test('a change is put before the carriers of every generation, and what was prepared is taken away', async () => {
  const same = generation(2, '2', '/opt/new');
  const older = generation(1, '1', '/opt/old');
  const { result, read, current, cleaned } = run(
    { 3: CHANGED, 1: { ...CHANGED, plan: { ...PLAN, preparedSettings: '/run/own' } } },
    same,
    older,
  );
  const { outcome, code, policyVersion, revoked, rate, changed, carriers } = await result;
  assert.deepEqual([outcome, code, policyVersion, revoked, rate, changed], ['would-take', 0, 'new', 'close', 8, ['tenants']]);
  assert.deepEqual(
    carriers.map((one) => one.generation),
    [3, 2, 1],
  );
  assert.deepEqual([current.files, same.files, older.files], [['/run/prepared'], ['/run/prepared'], ['/run/own']]);
  assert.deepEqual(read, [
    ['/etc/new.yaml', 3],
    ['/etc/new.yaml', 1],
  ]);
  assert.equal(cleaned(), 2);
});

test('a generation whose version does not take the file is said to be unknown', async () => {
  const older = generation(1, '1', '/opt/old');
  const { result } = run({ 3: CHANGED, 1: { kind: 'bad', version: '1', problems: ['revoked: no such key'] } }, older);
  const { code, carriers } = await result;
  assert.equal(code, 1);
  assert.equal(carriers[1]?.why, 'its version (1) would not take it: revoked: no such key');
  assert.deepEqual(older.files, []);
});

test('a carrier that does not say makes the count no whole one', async () => {
  const { result } = run({ 3: CHANGED }, generation(2, '2', '/opt/new', null));
  assert.equal((await result).code, 1);
});
