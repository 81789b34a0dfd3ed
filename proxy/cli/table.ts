/**
 * Columns as wide as their widest cell, two spaces between, no space at a line's end. A cell is text and nothing more: what would move a terminal's
 * cursor, begin a line or turn the reading around is shown as its number.
 */
export function renderTable(cells: readonly (readonly string[])[], indent = '  '): string {
  const rows = cells.map((row) => row.map(visible));
  const widths = rows.reduce<number[]>((wide, row) => row.map((cell, column) => Math.max(cell.length, wide[column] ?? 0)), []);
  return rows.map((row) => `${indent}${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()).join('\n');
}

/** Control characters (C0, DEL, C1), line ends of Unicode, and those that change the direction of text. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function visible(cell: string): string {
  return cell.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
