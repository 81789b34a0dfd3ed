// The planner as a table: a fleet, a zone, and what has to happen to it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { companionOf, type Fleet } from './fleet.ts';
import type { Observed, ObservedCheck, ObservedRecord } from './observed.ts';
import { isEmpty, isSettled, makePlan, type Plan } from './plan.ts';
import { differencesIn } from './render-plan.ts';
import { fleet, record, slot, zoneOf } from './test-support.ts';

const EMPTY: Observed = { zone: { id: 'Z1', name: 'example.com' }, records: [], checks: [] };
const [A, B, C, S] = [slot('a', 1), slot('b', 2), slot('c', 3), slot('s', 4, { role: 'spare', weight: 0 })];

/** A plan as short lines, in its order. */
function lines(plan: Plan): string[] {
  return [
    ...plan.checks.create.map(({ slot }) => `+check ${slot}`),
    ...plan.checks.update.map(({ slot, id }) => `~check ${slot} ${id}`),
    ...plan.checks.tag.map(({ slot, id }) => `tag ${slot} ${id}`),
    ...plan.records.map(({ kind, slot, before, after }) => {
      const short = kind === 'weighted' ? 'w' : 'm';
      if (after === null) return `-${short} ${slot}`;
      const facts = `${after.address.split('.')[3]}/${after.weight ?? '-'}/${after.ttlS}/${after.checkId ?? 'new'}`;
      return `${before === null ? '+' : '~'}${short} ${slot} ${facts}`;
    }),
    ...plan.checks.remove.map(({ slot, id }) => `-check ${slot} ${id}`),
    ...plan.heldBack.map(({ slot, how }) => `${how} ${slot}`),
    ...plan.conflicts.map((conflict) => `conflict ${conflict}`),
  ];
}

function withRecord(zone: Observed, match: (record: ObservedRecord) => boolean, more: Partial<ObservedRecord>): Observed {
  return { ...zone, records: zone.records.map((found) => (match(found) ? { ...found, ...more } : found)) };
}

function withCheck(zone: Observed, id: string, more: Partial<ObservedCheck>): Observed {
  return { ...zone, checks: zone.checks.map((found) => (found.id === id ? { ...found, ...more } : found)) };
}

const weightedOf = (id: string) => (found: ObservedRecord) => found.setIdentifier === `pinhole-eu/${id}` && found.weight !== null;
const NEVER_ASKED = { healthyCheckers: 0, checkers: 0 };
const configOf = (zone: Observed, id: string) => zone.checks.find((check) => check.id === id)!.config!;

const FULL = zoneOf(fleet());

