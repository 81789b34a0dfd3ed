// Each question is shown what holds and what does not: a check that cannot fail would be no check.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  agentsAreBack,
  comesBackToDns,
  everyAgentIsThrough,
  factIs,
  leavesDns,
  lonelinessIsTold,
  neverFewerInDns,
  nodesAreFine,
  nodesSay,
  noTunnelIsLost,
  percentile,
  probesGoOn,
  runSays,
  staysInDns,
} from './checks.ts';
import { aStory, outage, sampleAt } from './testing/stories.ts';
import type { Check, Story } from './story.ts';

const A = 'eu-1a';
const B = 'eu-1b';
const SOMETHING = { words: 'something', like: /something/ };

/** Looks each second from 0 s to 60 s; `of` says what is different at that second. */
function looks(of: (second: number) => Parameters<typeof sampleAt>[1]): Story['samples'] {
  return Array.from({ length: 61 }, (_, second) => sampleAt(second * 1_000, of(second)));
}

const outAfter = (second: number) => looks((at) => (at >= second ? { [B]: { inDns: false } } : {}));
const story = (of: Partial<Story>): Story => aStory({ marks: { hit: { atMs: 1_000, worldMs: 10_000 } }, ...of });

const rows: readonly (readonly [string, boolean, Check])[] = [
  ['out in time', true, leavesDns(story({ samples: outAfter(4) }), B, 'hit', 110, { withTtl: true })],
  ['out in time but for the TTL', false, leavesDns(story({ samples: outAfter(7) }), B, 'hit', 110, { withTtl: true })],
  ['the same, where the TTL does not count', true, leavesDns(story({ samples: outAfter(7) }), B, 'hit', 110, { withTtl: false })],
  ['never out', false, leavesDns(story({ samples: looks(() => ({})) }), B, 'hit', 110, { withTtl: false })],
  [
    'out before it was hit only',
    false,
    leavesDns(story({ samples: [sampleAt(0, { [B]: { inDns: false } })] }), B, 'hit', 110, { withTtl: false }),
  ],
  ['nobody looked', false, leavesDns(story({ samples: [] }), B, 'hit', 110, { withTtl: false })],
  ['it never came to that', false, leavesDns(story({ samples: outAfter(4), marks: {} }), B, 'hit', 110, { withTtl: false })],

  ['always in', true, staysInDns(story({ samples: looks(() => ({})) }), [A, B], 'hit')],
  ['out for one look', false, staysInDns(story({ samples: looks((at) => (at === 30 ? { [B]: { inDns: false } } : {})) }), [A, B], 'hit')],
  ['nobody looked', false, staysInDns(story({ samples: [] }), [A], 'hit')],
  ['not seen at all', false, staysInDns(story({ samples: looks(() => ({})) }), ['eu-1x'], 'hit')],

  ['back', true, comesBackToDns(story({ samples: looks((at) => (at < 9 ? { [B]: { inDns: false } } : {})) }), B, 'hit', 110)],
  ['back too late', false, comesBackToDns(story({ samples: looks((at) => (at < 20 ? { [B]: { inDns: false } } : {})) }), B, 'hit', 110)],
  [
    'back and out again',
    false,
    comesBackToDns(story({ samples: looks((at) => (at % 50 < 9 ? { [B]: { inDns: false } } : {})) }), B, 'hit', 110),
  ],
  ['never back', false, comesBackToDns(story({ samples: outAfter(0) }), B, 'hit', 110)],

  [
    'says so',
    true,
    nodesSay(story({ samples: looks((at) => (at > 5 ? { [A]: { concerns: ['something'] } } : {})) }), [A], SOMETHING, 'hit', 10),
  ],
  [
    'says so too late',
    false,
    nodesSay(story({ samples: looks((at) => (at > 20 ? { [A]: { concerns: ['something'] } } : {})) }), [A], SOMETHING, 'hit', 10),
  ],
  [
    'one of two says nothing',
    false,
    nodesSay(story({ samples: looks(() => ({ [A]: { reasons: ['something'] } })) }), [A, B], SOMETHING, 'hit', 10),
  ],
  [
    'said it before only',
    false,
    nodesSay(story({ samples: looks((at) => (at < 1 ? { [A]: { concerns: ['something'] } } : {})) }), [A], SOMETHING, 'hit', 10),
  ],

  ['ready throughout', true, nodesAreFine(story({ samples: looks(() => ({})) }), [A, B], 'hit', undefined, 0)],
  [
    'degraded for a moment, which is allowed',
    true,
    nodesAreFine(story({ samples: looks((at) => (at === 7 ? { [A]: { state: 'degraded' } } : {})) }), [A], 'hit', undefined, 1),
  ],
  [
    'degraded for long',
    false,
    nodesAreFine(story({ samples: looks((at) => (at > 7 ? { [A]: { state: 'degraded' } } : {})) }), [A], 'hit', undefined, 10),
  ],
  ['nobody looked', false, nodesAreFine(story({ samples: [] }), [A], 'hit', undefined, 10)],

  [
    'the probe goes on',
    true,
    probesGoOn(story({ samples: looks((at) => ({ [A]: { probeSecondsAgo: at % 5 } })) }), [A], 'hit', undefined, 11),
  ],
  [
    'its verdict grows old',
    false,
    probesGoOn(story({ samples: looks((at) => ({ [A]: { probeSecondsAgo: at } })) }), [A], 'hit', undefined, 11),
  ],
  [
    'its verdict is not shown any more',
    false,
    probesGoOn(story({ samples: looks((at) => ({ [A]: { probeSecondsAgo: at < 5 ? 1 : null } })) }), [A], 'hit', undefined, 11),
  ],
  [
    'not shown for a look',
    true,
    probesGoOn(story({ samples: looks((at) => ({ [A]: { probeSecondsAgo: at === 20 ? null : 1 } })) }), [A], 'hit', undefined, 11),
  ],

  ['alone, and says so at once', true, lonelinessIsTold(story({ samples: looks((at) => alone(at, 0)) }), 'hit', SOMETHING.like, 10)],
  ['alone, and says so too late', false, lonelinessIsTold(story({ samples: looks((at) => alone(at, 15)) }), 'hit', SOMETHING.like, 10)],
  ['alone, and says nothing', false, lonelinessIsTold(story({ samples: looks((at) => alone(at, 99)) }), 'hit', SOMETHING.like, 10)],
  ['never alone', false, lonelinessIsTold(story({ samples: looks(() => ({})) }), 'hit', SOMETHING.like, 10)],

  ['two at the fewest', true, neverFewerInDns(story({ samples: outAfter(5) }), 2, 'hit')],
  [
    'one for a moment',
    false,
    neverFewerInDns(story({ samples: looks((at) => (at === 9 ? { [A]: { inDns: false }, [B]: { inDns: false } } : {})) }), 2, 'hit'),
  ],
  ['nobody looked', false, neverFewerInDns(story({ samples: [] }), 2, 'hit')],

  ['said after it', true, runSays(story({ runLines: [{ event: 'failed', atMs: 2_000, facts: {} }] }), 'failed', 'hit')],
  ['said before it', false, runSays(story({ runLines: [{ event: 'failed', atMs: 500, facts: {} }] }), 'failed', 'hit')],
  [
    'said too late',
    false,
    runSays(
      story({ marks: { hit: { atMs: 0, worldMs: 0 }, up: { atMs: 9, worldMs: 9 } }, runLines: [{ event: 'failed', atMs: 10, facts: {} }] }),
      'failed',
      'hit',
      'up',
    ),
  ],

  ['as it should be', true, factIs(story({ facts: { x: 'yes' } }), 'x', 'x', 'yes')],
  ['otherwise', false, factIs(story({ facts: { x: 'no' } }), 'x', 'x', 'yes')],
  ['not measured', false, factIs(story({ facts: {} }), 'x', 'x', 'yes')],

  ['all through', true, everyAgentIsThrough(story({ away: [] }))],
  ['one away', false, everyAgentIsThrough(story({ away: ['agent-1'] }))],
  ['no agents', false, everyAgentIsThrough(story({ agentsAt: {} }))],

  ['nothing lost', true, noTunnelIsLost(story({}), 'hit')],
  ['one lost', false, noTunnelIsLost(story({ outages: [outage('agent-1', B, 2_000, 2_100)] }), 'hit')],
  ['one lost before', true, noTunnelIsLost(story({ outages: [outage('agent-1', B, 500, 600)] }), 'hit')],
  ['nobody had one', false, noTunnelIsLost(story({ agentsAt: { hit: [] } }), 'hit')],
];

