// `addresses make`: a new key, or a list signed with the keys that are there.

import { rmSync } from 'node:fs';
import { shortNotices } from '../addresses/change-notice.ts';
import { isInUse } from '../addresses/judge.ts';
import {
  type AddressList,
  LIST_VERSION,
  nameMistake,
  parseInstant,
  parseList,
  type PublishedAddress,
  renderInstant,
} from '../addresses/list.ts';
import type { SheetFile } from '../addresses/sheet-files.ts';
import { type ListKey, newKey, parsePrivateKey, signList } from '../addresses/signature.ts';
import { classifyAddress } from '../policy/address-class.ts';
import { hostNameMistake } from '../policy/endpoint-name.ts';
import type { AddressesIo } from './addresses.ts';
import { readEntries } from './address-entries.ts';
import { lostFiles } from './address-places.ts';
import { readSheetOrder, type SheetOrder, withSheets, writeSheets } from './address-sheets.ts';
import { type Arguments, textOf, textsOf } from './arguments.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { codeOf, readOrNull } from './read-files.ts';
import { createFile, replaceFile } from './write-file.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = 400;
const DAYS_DEFAULT = '90';

/** The private key for nobody but us, the public one for every agent. */
export function makeKey(file: string, isJson: boolean, io: AddressesIo): number {
  const { id, privatePem, publicPem } = newKey();
  const publicFile = `${file}.pub`;
  try {
    createFile(publicFile, publicPem, 0o644);
    createOrUndo(file, privatePem, publicFile);
  } catch (error) {
    const why = codeOf(error) === 'EEXIST' ? 'is there already; a key is never replaced' : `cannot be written (${codeOf(error)})`;
    io.stderr(`pinhole addresses make: ${file} or ${publicFile} ${why}\n`);
    return EXIT_FAILED;
  }
  io.stdout(
    isJson
      ? `${JSON.stringify({ key: id, privateFile: file, publicFile })}\n`
      : `key ${id}\n${file}: signs lists; keep it off the nodes, and keep a copy\n${publicFile}: give it to agents as --addresses-key\n`,
  );
  return EXIT_OK;
}

/** Half a pair is of no use to anybody, and in the way of the next try. */
function createOrUndo(file: string, privatePem: string, publicFile: string): void {
  try {
    createFile(file, privatePem, 0o600);
  } catch (error) {
    rmSync(publicFile);
    throw error;
  }
}

export function makeList(values: Arguments, io: AddressesIo): number {
  const nowMs = io.clock.wallMs();
  const problems: string[] = [];
  const keys = readKeys(textsOf(values, 'key'), io, problems);
  const order = readSheetOrder(values, problems);
  const plain = listOf(values, nowMs, io, problems);
  const [list, sheets] = order === null || problems.length > 0 ? [plain, []] : withSheets(plain, order);
  if (problems.length === 0)
    problems.push(
      ...lostFiles(
        values,
        sheets.map(({ file }) => file),
      ),
    );
  // What agents would be told of a form of ours is told here, before anything is signed.
  const text = problems.length === 0 ? signList(list, keys) : '';
  const parsed = problems.length === 0 ? parseList(text) : null;
  if (parsed?.ok === false) problems.push(parsed.why);
  if (problems.length === 0 && !list.addresses.some(isInUse))
    problems.push('no address is active or standby: agents would not take the list');
  for (const problem of problems) io.stderr(`pinhole addresses make: ${problem}\n`);
  if (problems.length > 0) return EXIT_USAGE;

  const out = textOf(values, 'out');
  const earlier = out === undefined ? null : listAt(out, io);
  const warnings = [...warningsOf(list.addresses), ...noticesOf(order, earlier, list)];
  for (const warning of warnings) io.stderr(`pinhole addresses make: warning: ${warning}\n`);
  if (out === undefined) {
    io.stdout(text);
    return EXIT_OK;
  }
  return putInPlace(out, text, { list, sheets, earlier, keys, isJson: values['json'] === true }, io);
}

function readKeys(files: readonly string[], io: AddressesIo, problems: string[]): ListKey[] {
  if (files.length === 0) problems.push('--key FILE is missing');
  return files.flatMap((file) => {
    const pem = readOrNull(file, '--key', io, problems);
    const key = pem === null ? null : parsePrivateKey(pem);
    if (pem !== null && key === null) problems.push(`--key ${file}: not an Ed25519 private key in PEM`);
    return key ?? [];
  });
}

