// The files for firewall admins beside the list: what they are called, and how the signed list vouches for them. Their own text carries no
// signature: the list has the SHA-256 of each, so that whoever trusts the list can trust them, also where another version wrote them.

import { createHash } from 'node:crypto';
import type { AddressList, SheetDigest } from './list.ts';
import { renderHtml } from './sheet-html.ts';
import { renderPac } from './sheet-pac.ts';
import { renderText } from './sheet-text.ts';

export interface SheetFile {
  readonly file: string;
  readonly text: string;
}

/** A bare name: what a list says must not lead a reader to another folder. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** One of each kind, and room for kinds of later versions. */
const SHEETS_MAX = 16;

/** What the sheets of `addresses.json` begin with: `addresses`. Null where that would be no plain name. */
export function sheetStem(listFile: string): string | null {
  const stem = listFile.replace(/\.json$/, '');
  return FILE_NAME.test(`${stem}.html`) ? stem : null;
}

/** Without endpoints there is no PAC file: it would have to send everything to the proxy, or nothing. */
export function renderSheets(list: AddressList, stem: string, endpoints: readonly string[]): SheetFile[] {
  return [
    { file: `${stem}.txt`, text: renderText(list) },
    { file: `${stem}.html`, text: renderHtml(list, stem) },
    ...(endpoints.length > 0 ? [{ file: `${stem}.pac`, text: renderPac(list, endpoints) }] : []),
  ];
}

export function digestOf({ file, text }: SheetFile): SheetDigest {
  return { file, sha256: sha256(text) };
}

/** The sheets that a list vouches for; null where it says so in a form that this version does not know. */
export function sheetsOf({ sheets = [] }: AddressList): readonly SheetDigest[] | null {
  const entries: unknown = sheets;
  if (!Array.isArray(entries) || entries.length > SHEETS_MAX) return null;
  return entries.every(isDigest) ? entries : null;
}

export type SheetState = 'good' | 'changed' | 'not here';

/** `text` is null where the file is not there. */
export function judgeSheet(digest: SheetDigest, text: string | null): SheetState {
  if (text === null) return 'not here';
  return sha256(text) === digest.sha256 ? 'good' : 'changed';
}

function isDigest(entry: unknown): entry is SheetDigest {
  if (typeof entry !== 'object' || entry === null || !('file' in entry) || !('sha256' in entry)) return false;
  const { file, sha256: digest } = entry;
  return typeof file === 'string' && FILE_NAME.test(file) && typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
