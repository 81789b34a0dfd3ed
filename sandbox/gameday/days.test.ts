// Every game day can be missed: shown a story in which nothing of what was promised came about, or none at all, it says so.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { name, assertSame, assertWords } from '../../proxy/test/support/pages.ts';
import { rowsWith } from '../../proxy/test/support/markdown.ts';
import { readText } from '../../proxy/test/support/tree.ts';
import { GAME_DAYS } from './all-days.ts';
import { outBeforeItEnds } from './days/certificate-expires.ts';
import { verdictOf } from './run.ts';
import { aStory, outage, sampleAt, SLOTS } from './testing/stories.ts';
import type { Story } from './story.ts';

/** The names under which a day keeps what it did, in order: as its own text has them. */
function marksOf(day: string): string[] {
  const text = readFileSync(new URL(`days/${day}.ts`, import.meta.url), 'utf8');
  return [...text.matchAll(/did\(\s*[`']([a-z-]+?)(-\$\{round\})?[`']/g)].flatMap(([, mark = '', round]) =>
    round === undefined ? [mark] : [`${mark}-1`, `${mark}-2`],
  );
}

/** Everything was done, a minute apart, and then nobody was to be seen again, or everybody lost everything. */
function badStory(day: string, of: Parameters<typeof sampleAt>[1]): Story {
  const marks = marksOf(day);
  const agents = SLOTS.map((over, index) => ({ agent: `agent-${index}`, by: 'list' as const, over }));
  return aStory({
    marks: Object.fromEntries(marks.map((mark, index) => [mark, { atMs: index * 60_000, worldMs: index * 600_000 }])),
    agentsAt: Object.fromEntries(marks.map((mark) => [mark, agents])),
    samples: Array.from({ length: marks.length * 60 }, (_, second) => sampleAt(second * 1_000, of)),
    outages: agents.map(({ agent, over }) => outage(agent, over, 30_000, null)),
    away: agents.map(({ agent }) => agent),
  });
}

for (const day of GAME_DAYS) {
  test(`${day.name}: nothing was seen at all`, () => {
    const checks = day.judge(aStory({ agentsAt: {} }));
    assert.ok(checks.length >= 4);
    assert.deepEqual(
      checks.filter(({ ok }) => ok).map(({ objective }) => objective),
      [],
    );
    assert.equal(verdictOf(checks), 'missed');
  });

  test(`${day.name}: every node is gone, and no agent came back`, () => {
    assert.ok(marksOf(day.name).length >= 2, 'the day does something');
    const gone = Object.fromEntries(
      SLOTS.map((slot) => [slot, { inDns: false, state: 'dead' as const, ready: null, probeSecondsAgo: null }]),
    );
    const checks = day.judge(badStory(day.name, gone));
    assert.equal(verdictOf(checks), 'missed');
    assert.ok(checks.filter(({ ok }) => !ok).length >= 3, JSON.stringify(checks, null, 1));
  });

  test(`${day.name}: no node has noticed anything, and no agent came back`, () => {
    assert.equal(verdictOf(day.judge(badStory(day.name, {}))), 'missed');
  });
}

test('a day without a check has shown nothing', () => assert.equal(verdictOf([]), 'missed'));

test('a certificate that is over before the node is out of DNS', () => {
  const leaves = (second: number): boolean =>
    outBeforeItEnds(
      aStory({
        marks: { short: { atMs: 0, worldMs: 0 }, renewed: { atMs: 50_000, worldMs: 500_000 } },
        samples: [sampleAt(1_000), sampleAt(second * 1_000, { 'eu-1b': { inDns: false } })],
      }),
      'eu-1b',
    ).ok;
  assert.deepEqual([leaves(29), leaves(31), leaves(49), leaves(51)], [true, false, false, false]);
});

test('docs/gamedays.md has every game day, with what it does, and no other', () => {
  const page = readText('docs/gamedays.md');
  const rows = rowsWith(page, 'game day', 'what it does', 'objectives');
  assertWords(rows);
  assertSame(
    rows.map(name),
    GAME_DAYS.map((day) => day.name),
    'docs/gamedays.md',
  );
  for (const day of GAME_DAYS)
    assert.equal(
      rows.find((row) => name(row) === day.name)?.[1],
      `${day.does}.`.replace(/^./, (first) => first.toUpperCase()),
    );
  assertSame(
    rowsWith(page, 'game day', 'verdict', 'numbers').map(name),
    GAME_DAYS.map((day) => day.name),
    'docs/gamedays.md, measured',
  );
});
