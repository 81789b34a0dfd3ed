// The files of a report, and its lines for the terminal.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderHtml } from './html.ts';
import type { WriteReport } from './parts.ts';
import { type Summary, summarise } from './summary.ts';
import { OUTCOMES, TITLES } from './titles.ts';
import { renderValue } from './verdict.ts';

export const JSON_NAME = 'report.json';
export const HTML_NAME = 'report.html';

export const writeReport: WriteReport = (record, folder) => {
  const summary = summarise(record);
  const unwritten = writeFiles(summary, folder);
  const where = unwritten === null ? `Report: ${join(folder, HTML_NAME)} and ${JSON_NAME} beside it` : unwritten;
  return { verdict: summary.verdict.outcome, lines: [...linesOf(summary), where], unwritten };
};

/** Each file whole or not at all: first beside its place, then into it. Null, or why not. */
function writeFiles(summary: Summary, folder: string): string | null {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    return `No report: the folder ${folder} could not be made (${codeOf(error)}).`;
  }
  const missing = [
    writeWhole(join(folder, JSON_NAME), `${JSON.stringify(summary)}\n`),
    writeWhole(join(folder, HTML_NAME), renderHtml(summary)),
  ].filter((why) => why !== null);
  return missing.length === 0 ? null : missing.join('\n');
}

function writeWhole(path: string, text: string): string | null {
  const beside = `${path}.part`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, path);
    return null;
  } catch (error) {
    try {
      rmSync(beside, { force: true });
    } catch {
      // A disk that takes no file may keep this one, too; what went wrong was the write.
    }
    return `${path} could not be written (${codeOf(error)}): free some room, or give another folder with --report.`;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

export function linesOf({ verdict, figures, cautions }: Summary): string[] {
  const rows = verdict.thresholds.map(({ figure, is, value, isHeld }) => {
    const got = figures[figure];
    const seen = got.value === null ? (got.never ? 'never' : 'not shown') : renderValue(figure, got.value);
    const word = isHeld === null ? '?     ' : isHeld ? 'held  ' : 'missed';
    return `  ${word}  ${TITLES[figure]}: ${seen} (wanted ${is} ${renderValue(figure, value)})`;
  });
  return [
    `${OUTCOMES[verdict.outcome]}${verdict.thresholds.length === 0 ? ', without a threshold' : ''}`,
    ...verdict.invalid.map((why) => `  ${why}`),
    ...rows,
    ...cautions.map((caution) => `  note: ${caution}`),
  ];
}
