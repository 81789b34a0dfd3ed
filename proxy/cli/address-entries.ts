// `SLOT=ADDRESS[,STATE[,DATE]]`: how an address is stated, on the command line and one a line in a file.

import { ADDRESS_STATES, entryMistake, type PublishedAddress } from '../addresses/list.ts';

export type ReadEntries =
  | { readonly ok: true; readonly entries: readonly PublishedAddress[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** `file` is null, or the name and the text of one. */
export function readEntries(flags: readonly string[], file: { readonly name: string; readonly text: string } | null): ReadEntries {
  const lines = (file?.text ?? '')
    .split('\n')
    .map((line, index) => ({ text: line.replace(/#.*/, '').trim(), at: `${file?.name}:${index + 1}` }));
  const written = [...flags.map((text) => ({ text, at: '--address' })), ...lines.filter(({ text }) => text !== '')];
  const entries: PublishedAddress[] = [];
  const problems: string[] = [];
  for (const { text, at } of written) {
    const entry = parseEntry(text);
    if (typeof entry === 'string') problems.push(`${at}: ${text}: ${entry}`);
    else entries.push(entry);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, entries };
}

function parseEntry(text: string): PublishedAddress | string {
  const [, slot, address = '', state = 'active', date, more] = /^([^=]*)=([^,]*)(?:,([^,]*))?(?:,([^,]*))?(,.*)?$/.exec(text) ?? [];
  if (slot === undefined || more !== undefined) return 'expected SLOT=ADDRESS, SLOT=ADDRESS,STATE or SLOT=ADDRESS,STATE,DATE';
  const entry = { slot, address, state, ...(date === undefined ? {} : { date }) };
  const mistake = entryMistake(entry);
  if (mistake !== null) return mistake;
  const known = ADDRESS_STATES.find((candidate) => candidate === state);
  return known === undefined ? 'no such state' : { ...entry, state: known };
}
