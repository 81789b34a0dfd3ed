// `pinhole loadtest card`: docs/capacity.md from the reports in docs/loadtest/, or a card from reports of your own.

import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Command } from '../report/parts.ts';
import { readReport } from '../report/read.ts';
import { readOr, say } from '../report/words.ts';
import { type CardInputs, inputsOf } from './inputs.ts';
import { renderCard } from './render.ts';

const INPUTS = fileURLToPath(new URL('../../docs/loadtest/', import.meta.url));

const USAGE = `usage: pinhole loadtest card [REPORT.json...] [--write FILE] [--json]

What a tunnel costs, what a node of each size holds and how many nodes a fleet needs, from reports: one of \`hold\` at least, one of
\`messages\` and one of \`opens\` make it better. Without a report: those that Pinhole itself brings.

  --write FILE   writes it there instead of printing it; never from a synthetic run
  --json         prints the costs as JSON

Exit code 0; 1 where it was not written; 64 for a wrong word, or reports that are not enough.`;

export const card: Command = (args, { out, err }) => {
  const words = parse(args);
  if (typeof words === 'string') return say(err, `${words}\n\n${USAGE}`, 64);
  if (words.help) return say(out, USAGE, 0);

  const paths = words.paths.length > 0 ? words.paths : ownReports();
  if (paths.length === 0) return say(err, 'Pinhole brings no report yet: give one of your own, as ./pinhole loadtest hold wrote it', 64);
  const read = paths.map(readReport);
  const wrong = read.filter((summary) => typeof summary === 'string');
  if (wrong.length > 0) return say(err, wrong.join('\n'), 64);
  const summaries = read.filter((summary) => typeof summary !== 'string');
  const inputs = inputsOf(summaries);
  if (typeof inputs === 'string') return say(err, inputs, 64);

  if (words.json) return say(out, JSON.stringify(inputs, null, 2), 0);
  const text = renderCard(inputs, summaries);
  return words.write === undefined ? say(out, text, 0) : write(words.write, text, inputs, err);
};

/** In the order of their names. */
export function ownReports(): readonly string[] {
  try {
    return readdirSync(INPUTS)
      .filter((name) => name.endsWith('.json'))
      .toSorted()
      .map((name) => `${INPUTS}${name}`);
  } catch {
    return [];
  }
}

function write(path: string, text: string, { isSynthetic }: CardInputs, err: (text: string) => void): number {
  if (isSynthetic) return say(err, `${path} is not written: a report among these is synthetic, and a card is bought by`, 1);
  try {
    writeFileSync(path, text);
    return 0;
  } catch (error) {
    return say(err, `${path} could not be written: ${error instanceof Error ? error.message : String(error)}`, 1);
  }
}

interface Words {
  readonly paths: readonly string[];
  readonly write: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

function parse(args: readonly string[]): Words | string {
  return readOr(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { write: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    return { paths: positionals, write: values.write, json: values.json, help: values.help };
  });
}
