// `--sheets` of `addresses make`, and what `addresses verify` says of the sheets that lie beside a list.

import { basename, dirname, join } from 'node:path';
import type { AddressList } from '../addresses/list.ts';
import { digestOf, judgeSheet, renderSheets, type SheetFile, sheetsOf, sheetStem, type SheetState } from '../addresses/sheet-files.ts';
import { hostNameMistake } from '../policy/endpoint-name.ts';
import { type Arguments, textOf, textsOf } from './arguments.ts';
import type { CliIo } from './io.ts';
import { replaceFile } from './write-file.ts';

const NOTICE_DEFAULT = '90';
const NOTICE_MAX = 365;
const CONTACT_LENGTH_MAX = 200;
/** Flags that say what is on the sheets. */
const SHEET_FLAGS = ['endpoint', 'contact', 'notice'] as const;

export interface SheetOrder {
  /** What the names of the sheets begin with. */
  readonly stem: string;
  readonly endpoints: readonly string[];
  readonly noticeDays: number;
  readonly contact: string | undefined;
}

/** Null where no sheets are wanted. */
export function readSheetOrder(values: Arguments, problems: string[]): SheetOrder | null {
  if (values['sheets'] !== true) {
    for (const flag of SHEET_FLAGS) if (values[flag] !== undefined) problems.push(`--${flag} is for the sheets: add --sheets`);
    return null;
  }
  const out = textOf(values, 'out');
  const stem = out === undefined ? '' : sheetStem(basename(out));
  if (out === undefined) problems.push('--sheets writes beside the list: give --out FILE');
  if (stem === null) problems.push(`--out ${out}: with --sheets a name of letters, digits, dots, hyphens and underscores`);
  const endpoints = textsOf(values, 'endpoint');
  for (const endpoint of endpoints) {
    const mistake = hostNameMistake(endpoint);
    if (mistake !== null) problems.push(`--endpoint ${endpoint}: ${mistake}`);
  }
  const notice = textOf(values, 'notice') ?? NOTICE_DEFAULT;
  if (!/^[1-9][0-9]{0,2}$/.test(notice) || Number(notice) > NOTICE_MAX)
    problems.push(`--notice ${notice}: expected a whole number from 1 to ${NOTICE_MAX}`);
  const contact = textOf(values, 'contact');
  if (contact !== undefined && (contact.length > CONTACT_LENGTH_MAX || /[^\x20-\x7e]/.test(contact)))
    problems.push(`--contact: expected up to ${CONTACT_LENGTH_MAX} printable ASCII characters`);
  return { stem: stem ?? '', endpoints, noticeDays: Number(notice), contact };
}

/** The sheets, and the list that vouches for them. */
export function withSheets(list: AddressList, { stem, endpoints, noticeDays, contact }: SheetOrder): [AddressList, readonly SheetFile[]] {
  const promised = { ...list, notice: noticeDays, ...(contact === undefined ? {} : { contact }) };
  const sheets = renderSheets(promised, stem, endpoints);
  return [{ ...promised, sheets: sheets.map(digestOf) }, sheets];
}

/** Throws where one cannot be written. */
export function writeSheets(out: string, sheets: readonly SheetFile[]): void {
  for (const { file, text } of sheets) replaceFile(join(dirname(out), file), text);
}

export interface SeenSheet {
  readonly file: string;
  readonly state: SheetState;
}

/** The sheets that the list vouches for, as they lie beside it; null where it says so in a form that this version does not know. */
export function seeSheets(listFile: string, list: AddressList, io: CliIo): SeenSheet[] | null {
  const digests = sheetsOf(list);
  return (
    digests &&
    digests.map((digest) => ({ file: digest.file, state: judgeSheet(digest, textOrNull(join(dirname(listFile), digest.file), io)) }))
  );
}

function textOrNull(file: string, io: CliIo): string | null {
  try {
    return io.readFile(file);
  } catch {
    return null;
  }
}