const CASES: readonly (readonly [name: string, wanted: Fleet, zone: Observed, expected: readonly string[]])[] = [
  ['a zone that is as the file says', fleet(), FULL, []],
  [
    'an empty zone: checks, a weighted record each, the companion for those with a weight',
    fleet({ slots: [A, S] }),
    EMPTY,
    ['+check a', '+check s', '+w a 1/100/60/new', '+m a 1/-/60/new', '+w s 4/0/60/new'],
  ],
  [
    'a canary is not in the companion',
    fleet({ slots: [A, slot('b', 2, { role: 'canary', weight: 5 })] }),
    zoneOf(fleet({ slots: [A] })),
    ['+check b', '+w b 2/5/60/new'],
  ],
  ['a higher weight', fleet({ slots: [slot('a', 1, { weight: 150 }), B, C, S] }), FULL, ['~w a 1/150/60/check-a']],
  [
    'a TTL: all records at once',
    fleet({ ttlS: 30, slots: [A] }),
    zoneOf(fleet({ slots: [A] })),
    ['~w a 1/100/30/check-a', '~m a 1/-/30/check-a'],
  ],
  ['a record whose TTL alone was changed', fleet(), withRecord(FULL, weightedOf('b'), { ttlS: 300 }), ['~w b 2/100/60/check-b']],
  ['a record that lost its check', fleet(), withRecord(FULL, weightedOf('b'), { checkId: null }), ['~w b 2/100/60/check-b']],
  [
    'a record that is gone is made again',
    fleet(),
    { ...FULL, records: FULL.records.filter((found) => !weightedOf('c')(found)) },
    ['+w c 3/100/60/check-c'],
  ],
  [
    'a check with another threshold is changed, with another interval made anew',
    fleet({ check: { ...fleet().check, threshold: 5 }, slots: [A] }),
    zoneOf(fleet({ slots: [A] })),
    ['~check a check-a'],
  ],
  [
    'another interval: a new check, the records move to it, the old one goes last',
    fleet({ check: { ...fleet().check, intervalS: 30 }, slots: [A] }),
    zoneOf(fleet({ slots: [A] })),
    ['+check a', '~w a 1/100/60/new', '~m a 1/-/60/new', '-check a check-a'],
  ],
  [
    'another protocol too',
    fleet({ check: { ...fleet().check, protocol: 'https' }, slots: [A] }),
    zoneOf(fleet({ slots: [A] })),
    ['+check a', '~w a 1/100/60/new', '~m a 1/-/60/new', '-check a check-a'],
  ],
  [
    'a check that was switched off by hand',
    fleet(),
    withCheck(FULL, 'check-b', { config: { ...configOf(FULL, 'check-b'), disabled: true } }),
    ['~check b check-b'],
  ],
  [
    'a check that lost a tag',
    fleet(),
    withCheck(FULL, 'check-b', { tags: { ...FULL.checks[1]!.tags, 'pinhole:slot': 'b', Name: 'x' } }),
    ['tag b check-b'],
  ],
  ['a check that was made and never marked is taken up', fleet(), withCheck(FULL, 'check-b', { tags: {} }), ['tag b check-b']],
  [
    'a second check for a slot: the one in use stays',
    fleet(),
    { ...FULL, checks: [{ ...FULL.checks[0]!, id: 'check-0' }, ...FULL.checks] },
    ['-check a check-0'],
  ],
  [
    'a check of another fleet of the same owner is not touched',
    fleet(),
    {
      ...FULL,
      checks: [...FULL.checks, { ...FULL.checks[0]!, id: 'other', tags: { ...FULL.checks[0]!.tags, 'pinhole:name': 'x.example.com' } }],
    },
    [],
  ],
  [
    'a check of another owner is not touched, not even with our reference',
    fleet(),
    { ...FULL, checks: [...FULL.checks, { ...FULL.checks[0]!, id: 'other', tags: { 'pinhole:owner': 'someone' } }] },
    [],
  ],

  [
    'a slot that is gone leaves with its records, and its check goes last',
    fleet({ slots: [A, B, S] }),
    FULL,
    ['-w c', '-m c', '-check c check-c'],
  ],
  [
    'a slot with weight 0 leaves the companion too',
    fleet({ slots: [A, B, slot('c', 3, { weight: 0 }), S] }),
    FULL,
    ['~w c 3/0/60/check-c', '-m c'],
  ],
  [
    'two that leave: one at a time, in the order of the file',
    fleet({ guard: { minWeight: 1, withdrawnShare: 1 }, slots: [slot('a', 1, { weight: 0 }), slot('b', 2, { weight: 0 }), C, S] }),
    FULL,
    ['~w a 1/0/60/check-a', '-m a', 'waits b'],
  ],
  [
    'one that leaves and one that comes: in one batch',
    fleet({ slots: [A, B, slot('c', 3, { weight: 0 }), slot('d', 5)] }),
    zoneOf(fleet({ slots: [A, B, C] })),
    ['+check d', '~w c 3/0/60/check-c', '+w d 5/100/60/new', '+m d 5/-/60/new', '-m c'],
  ],
  [
    'what waits keeps its weight and takes the new TTL',
    fleet({ ttlS: 30, guard: { minWeight: 1, withdrawnShare: 1 }, slots: [slot('a', 1, { weight: 0 }), slot('b', 2, { weight: 50 })] }),
    zoneOf(fleet({ slots: [A, B] })),
    ['~w a 1/0/30/check-a', '~w b 2/100/30/check-b', '~m b 2/-/30/check-b', '-m a', 'waits b'],
  ],
  [
    'an address that moves is a withdrawal, and its old check stays until it has moved',
    fleet({ guard: { minWeight: 1, withdrawnShare: 1 }, slots: [slot('a', 11), slot('b', 12), C] }),
    zoneOf(fleet({ slots: [A, B, C] })),
    ['+check a', '+check b', '~w a 11/100/60/new', '~m a 11/-/60/new', '-check a check-a', 'waits b'],
  ],
  [
    'less weight is a withdrawal',
    fleet({ slots: [slot('a', 1, { weight: 99 }), slot('b', 2, { weight: 99 }), C, S] }),
    FULL,
    ['~w a 1/99/60/check-a', 'waits b'],
  ],
  [
    'a spare that is gone was never served: no withdrawal',
    fleet({ slots: [slot('a', 1, { weight: 99 }), B, C] }),
    FULL,
    ['~w a 1/99/60/check-a', '-w s', '-check s check-s'],
  ],

  [
    'refused: below the floor',
    fleet({ guard: { minWeight: 250, withdrawnShare: 1 }, slots: [A, B, slot('c', 3, { weight: 0 }), S] }),
    FULL,
    ['refused c'],
  ],
  [
    'refused: the floor counts healthy slots only',
    fleet({ guard: { minWeight: 150, withdrawnShare: 1 }, slots: [A, B, slot('c', 3, { weight: 0 }), S] }),
    zoneOf(fleet(), ['b']),
    ['refused c'],
  ],
  [
    'refused: too many would be out',
    fleet({ guard: { minWeight: 1, withdrawnShare: 0.34 }, slots: [A, B, slot('c', 3, { weight: 0 }), S] }),
    zoneOf(fleet(), ['b']),
    ['refused c'],
  ],
  [
    'refused: a slot that was emptied before counts as out',
    fleet({ guard: { minWeight: 1, withdrawnShare: 0.34 }, slots: [slot('a', 1, { weight: 0 }), B, slot('c', 3, { weight: 0 }), S] }),
    zoneOf(fleet({ slots: [slot('a', 1, { weight: 0 }), B, C, S] })),
    ['refused c'],
  ],
  [
    'one that comes back in the same batch does not',
    fleet({ guard: { minWeight: 1, withdrawnShare: 0.34 }, slots: [A, B, slot('c', 3, { weight: 0 }), S] }),
    zoneOf(fleet({ slots: [slot('a', 1, { weight: 0 }), B, C, S] })),
    ['~w a 1/100/60/check-a', '+m a 1/-/60/check-a', '~w c 3/0/60/check-c', '-m c'],
  ],
  [
    'a sick slot may go: it takes nothing away',
    fleet({ guard: { minWeight: 200, withdrawnShare: 0.34 }, slots: [A, B, slot('c', 3, { weight: 0 }), S] }),
    zoneOf(fleet(), ['c']),
    ['~w c 3/0/60/check-c', '-m c'],
  ],
  [
    'refused: everything looks sick, so it is not the nodes',
    fleet({ guard: { minWeight: 1, withdrawnShare: 1 }, slots: [A, B, slot('c', 3, { weight: 0 }), S] }),
    zoneOf(fleet(), ['a', 'b', 'c', 's']),
    ['refused c'],
  ],
  [
    'refused: no checker has said anything yet',
    fleet({ guard: { minWeight: 1, withdrawnShare: 1 }, slots: [A, B, slot('c', 3, { weight: 0 }), S] }),
    { ...FULL, checks: FULL.checks.map((check) => ({ ...check, verdict: NEVER_ASKED })) },
    ['refused c'],
  ],
  [
    'refused: the one that should take over is not proven yet',
    fleet({ guard: { minWeight: 100, withdrawnShare: 1 }, slots: [slot('a', 1, { weight: 0 }), B] }),
    withCheck(zoneOf(fleet({ slots: [A, B] })), 'check-b', { verdict: NEVER_ASKED }),
    ['refused a'],
  ],
  [
    'what is refused does not hold up what comes',
    fleet({ guard: { minWeight: 300, withdrawnShare: 1 }, slots: [A, B, slot('c', 3, { weight: 0 }), slot('d', 5)] }),
    zoneOf(fleet({ slots: [A, B, C] })),
    ['+check d', '+w d 5/100/60/new', '+m d 5/-/60/new', 'refused c'],
  ],

  [
    'a plain A record of somebody else: nothing is changed',
    fleet({ slots: [A] }),
    { ...EMPTY, records: [record({ name: 'proxy.example.com', values: ['192.0.2.1'] })] },
    ['conflict proxy.example.com A (192.0.2.1)'],
  ],
  [
    'a weighted record of another owner, whose name begins as ours does',
    fleet(),
    {
      ...FULL,
      records: [...FULL.records, record({ name: 'proxy.example.com', setIdentifier: 'pinhole-eu2/a', weight: 5, values: ['192.0.2.1'] })],
    },
    ['conflict proxy.example.com A pinhole-eu2/a (192.0.2.1)'],
  ],
  [
    'a CNAME under the companion name',
    fleet(),
    { ...FULL, records: [...FULL.records, record({ name: 'proxy-all.example.com', type: 'CNAME', values: ['x.example.com'] })] },
    ['conflict proxy-all.example.com CNAME (x.example.com)'],
  ],
  [
    'records of other types are no matter of ours',
    fleet(),
    { ...FULL, records: [...FULL.records, record({ name: 'proxy.example.com', type: 'TXT', values: ['"x"'] })] },
    [],
  ],
];

