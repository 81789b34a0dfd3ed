// The rows by category, as a table of text.

import type { Case, Outcome } from './corpus-run.ts';
import type { HostileRow } from './rows.ts';

type Word = 'passed' | 'failed';

/** A row has passed where it has at every door. */
export function summarize(rows: readonly HostileRow[], cases: readonly Case[], outcomes: ReadonlyMap<Case, Outcome>): string[] {
  const wordOf = (row: HostileRow): Word => {
    const own = cases.filter((one) => one.row === row);
    const isGood = own.length > 0 && own.every((one) => outcomes.get(one)?.problems.length === 0);
    return isGood ? 'passed' : 'failed';
  };
  const words = rows.map((row) => ({ category: row.category, word: wordOf(row) }));
  const lineOf = (name: string, counted: typeof words): string => {
    const count = (word: Word): string => String(counted.filter((one) => one.word === word).length).padStart(8);
    return `${name.padEnd(18)}${String(counted.length).padStart(8)}${count('passed')}${count('failed')}`;
  };
  const categories = [...new Set(rows.map((row) => row.category))];
  const head = ['rows', 'passed', 'failed'].map((title) => title.padStart(8)).join('');
  return [
    `${'category'.padEnd(18)}${head}`,
    ...categories.map((category) =>
      lineOf(
        category,
        words.filter((one) => one.category === category),
      ),
    ),
    lineOf('all', words),
  ];
}
