// `pinhole loadtest compare A B`: two report.json files side by side, as text, JSON or a page.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ComparedRow, compareRuns, type Comparison } from './comparison.ts';
import { page } from './html.ts';
import { html } from './page/markup.ts';
import { table } from './page/table.ts';
import type { Command } from './parts.ts';
import { readReport } from './read.ts';
import { readOr, say } from './words.ts';

const USAGE = `usage: pinhole loadtest compare A B [--html FILE] [--json]

Two reports side by side: A and B are report.json files, or the folders in which they are. The ratio is B by A.

  --html FILE   writes it as a page, too
  --json        prints it as JSON

Exit code 0; 1 where the page could not be written; 2 where the two cannot be compared (it says why, and shows them without ratios);
64 for a wrong word, or a file that is no report.`;

export const compare: Command = (args, { out, err }) => {
  const words = parse(args);
  if (typeof words === 'string') return say(err, `${words}\n\n${USAGE}`, 64);
  if (words.help) return say(out, USAGE, 0);

  const [one, other] = words.paths.map(readReport);
  if (one === undefined || other === undefined) return say(err, USAGE, 64);
  if (typeof one === 'string') return say(err, one, 64);
  if (typeof other === 'string') return say(err, other, 64);

  const comparison = compareRuns(one, other);
  out(words.json ? JSON.stringify(comparison, null, 2) : renderText(comparison));
  if (words.html !== undefined) {
    try {
      writeFileSync(words.html, renderPage(comparison));
    } catch (error) {
      return say(err, `${words.html} could not be written: ${error instanceof Error ? error.message : String(error)}`, 1);
    }
  }
  return comparison.obstacles.length === 0 ? 0 : 2;
};

interface Words {
  readonly paths: readonly string[];
  readonly html: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

function parse(args: readonly string[]): Words | string {
  return readOr(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { html: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    if (positionals.length !== 2 && !values.help) return `two reports are wanted, ${positionals.length} given`;
    return { paths: positionals.map(inFolder), html: values.html, json: values.json, help: values.help };
  });
}

function inFolder(path: string): string {
  return path.endsWith('.json') ? path : `${path.replace(/\/$/, '')}/report.json`;
}

export function renderText({ names, obstacles, differences, rows }: Comparison): string {
  const cells = [['', 'A', 'B', 'B / A'], ...rows.map(cellsOf)];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  const table = cells.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '),
  );
  return [
    `A: ${names[0]}`,
    `B: ${names[1]}`,
    ...obstacles.map((why) => `Not comparable: ${why}`),
    ...differences.map((what) => `Differs: ${what}`),
    '',
    ...table,
  ].join('\n');
}

function renderPage({ names, obstacles, differences, rows }: Comparison): string {
  return page(
    `${names[0]} beside ${names[1]}`,
    [],
    [
      html`<header><h1>Two load tests side by side</h1></header>
        <dl>
          <dt>A</dt>
          <dd>${names[0]}</dd>
          <dt>B</dt>
          <dd>${names[1]}</dd>
        </dl>`,
      html`${obstacles.map((why) => html`<p class="note"><strong>Not comparable:</strong> ${why}</p>`)}`,
      html`${differences.map((what) => html`<p class="soft">Differs: ${what}</p>`)}`,
      table(['what', '#A', '#B', '#B / A'], rows.map(cellsOf)),
    ],
  );
}

function cellsOf({ name, one, other, ratio }: ComparedRow): readonly string[] {
  return [name, one, other, ratio === null ? '–' : `× ${ratio.toFixed(2)}`];
}
