import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { madeRun } from '../testing/made-run.ts';
import { POINTS_MOST, seriesOf } from './series.ts';

const run = madeRun();

describe('the lines of a run', () => {
  test('have at most 300 points, whatever the run lasted', () => {
    const { at, stepSeconds, sessions } = seriesOf(madeRun({ holdSeconds: 1_900 }));
    assert.equal(stepSeconds, 7);
    assert.ok(at.length <= POINTS_MOST && sessions.established.length === at.length);
    assert.equal(at[1], 7);
  });

  test('have a second to a point where there is room', () => {
    const { stepSeconds, at } = seriesOf(madeRun({ holdSeconds: 100 }));
    assert.deepEqual([stepSeconds, at.length], [1, 170]);
  });

  test('have a hole where the record has one', () => {
    const { sessions, cores } = seriesOf({ ...run, seconds: run.seconds.filter(({ at }) => at < 100 || at >= 120) });
    const [before, inside] = [40, 55];
    assert.notEqual(sessions.established[before], null);
    assert.equal(sessions.established[inside], null);
    assert.equal(cores['k6']?.[inside], null);
  });

  test('have null for a node that is dead, and not zero', () => {
    const { tunnels } = seriesOf(madeRun({ kill: { after: 30, backPerSecond: 450 } }));
    assert.equal(tunnels['node-1']?.at(-1), null);
    assert.equal(typeof tunnels['node-2']?.at(-1), 'number');
  });

  test('ask for opens while sessions should come, and for messages from all that should stand', () => {
    const { rates } = seriesOf(run);
    assert.equal(rates.opensAsked[10], 100);
    assert.equal(rates.opensAsked[100], 0);
    assert.equal(rates.messagesAsked[100], 100);
  });

  test('ask for what a step asks, whatever came of it', () => {
    const { rates, stepSeconds } = seriesOf(
      madeRun({ steps: { of: 'messages', rates: [{ perSecond: 900, seconds: 30 }], mostPerSecond: 400 } }),
    );
    const during = Math.floor(70 / stepSeconds);
    assert.deepEqual([rates.messagesAsked[during], rates.answered[during]], [900, 400]);
  });

  test('ask of one machine of three for its third', () => {
    const made = madeRun({ steps: { of: 'messages', rates: [{ perSecond: 900, seconds: 30 }], mostPerSecond: 300 } });
    const { rates, stepSeconds } = seriesOf({ ...made, machine: { number: 1, of: 3 } });
    assert.equal(rates.messagesAsked[Math.floor(70 / stepSeconds)], 300);
  });

  test('sum up reasons beyond the seventh', () => {
    const failed = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`R${index}`, 100 - index]));
    const { failures } = seriesOf({
      ...run,
      seconds: run.seconds.slice(0, 5).map((second) => ({ ...second, agents: { ...second.agents, failed } })),
    });
    assert.deepEqual(Object.keys(failures), ['R0', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6', '3 other reasons']);
    assert.equal(failures['3 other reasons']?.[0], 93 + 92 + 91);
  });

  test('are empty for a run of which nothing was seen', () => assert.deepEqual(seriesOf({ ...run, seconds: [] }).at, []));
});
