// The table of hostile and odd inputs, rows.tsv: one raw input a line, C-escaped, with what must come of it. The columns are
// `id category phase input expected why`; what `expected` means is said in `Expected`.

import { readFileSync } from 'node:fs';

/**
 * `deny-400` refused for its form (400, 414, 417, 426, 431, 501 or 505), `deny-403` by policy (403, 404, 405 or 421), `deny-407` for
 * want of credentials; `close` an alert or a close (an HTTP refusal first is fine on an HTTP door); `allow` served; `bounded` any
 * answer within the caps; `survive` a clean failure for that client alone.
 */
export type Expected = 'deny-400' | 'deny-403' | 'deny-407' | 'close' | 'allow' | 'bounded' | 'survive';

export interface HostileRow {
  readonly id: string;
  readonly category: string;
  /** The first half of the phase: `plain`, `gw` or `any`. */
  readonly door: string;
  /** The second half of the phase. */
  readonly stage: string;
  /** As written in the table. */
  readonly input: string;
  /** The exact bytes to send after connecting. */
  readonly bytes: Buffer;
  readonly expected: Expected;
  readonly why: string;
}

const EXPECTED: ReadonlySet<string> = new Set(['deny-400', 'deny-403', 'deny-407', 'close', 'allow', 'bounded', 'survive']);
const HEADER = 'id\tcategory\tphase\tinput\texpected\twhy';
const PHASE = /^([a-z]+)\.([a-z]+)$/;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([rnt0\\])|[\s\S]?)/g;
const PLAIN: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' };
const REPEAT = /\{\{rep:([\s\S]*?):([0-9]+)\}\}/g;

export function readRows(): readonly HostileRow[] {
  return parseRows(readFileSync(new URL('./rows.tsv', import.meta.url), 'latin1'));
}

/** Throws on anything that is not a table of rows: a row that is skipped in silence tests nothing. */
export function parseRows(tsv: string): readonly HostileRow[] {
  const [header, ...lines] = tsv.replace(/\n$/, '').split('\n');
  if (header !== HEADER) throw new Error(`the header is not: ${HEADER}`);
  const rows = lines.map((line) => parseRow(line));
  const ids = new Set(rows.map((row) => row.id));
  if (ids.size !== rows.length) throw new Error('an id stands twice');
  return rows;
}

function parseRow(line: string): HostileRow {
  const columns = line.split('\t');
  const [id = '', category = '', phase = '', input = '', expected = '', why = ''] = columns;
  const [, door, stage] = PHASE.exec(phase) ?? [];
  if (columns.length !== 6 || !door || !stage || !isExpected(expected)) throw new Error(`not a row: ${line.slice(0, 80)}`);
  return { id, category, door, stage, input, bytes: unescapeInput(input), expected, why };
}

function isExpected(word: string): word is Expected {
  return EXPECTED.has(word);
}

/** `\r \n \t \0 \\ \xHH` first, then `{{rep:TEXT:N}}`, where `{i}` in TEXT is the number of the repeat from 0. */
export function unescapeInput(input: string): Buffer {
  const text = input.replace(ESCAPE, (escape, hex: string | undefined, plain: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    const char = plain === undefined ? undefined : PLAIN[plain];
    if (char === undefined) throw new Error(`unknown escape: ${escape}`);
    return char;
  });
  const expanded = text.replace(REPEAT, (_, repeated: string, times: string) => {
    if (!repeated.includes('{i}')) return repeated.repeat(Number(times));
    return Array.from({ length: Number(times) }, (_, index) => repeated.replaceAll('{i}', String(index))).join('');
  });
  return Buffer.from(expanded, 'latin1');
}