describe('makePlan', () => {
  for (const [name, wanted, zone, expected] of CASES) {
    test(name, () => {
      const plan = makePlan(wanted, zone);
      assert.deepEqual(lines(plan), expected, differencesIn(plan).join('\n'));
      assert.equal(isSettled(plan), expected.length === 0);
    });
  }

  test('so soon after the last withdrawal the next one waits, and what comes does not', () => {
    const wanted = fleet({ slots: [A, B, slot('c', 3, { weight: 0 }), slot('d', 5)] });
    const plan = makePlan(wanted, zoneOf(fleet({ slots: [A, B, C] })), false);
    assert.deepEqual(lines(plan), ['+check d', '+w d 5/100/60/new', '+m d 5/-/60/new', 'waits c']);
  });

  test('a plan that only holds something back would change nothing, and is not settled', () => {
    const plan = makePlan(fleet({ slots: [A, B, slot('c', 3, { weight: 0 }), S] }), FULL, false);
    assert.ok(isEmpty(plan));
    assert.ok(!isSettled(plan));
  });

  test('planning for the zone that a plan leads to gives nothing more', () => {
    for (const slots of [[A], [A, B, S], [slot('a', 1, { weight: 3 }), slot('b', 2, { role: 'canary', weight: 1 })]]) {
      const wanted = fleet({ slots, guard: { minWeight: 1, withdrawnShare: 1 } });
      assert.ok(isSettled(makePlan(wanted, zoneOf(wanted))));
    }
  });
});

