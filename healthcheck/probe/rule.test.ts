import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndpointState, PeerView } from './contract.ts';
import { nextState } from './counts.ts';
import { rule, type Ruling } from './rule.ts';
import { peer, state } from './testing/job.ts';

const FAILURES = 3;
const WHY = 'connect: 502';

interface Round {
  /** Whether this node got through; null where it could not tell. */
  readonly ok: boolean | null;
  readonly peers: readonly PeerView[];
}

/** Rounds one after the other, as the probe has them; each with what the one before it left. */
function play(rounds: readonly Round[], ownAddresses: readonly string[] = ['203.0.113.10']): Ruling[] {
  let endpoints: readonly EndpointState[] = [state()];
  let wasWithdrawn = false;
  return rounds.map(({ ok, peers }) => {
    const ruling = rule({
      endpoints: endpoints.map((endpoint) => nextState(endpoint, ok, FAILURES)),
      results: new Map([['production', ok]]),
      whys: new Map(ok === false ? [['production', WHY]] : []),
      peers,
      failures: FAILURES,
      ownAddresses,
      wasWithdrawn,
    });
    ({ endpoints, withdraw: wasWithdrawn } = ruling);
    return ruling;
  });
}

const times = (count: number, round: Round): Round[] => Array.from({ length: count }, () => round);
const shown = (rulings: readonly Ruling[]): string => rulings.map(({ withdraw }) => (withdraw ? '#' : '.')).join('');
const last = (rulings: readonly Ruling[]): Ruling => rulings.at(-1) ?? assert.fail('no round');

const WELL = [peer(11, 'yes', true), peer(12, 'yes', true)];
const DOWN = [peer(11, 'yes', false), peer(12, 'yes', false)];
const HALF = [peer(11, 'yes', true), peer(12, 'yes', false)];
const SILENT = [peer(11, 'silent', null), peer(12, 'silent', null)];
const ONE_OUT = [peer(11, 'no', false), peer(12, 'yes', true)];
const bad = (peers: readonly PeerView[]): Round => ({ ok: false, peers });
const good = (peers: readonly PeerView[]): Round => ({ ok: true, peers });

describe('a node', () => {
  for (const [what, rounds, expected] of [
    ['that is well stays', times(5, good(WELL)), '.....'],
    ['that fails alone three times leaves', times(5, bad(WELL)), '..###'],
    ['that fails with the others stays', times(5, bad(DOWN)), '.....'],
    ['that fails with half of the others stays', times(5, bad(HALF)), '.....'],
    ['that hears nothing from the others stays', times(5, bad(SILENT)), '.....'],
    ['that has no peers stays', times(5, bad([])), '.....'],
    ['goes by those that answer', times(4, bad([peer(11, 'silent', null), peer(12, 'yes', true)])), '..##'],
    ['that fails twice stays', [...times(2, bad(WELL)), good(WELL), ...times(2, bad(WELL))], '.....'],
    ['that is out comes back after three good rounds', [...times(3, bad(WELL)), ...times(4, good(WELL))], '..###..'],
    ['that is out stays so through a good round or two', [...times(3, bad(WELL)), ...times(2, good(WELL)), bad(WELL)], '..####'],
    ['that is out comes back at once when the others fail too', [...times(3, bad(WELL)), bad(DOWN)], '..#.'],
    ['that is out comes back at once when nobody answers', [...times(3, bad(WELL)), bad(SILENT)], '..#.'],
    ['that comes back so has to fail alone three times again', [...times(3, bad(WELL)), bad(DOWN), ...times(3, bad(WELL))], '..#...#'],
    ['that cannot tell changes nothing', [...times(2, bad(WELL)), { ok: null, peers: WELL }, bad(WELL)], '...#'],
  ] as const) {
    test(what, () => assert.equal(shown(play(rounds)), expected));
  }
});

describe('the end of an outage of AWS', () => {
  test('takes no node out, though the others recover first', () => {
    // One bad round more than they, and then good ones while it still counts as failing.
    assert.equal(shown(play([...times(5, bad(DOWN)), ...times(2, bad(WELL)), ...times(4, good(WELL))])), '...........');
  });

  test('leaves a node out that does not recover with the others', () => {
    assert.equal(shown(play([...times(5, bad(DOWN)), ...times(4, bad(WELL))])), '.......##');
  });
});