function listOf(values: Arguments, nowMs: number, io: AddressesIo, problems: string[]): AddressList {
  const fleet = textOf(values, 'fleet') ?? '';
  const host = textOf(values, 'host') ?? '';
  const [ofFleet, ofHost] = [nameMistake(fleet), hostNameMistake(host)];
  if (fleet === '') problems.push('--fleet NAME is missing');
  else if (ofFleet !== null) problems.push(`--fleet ${fleet}: ${ofFleet}`);
  if (host === '') problems.push('--host NAME is missing');
  else if (ofHost !== null) problems.push(`--host ${host}: ${ofHost}`);
  const port = numberOf(values, 'port', '443', 65_535, problems);
  const days = numberOf(values, 'days', DAYS_DEFAULT, DAYS_MAX, problems);

  const from = textOf(values, 'from');
  const text = from === undefined ? null : readOrNull(from, '--from', io, problems);
  const read = readEntries(textsOf(values, 'address'), text === null ? null : { name: from ?? '', text });
  if (!read.ok) problems.push(...read.problems);
  else if (read.entries.length === 0 && (from === undefined || text !== null))
    problems.push('no address: give --address ENTRY or --from FILE');
  return {
    version: LIST_VERSION,
    fleet,
    proxy: { host, port },
    issued: renderInstant(nowMs),
    expires: renderInstant(nowMs + days * DAY_MS),
    addresses: read.ok ? read.entries : [],
  };
}

function numberOf(values: Arguments, name: string, fallback: string, max: number, problems: string[]): number {
  const text = textOf(values, name) ?? fallback;
  if (!/^[1-9][0-9]{0,4}$/.test(text) || Number(text) > max) problems.push(`--${name} ${text}: expected a whole number from 1 to ${max}`);
  return Number(text);
}

/** Legal, and perhaps not meant. */
function warningsOf(addresses: readonly PublishedAddress[]): string[] {
  const odd = addresses.filter(({ address }) => classifyAddress(address) !== 'public');
  return [
    ...odd.map(({ address }) => `${address} is not public (${classifyAddress(address)})`),
    ...(addresses.filter(isInUse).length < 2 ? ['one address in use: where its node dies, agents have nowhere to go'] : []),
  ];
}

function noticesOf(order: SheetOrder | null, earlier: AddressList | null, list: AddressList): string[] {
  return order === null || earlier === null ? [] : shortNotices(earlier, list, order.noticeDays);
}

interface Made {
  readonly list: AddressList;
  readonly sheets: readonly SheetFile[];
  /** The one whose place it takes. */
  readonly earlier: AddressList | null;
  readonly keys: readonly ListKey[];
  readonly isJson: boolean;
}

function putInPlace(out: string, text: string, { list, sheets, earlier, keys, isJson }: Made, io: AddressesIo): number {
  if (earlier !== null && parseInstant(earlier.issued) >= parseInstant(list.issued)) {
    io.stderr(
      `pinhole addresses make: ${out} was issued at ${earlier.issued}, not before ${list.issued}: agents that have it would not take this one\n`,
    );
    return EXIT_FAILED;
  }
  try {
    // The list last: it never vouches for what is not there yet.
    writeSheets(out, sheets);
    replaceFile(out, text);
  } catch (error) {
    const left = sheets.length === 0 ? 'what was there is untouched' : 'its sheets may be newer than it: make them again';
    io.stderr(`pinhole addresses make: ${out} cannot be written (${codeOf(error)}); ${left}\n`);
    return EXIT_FAILED;
  }
  const names = sheets.map(({ file }) => file);
  const made = { file: out, fleet: list.fleet, issued: list.issued, expires: list.expires, addresses: list.addresses.length };
  const ids = keys.map(({ id }) => id);
  io.stdout(
    isJson
      ? `${JSON.stringify({ ...made, keys: ids, sheets: names })}\n`
      : `${out}: ${made.addresses} addresses of ${list.fleet}, good until ${list.expires}, signed by ${ids.join(' and ')}\n` +
          (names.length > 0 ? `beside it, for firewall admins: ${names.join(', ')}\n` : ''),
  );
  return EXIT_OK;
}

/** The list that is there; null where there is none, or something else. */
function listAt(file: string, io: AddressesIo): AddressList | null {
  try {
    const parsed = parseList(io.readFile(file));
    return parsed.ok ? parsed.list : null;
  } catch {
    return null;
  }
}
