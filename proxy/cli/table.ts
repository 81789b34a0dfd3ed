/** Columns as wide as their widest cell, two spaces between, no space at a line's end. */
export function renderTable(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths = rows.reduce<number[]>((wide, row) => row.map((cell, column) => Math.max(cell.length, wide[column] ?? 0)), []);
  return rows.map((row) => `${indent}${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()).join('\n');
}
