// docs/loadtest.md is held equal, both ways, to what the rig and the report are.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { pinnedVersion } from './k6-binary.ts';
import { GENERATOR_KIB_PER_SOCKET, PROCESS_SOCKETS_MAX } from './plan.ts';
import { FIGURE_NAMES } from './report/figures.ts';
import { SCENARIOS } from './scenarios.ts';
import { parseTarget, TARGET_KEYS } from './target.ts';

const page = readFileSync(new URL('../docs/loadtest.md', import.meta.url), 'utf8');

/** The rows of the table under a heading with these columns. */
function rowsWith(...columns: readonly string[]): readonly (readonly string[])[] {
  const lines = page.split('\n');
  const head = lines.indexOf(`| ${columns.join(' | ')} |`);
  assert.ok(head >= 0, columns.join(', '));
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  return lines.slice(head + 2, end).map((line) => line.slice(2, -2).split(' | '));
}

const named = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');

describe('docs/loadtest.md', () => {
  test('has every scenario as it is, in its order, and no other', () => {
    assert.deepEqual(
      rowsWith('scenario', 'what it asks', 'tunnels', 'nodes').map(([name, ...rest]) => [named(name), ...rest]),
      SCENARIOS.map(({ name, summary, tunnels, nodes, through }) => [
        name,
        summary,
        tunnels.toLocaleString('en'),
        through === 'pinhole' ? String(nodes) : through,
      ]),
    );
  });

  test('says of every figure what it is, and of no other', () => {
    assert.deepEqual(
      rowsWith('figure', 'what it is').map(([name]) => named(name)),
      FIGURE_NAMES,
    );
  });

  test('has a target that can be taken', () => {
    const example = /```yaml[^\n]*\n([^]*?)```/.exec(page)?.[1] ?? '';
    const read = parseTarget(example);
    assert.equal(read.ok, true, read.ok ? '' : read.problems.join('\n'));
  });

  test('has every key of a target, and no other', () => {
    assert.deepEqual(
      rowsWith('key', 'what it is').map(([name]) => named(name)),
      TARGET_KEYS,
    );
  });

  test('says what a k6 process holds, and what that takes', () => {
    const [most, each] = [PROCESS_SOCKETS_MAX.toLocaleString('en'), GENERATOR_KIB_PER_SOCKET];
    assert.ok(page.includes(`${most} tunnels a k6 process, ${each} KiB each`), `${most}, ${each} KiB`);
  });

  test('names the k6 that is built where there is none', () => assert.ok(page.includes(`k6 ${pinnedVersion()} is built`)));
});