test('why something is held back is said with its numbers', () => {
  const wanted = fleet({ guard: { minWeight: 250, withdrawnShare: 1 }, slots: [A, B, slot('c', 3, { weight: 0 }), S] });
  assert.deepEqual(
    makePlan(wanted, FULL).heldBack.map(({ why }) => why),
    ['healthy weight would fall from 300 to 200, below guard.minWeight 250'],
  );
  const sick = makePlan(fleet({ slots: [A, B, slot('c', 3, { weight: 0 }), S] }), zoneOf(fleet(), ['b']));
  assert.deepEqual(
    sick.heldBack.map(({ why }) => why),
    ['2 of 3 slots would be out, more than guard.withdrawnShare 0.34 allows'],
  );
});

test('a difference is written so that a person sees what changes', () => {
  const wanted = fleet({ ttlS: 30, check: { ...fleet().check, threshold: 2 }, slots: [slot('a', 1, { weight: 50 }), slot('d', 5)] });
  const plan = makePlan(wanted, zoneOf(fleet({ slots: [A, C] })));
  assert.equal(
    differencesIn(plan).join('\n'),
    `Health checks
  + d  http 203.0.113.5:443/ready holds "ready", every 10 s, threshold 2
  ~ a  threshold 3 -> 2
Records, in one batch
  ~ proxy.example.com pinhole-eu/a  weight 100 -> 50, ttl 60 -> 30
  ~ proxy-all.example.com pinhole-eu/a  ttl 60 -> 30
  + proxy.example.com pinhole-eu/d  203.0.113.5 weight 100 ttl 30
  + proxy-all.example.com pinhole-eu/d  203.0.113.5 ttl 30
  ~ proxy.example.com pinhole-eu/c  ttl 60 -> 30
  ~ proxy-all.example.com pinhole-eu/c  ttl 60 -> 30
Held back
  ! c refused: 1 of 2 slots would be out, more than guard.withdrawnShare 0.34 allows`,
  );
});

test('the companion name is under the same wildcard', () => {
  assert.equal(companionOf('proxy.eu.example.com'), 'proxy-all.eu.example.com');
});
