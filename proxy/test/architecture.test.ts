// ARCHITECTURE.md shows the house as it is: the enforced import rules, files that are there, names that the code has. And no page of ours
// links to nowhere.

import assert from 'node:assert/strict';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { LAYERS, TUNNEL_PARTS } from './support/layer-table.ts';
import { asAllowed, renderModule } from './support/layers.ts';
import { codesIn, linksIn, tableUnder } from './support/markdown.ts';
import { assertSame } from './support/pages.ts';
import { listFiles, readText } from './support/tree.ts';

/** Made by a build, or where there is a C compiler. */
const MADE = ['compiled/', 'proxy/native/build/'];

describe('ARCHITECTURE.md', () => {
  const page = readText('ARCHITECTURE.md');
  const files = listFiles();

  test('shows the import rules as they are enforced', () => {
    const cell = (items: readonly string[], none: string): string =>
      items.length === 0 ? none : items.map((item) => `\`${item}\``).join(', ');
    const short = (place: string): string => place.replace(/^proxy\//, '');
    const expected = LAYERS.map((layer) => [
      `\`${layer.place}\``,
      layer.imports
        .map(asAllowed)
        .map(({ place, types }) => `${types ? 'types of ' : ''}\`${short(place)}\``)
        .join(', ') || 'nothing of ours',
      layer.node === 'any' ? 'anything' : cell(layer.node.map(renderModule), '`Buffer` only'),
      cell(layer.packages, 'none'),
    ]);
    assert.deepEqual(tableUnder(page, 'Who may import whom'), expected);
  });

  test('says which part of the tunnel a file is', () => {
    for (const [part, names] of Object.entries(TUNNEL_PARTS)) {
      const line = new RegExp(`^- \\*\\*${part}s\\*\\*[^:]*: (.*(?:\\n {2}.*)*)`, 'm').exec(page)?.[1] ?? '';
      assertSame(codesIn(line), names, `ARCHITECTURE.md, "${part}s",`);
    }
  });

  test('names only files and folders that are there', () => {
    const named = [
      ...page.matchAll(/(?<![\w/.-])(?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|md)\b|(?<=`)(?:[\w-]+\/)+(?=`)|(?<=`)[\w-]+\.(?:ts|md)(?=`)/g),
    ];
    const places = new Set(named.map(([place]) => place));
    assert.ok(places.size > 50, `${places.size} places were found`);
    const isThere = (place: string): boolean => files.some((file) => [place, `proxy/${place}`].some((path) => `${file}/`.startsWith(path)));
    assert.deepEqual(
      [...places].filter((place) => !isThere(place) && !MADE.includes(place)),
      [],
    );
  });

  test('is one page', () => assert.ok(page.split('\n').length <= 190, `${page.split('\n').length} lines`));

  test('has recipes of at most four files each', () => {
    const recipes = page.slice(page.indexOf('## Change recipes')).matchAll(/^- \*\*(.+?)\*\*: (.*(?:\n {2}.*)*)/gm);
    const counts = [...recipes].map(
      ([, what = '', how = '']) => [what, new Set(codesIn(how).filter((code) => /\.(ts|md|json)$/.test(code))).size] as const,
    );
    assert.ok(counts.length >= 7, `${counts.length} recipes`);
    for (const [what, count] of counts) assert.ok(count >= 1 && count <= 4, `${what}: ${count} files`);
  });
});

describe('every page', () => {
  for (const path of listFiles().filter((file) => file.endsWith('.md'))) {
    test(`${path} links only to what is there`, () => {
      const files = listFiles();
      for (const target of linksIn(readText(path))) {
        const found = normalize(join(dirname(path), target)).replace(/\/$/, '');
        assert.ok(
          files.some((file) => file === found || file.startsWith(`${found}/`)),
          `${target} in ${path}`,
        );
      }
    });
  }
});
