// Every scenario is whole: its events come within its time, its steps fill it, its thresholds are figures that it can show.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findScenario, NODE_IDLE_S, SCENARIOS } from './scenarios.ts';

/** A lost figure, or one that no event of the scenario can bring about, would never be judged. */
const NEEDS_A_KILL = new Set(['recoveryByQuota']);
const NEEDS_A_QUOTA = new Set(['recoveryByQuota', 'connectsOverQuota', 'refusalsWithRetryAfter']);

test('names are unique, and each says what question it answers', () => {
  assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
  for (const { name, summary } of SCENARIOS) assert.ok(summary.length > 30, name);
});

for (const { name, events, holdSeconds, nodes, quota, thresholds, work, through, opensPerSecond } of SCENARIOS) {
  test(`${name}: events are in order, end within the hold, and befall nodes that there are`, () => {
    const times = events.map(({ after }) => after);
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    for (const event of events) {
      assert.ok(event.after + ('seconds' in event ? event.seconds : 0) < holdSeconds, JSON.stringify(event));
      if ('node' in event) assert.ok(event.node < nodes, JSON.stringify(event));
    }
    if (through !== 'pinhole') assert.equal(events.length, 0);
  });

  test(`${name}: thresholds are of figures that it can show, each once and with its reason`, () => {
    const figures = thresholds.map(({ figure }) => figure);
    // From both sides a figure may be held.
    assert.equal(new Set(thresholds.map(({ figure, is }) => `${figure} ${is}`)).size, figures.length);
    assert.ok(thresholds.length > 0 && thresholds.every(({ why }) => why.length > 10));
    for (const figure of figures) {
      if (NEEDS_A_KILL.has(figure))
        assert.ok(
          events.some((event) => event.do === 'kill-node'),
          figure,
        );
      if (NEEDS_A_QUOTA.has(figure)) assert.notEqual(quota, null, figure);
    }
  });

  test(`${name}: its steps fill its hold, and its ramp keeps within its quota`, () => {
    if (work.kind !== 'ping')
      assert.equal(
        work.steps.reduce((sum, { seconds }) => sum + seconds, 0),
        holdSeconds,
      );
    if (quota !== null) assert.ok(opensPerSecond <= quota * 0.8);
  });
}

test('every scenario in which agents lose their sessions asks whether they are back when it ends', () => {
  const throws = new Set(['kill-node', 'drain-node', 'far-end-dies']);
  const losing = SCENARIOS.filter(
    ({ events, thresholds }) =>
      events.some((event) => throws.has(event.do)) ||
      thresholds.some(({ figure, is }) => figure === 'unexpectedDrops' && is === 'at least'),
  );
  assert.deepEqual(
    losing.map(({ name }) => name),
    ['storm', 'drain', 'brownout', 'idle-beyond', 'idle-beyond-real'],
  );
  for (const { name, thresholds } of losing)
    assert.ok(
      thresholds.some(({ figure }) => figure === 'backAtEnd'),
      name,
    );
});

for (const name of ['idle-beyond', 'idle-beyond-real']) {
  test(`${name}: an agent can be dropped once and no more, so that as many drops as agents are each of them`, () => {
    const { tunnels, opensPerSecond, holdSeconds, idleSeconds, thresholds, work } = findScenario(name)!;
    const [idle, ramp] = [idleSeconds ?? NODE_IDLE_S, tunnels / opensPerSecond];
    assert.ok(2 * idle > ramp + holdSeconds);
    assert.ok(idle + 10 < holdSeconds);
    // One that pings is not silent; the first ping of each is at a random moment of its cadence (shared/cadence.ts).
    assert.ok(work.kind === 'ping' && (tunnels * (ramp + holdSeconds)) / work.everySeconds < 0.01, 'agents ping within the run');
    const drops = thresholds.filter(({ figure }) => figure === 'unexpectedDrops');
    assert.deepEqual(
      drops.map(({ is, value }) => [is, value]),
      [
        ['at least', tunnels],
        ['at most', tunnels],
      ],
    );
    // Agents of shorter sessions wait longer each time (shared/agent.ts).
    assert.ok(idle > 30);
  });
}

test('a node allows by itself as much silence as is written', () => {
  const page = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  assert.ok(page.includes(`| \`limits.idle\` | duration | \`${NODE_IDLE_S / 60}m\` |`));
});
