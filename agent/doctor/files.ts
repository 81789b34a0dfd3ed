// The files of the doctor's flags: read and checked before anything is dialled, so that a wrong path is not found out at a handshake.

import { createSecureContext } from 'node:tls';
import { parseKeys } from '../address-list.ts';
import { messageOf } from '../failure.ts';
import { type DoctorOptions, FILE_OPTIONS, type FileOption } from './options.ts';

export type Texts = { readonly [name in FileOption]: string | undefined };

export type LoadedFiles = { readonly ok: true; readonly texts: Texts } | { readonly ok: false; readonly problems: readonly string[] };

export function loadFiles(files: DoctorOptions['files'], readFile: (path: string) => string): LoadedFiles {
  const problems: string[] = [];
  const read = (name: FileOption): string | undefined => {
    const path = files[name];
    if (path === null) return undefined;
    try {
      return readFile(path);
    } catch (error) {
      problems.push(`--${name}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const texts = Object.fromEntries(FILE_OPTIONS.map((name) => [name, read(name)])) as Texts;
  problems.push(...problemsIn(texts));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, texts };
}

function problemsIn(texts: Texts): string[] {
  const problems: string[] = [];
  for (const [names, pair] of [
    ['--cert, --key, --ca', { cert: texts.cert, key: texts.key, ca: texts.ca }],
    ['--proxy-cert, --proxy-key, --proxy-ca', { cert: texts['proxy-cert'], key: texts['proxy-key'], ca: texts['proxy-ca'] }],
  ] as const) {
    try {
      createSecureContext(Object.fromEntries(Object.entries(pair).filter(([, text]) => text !== undefined)));
    } catch (error) {
      problems.push(`${names}: not a certificate and its key in PEM (${messageOf(error)})`);
    }
  }
  const { 'addresses-key': key, login } = texts;
  if (key !== undefined && parseKeys(key) === null) problems.push('--addresses-key: not an Ed25519 public key in PEM');
  // The file's words are not repeated: one of them is a token.
  if (login !== undefined && !/^[^:\s]+:\S+\s*$/.test(login)) problems.push('--login: expected one line TENANT:TOKEN in the file');
  return problems;
}
