import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RevokedGroup, RevokedReason } from '../core/revoked.ts';
import type { DryRunResult } from '../core/supervision.ts';
import { renderDryRun } from './dry-run.ts';

const TARGET = 'a1-ats.iot.eu-west-1.amazonaws.com:443';
const group = (tenant: string, reason: RevokedReason, tunnels: number): RevokedGroup => ({ tenant, reason, tunnels, target: TARGET });

const RESULT: DryRunResult = {
  ...{ outcome: 'would-take', code: 0, file: '/etc/new.yaml', running: '/etc/p.yaml', before: 'old', policyVersion: 'new' },
  ...{ changed: ['tenants'], problems: [], atStart: [], revoked: 'close', rate: 8, why: null },
  carriers: [
    { generation: 2, who: 'carrier 0', why: null, survey: { tunnels: 50, revoked: 12, groups: [group('acme', 'token-gone', 12)] } },
    {
      ...{ generation: 1, who: 'carrier 0', why: null },
      survey: { tunnels: 20, revoked: 13, groups: [group('globex', 'tenant-gone', 9), group('acme', 'token-gone', 4)] },
    },
  ],
};

function shown(change: Partial<DryRunResult>): [out: string, err: string] {
  let [out, err] = ['', ''];
  renderDryRun({ ...RESULT, ...change }, { stdout: (text) => (out += text), stderr: (text) => (err += text) });
  return [out, err];
}

test('the tunnels of all generations are one sum, by why, tenant and target', () =>
  assert.deepEqual(shown({}), [
    'would be taken: policy version new after old: tenants\n' +
      'would close 25 of 70 open tunnels: 8 a second, in 4s\n\n' +
      'tunnels  tenant  target                                  why\n' +
      `16       acme    ${TARGET}  its token is not one of the tenant’s\n` +
      `9        globex  ${TARGET}  its tenant is not in the file\n`,
    '',
  ]));

test('where policy.revoked is keep none is closed, and it is said who would not come back', () =>
  assert.match(
    shown({ revoked: 'keep' })[0],
    /^would close none of 70 open tunnels, since policy\.revoked is keep; 25 would not be let in again$/m,
  ));

test('a carrier that has not counted is named', () => {
  const silent = { generation: 1, who: 'carrier 1', survey: null, why: 'it did not say within 15 s' };
  const [out, err] = shown({ carriers: [...RESULT.carriers, silent] });
  assert.match(out, /^would close 25 of 70 open tunnels that 2 of 3 carriers have counted: 8 a second, in 4s$/m);
  assert.equal(err, 'carrier 1 of generation 1 has not counted: it did not say within 15 s\n');
});

test('groups that a carrier left out are in the sum', () => {
  const survey = { tunnels: 900, revoked: 500, groups: [group('acme', 'token-gone', 300)] };
  assert.match(shown({ carriers: [{ generation: 1, who: 'carrier 0', survey, why: null }] })[0], /\n200 more, in smaller groups\n$/);
});

for (const [what, change, out, err] of [
  ['nothing new', { outcome: 'unchanged' }, /^nothing new: \/etc\/new\.yaml is what is in use, policy version old\n$/, /^$/],
  ['mistakes', { outcome: 'bad', problems: ['p:1:2: no'] }, /^$/, /^p:1:2: no\n.*has mistakes: it would not be taken; nothing was changed/],
  [
    'a start',
    { outcome: 'at-start', atStart: [{ key: 'carriers', running: '2', wanted: '3' }] },
    /^$/,
    /^carriers: 3 takes a start of the node, which runs with 2\n.*would not be taken; nothing was changed; the node goes on by policy version old\n$/,
  ],
  ['a failure', { outcome: 'failed', why: 'ENOSPC' }, /^$/, /ENOSPC; nothing was changed/],
] as const) {
  test(`${what} is said in words`, () => {
    const [said, complained] = shown(change);
    assert.match(said, out);
    assert.match(complained, err);
  });
}
