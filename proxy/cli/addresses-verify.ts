// `addresses verify`: would an agent with these keys take this list now?

import { judgeList, type JudgedList } from '../addresses/judge.ts';
import { type AddressList, parseInstant } from '../addresses/list.ts';
import { type ListKey, parsePublicKeys } from '../addresses/signature.ts';
import type { AddressesIo } from './addresses.ts';
import { type SeenSheet, seeSheets } from './address-sheets.ts';
import { type Arguments, textOf, textsOf } from './arguments.ts';
import { renderDuration } from './durations.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { readOrNull } from './read-files.ts';
import { renderTable } from './table.ts';

export function verifyList(values: Arguments, io: AddressesIo): number {
  const problems: string[] = [];
  const file = textOf(values, 'list');
  if (file === undefined) problems.push('--list FILE is missing');
  const keys = readKeys(textsOf(values, 'key'), io, problems);
  const text = file === undefined ? null : readOrNull(file, '--list', io, problems);
  for (const problem of problems) io.stderr(`pinhole addresses verify: ${problem}\n`);
  if (file === undefined || text === null || problems.length > 0) return EXIT_USAGE;

  const nowMs = io.clock.wallMs();
  const judged = judgeList(text, keys, nowMs);
  const sheets = judged.ok ? seeSheets(file, judged.list, io) : [];
  const wrong = sheets === null ? ['its sheets are in a form that this version does not know'] : sheets.flatMap(wordsOf);
  if (values['json'] === true) io.stdout(`${JSON.stringify(judged.ok ? { ...judged, sheets } : judged)}\n`);
  else if (judged.ok) io.stdout(render(file, judged, keys, nowMs) + renderSheets(sheets ?? []));
  else io.stderr(`${file}: ${judged.code}: ${judged.why}\n`);
  for (const word of wrong) io.stderr(`${file}: ${word}\n`);
  return judged.ok && wrong.length === 0 ? EXIT_OK : EXIT_FAILED;
}

function wordsOf({ file, state }: SeenSheet): string[] {
  return state === 'changed' ? [`${file} beside it is not the sheet that was made with it`] : [];
}

function renderSheets(sheets: readonly SeenSheet[]): string {
  return sheets.length === 0 ? '' : `\n${renderTable([['sheet', ''], ...sheets.map(({ file, state }) => [file, state])], '')}\n`;
}

function readKeys(files: readonly string[], io: AddressesIo, problems: string[]): ListKey[] {
  if (files.length === 0) problems.push('--key FILE is missing');
  return files.flatMap((file) => {
    const pem = readOrNull(file, '--key', io, problems);
    const keys = pem === null ? null : parsePublicKeys(pem);
    if (pem !== null && keys === null) problems.push(`--key ${file}: not Ed25519 public keys in PEM`);
    return keys ?? [];
  });
}

function render(file: string, { list, signedBy }: JudgedList & { ok: true }, keys: readonly ListKey[], nowMs: number): string {
  const missing = keys.map(({ id }) => id).filter((id) => !signedBy.includes(id));
  const left = renderDuration(parseInstant(list.expires) - nowMs);
  const facts = [
    ['fleet', list.fleet],
    ['proxy', `${list.proxy.host}:${list.proxy.port}`],
    ['issued', list.issued],
    ['expires', `${list.expires}, in ${left}`],
    ['signed by', signedBy.join(', ')],
    ...(missing.length > 0 ? [['not by', missing.join(', ')]] : []),
  ];
  return `${file} is good\n\n${renderTable(facts, '')}\n\n${renderAddresses(list)}\n`;
}

function renderAddresses({ addresses }: AddressList): string {
  return renderTable(
    [['slot', 'address', 'state', ''], ...addresses.map(({ slot, address, state, date = '' }) => [slot, address, state, date])],
    '',
  );
}