/** Both others are gone from 10 s on; the first says so some seconds later. */
function alone(at: number, later: number): Parameters<typeof sampleAt>[1] {
  if (at < 10) return {};
  return { [B]: { inDns: false }, 'eu-1c': { inDns: false }, [A]: at >= 10 + later ? { concerns: ['something'] } : {} };
}

for (const [what, ok, check] of rows) {
  test(`${check.objective}: ${what}: ${ok ? 'held' : 'missed'}`, () => assert.equal(check.ok, ok, check.seen));
}

describe('agents are back in time', () => {
  const hits = [{ slot: B, since: 'hit' }];
  const back = (outages: Story['outages']) => agentsAreBack(story({ outages }), hits, { by: 'list', limitMs: 2_000 });

  test('counted from the hit, not from when the agent noticed', () => {
    const check = back([outage('agent-1', B, 2_900, 3_100), outage('agent-2', B, 1_100, 1_200)]);
    assert.deepEqual([check.ok, check.seen], [false, '2 lost it: median 0.20 s, p99 2.10 s, slowest 2.10 s']);
  });
  test('held', () => assert.equal(back([outage('agent-1', B, 1_100, 1_900), outage('agent-2', B, 1_100, 1_200)]).ok, true));
  test('one that never came back', () =>
    assert.equal(back([outage('agent-1', B, 1_100, 1_900), outage('agent-2', B, 1_100, null)]).ok, false));
  test('one that has not even noticed', () => assert.equal(back([outage('agent-1', B, 1_100, 1_900)]).ok, false));
  test('nobody was on it', () => {
    assert.equal(agentsAreBack(story({}), [{ slot: 'eu-1c', since: 'hit' }], { by: 'list', limitMs: 2_000 }).ok, false);
  });
});

test('the percentile is the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.deepEqual([percentile(hundred, 0.99), percentile(hundred, 0.5), percentile([7], 0.99)], [99, 50, 7]);
  assert.ok(Number.isNaN(percentile([], 0.99)));
});