describe('not too many are out', () => {
  test('with one of three out the second stays, and says so', () => {
    const rulings = play(times(4, bad([peer(11, 'no', true), peer(12, 'yes', true)])));
    assert.equal(shown(rulings), '....');
    assert.match(rulings[2]?.troubles[0] ?? '', /too many are out already, so this one stays/);
  });

  for (const [others, out, leaves] of [
    [1, 0, true],
    [1, 1, false],
    [2, 1, false],
    [4, 1, false],
    [5, 1, true],
    [5, 2, false],
    [8, 2, true],
    [8, 3, false],
  ] as const) {
    test(`of ${others + 1} nodes ${out} are out: one more ${leaves ? 'may' : 'may not'} leave`, () => {
      const peers = Array.from({ length: others }, (_, index) => peer(20 + index, index < out ? 'no' : 'yes', true));
      assert.equal(last(play(times(3, bad(peers)))).withdraw, leaves);
    });
  }

  test('a silent node is not out: its silence may be ours', () => {
    assert.equal(last(play(times(3, bad([peer(11, 'silent', null), peer(12, 'yes', true)])))).withdraw, true);
  });

  test('of two that left in the same moment the one with the lower address stays out', () => {
    const low = [...times(3, bad(WELL)), bad([peer(11, 'no', true), peer(12, 'yes', true)])];
    const high = [...times(3, bad([peer(10, 'yes', true), peer(12, 'yes', true)])), bad([peer(10, 'no', true), peer(12, 'yes', true)])];
    assert.equal(shown(play(low, ['203.0.113.10'])), '..##');
    assert.equal(shown(play(high, ['203.0.113.11'])), '..#.');
  });

  test('one that does not know its own address yields, and begins to count anew', () => {
    const seesOther = bad([peer(11, 'no', true), peer(12, 'yes', true)]);
    assert.equal(shown(play([...times(3, bad(WELL)), seesOther, ...times(3, bad(WELL))], [])), '..#...#');
  });
});

describe('in words', () => {
  for (const [what, rounds, expected] of [
    ['all is well', times(3, good(WELL)), []],
    ['one failure', [bad(WELL)], []],
    ['alone', times(3, bad(WELL)), [`production is not reached (${WHY}): most other nodes reach it, so this one leaves`]],
    ['AWS', times(3, bad(DOWN)), [`production is not reached (${WHY}): most other nodes do not reach it either, so all stay`]],
    ['no peers', times(3, bad([])), [`production is not reached (${WHY}): no other node has said whether it is, so this one stays`]],
    ['recovering', [...times(3, bad(WELL)), good(WELL)], ['production is reached again, but not yet for long enough']],
    [
      'the others have just recovered',
      [...times(3, bad(DOWN)), bad(WELL)],
      [`production is not reached (${WHY}): most other nodes reach it; this one stays until it has failed alone for long enough`],
    ],
    ['one of two others out', [good(ONE_OUT)], []],
    ['both others out', [good([peer(11, 'no', null), peer(12, 'silent', null)])], ['2 of 2 other nodes are out or silent']],
    ['the only other out', [good([peer(11, 'no', null)])], ['1 of 1 other nodes are out or silent']],
  ] as const) {
    test(what, () => assert.deepEqual(last(play(rounds)).troubles, expected));
  }
});

test('each endpoint is judged by itself: one that nobody reaches does not hide one that only this node misses', () => {
  const view = (last4: number): PeerView => ({ ...peer(last4, 'yes', null), through: { dead: false, mine: true } });
  let endpoints: readonly EndpointState[] = [state({ name: 'dead' }), state({ name: 'mine' })];
  let ruling: Ruling | null = null;
  for (let round = 0; round < FAILURES; round += 1) {
    ruling = rule({
      endpoints: endpoints.map((endpoint) => nextState(endpoint, false, FAILURES)),
      results: new Map([
        ['dead', false],
        ['mine', false],
      ]),
      whys: new Map(),
      peers: [view(11), view(12)],
      failures: FAILURES,
      ownAddresses: [],
      wasWithdrawn: false,
    });
    ({ endpoints } = ruling);
  }
  assert.equal(ruling?.withdraw, true);
  assert.match(ruling?.troubles[0] ?? '', /^dead .*so all stay$/);
  assert.match(ruling?.troubles[1] ?? '', /^mine .*so this one leaves$/);
});
