// Tables and links of a Markdown text, as far as our own pages need them.

export interface Table {
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Every table with the heading it stands under. Throws where a row has more or fewer cells than its head. */
export function readTables(markdown: string): Table[] {
  const tables: Table[] = [];
  let heading = '';
  let open: { heading: string; columns: readonly string[]; rows: string[][] } | null = null;
  for (const line of markdown.replace(/^```.*?^```/gms, '').split('\n')) {
    const title = /^#{1,6} (.+)$/.exec(line)?.[1];
    if (title !== undefined) heading = title;
    if (!line.startsWith('|')) {
      open = null;
      continue;
    }
    const cells = cellsOf(line);
    if (!open) {
      open = { heading, columns: cells, rows: [] };
      tables.push(open);
    } else if (!cells.every((cell) => /^-+$/.test(cell))) {
      if (cells.length !== open.columns.length) throw new Error(`${heading}: ${cells.length} cells in: ${line}`);
      open.rows.push(cells);
    }
  }
  return tables;
}

function cellsOf(line: string): string[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/** The rows of the one table under a heading. */
export function tableUnder(markdown: string, heading: string): readonly (readonly string[])[] {
  const [table, ...more] = readTables(markdown).filter((candidate) => candidate.heading === heading);
  if (!table || more.length > 0) throw new Error(`${heading}: expected one table`);
  return table.rows;
}

/** The rows of every table with these columns, wherever it stands. */
export function rowsWith(markdown: string, ...columns: readonly string[]): readonly (readonly string[])[] {
  const found = readTables(markdown).filter((table) => table.columns.join() === columns.join());
  if (found.length === 0) throw new Error(`no table has the columns ${columns.join(', ')}`);
  return found.flatMap((table) => table.rows);
}

/** What stands between backquotes in a cell or a line; not for a text with fences. */
export function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

/** Targets of links to files of ours, without their anchors. */
export function linksIn(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^(?:https?:|mailto:|#)/.test(target))
    .map((target) => target.replace(/#.*$/, ''));
}
