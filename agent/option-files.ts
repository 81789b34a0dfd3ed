// The files of flags: read and checked before anything is dialled, so that a wrong path is not found out at a handshake.

import { createSecureContext } from 'node:tls';
import { parseKeys } from './address-list.ts';
import { messageOf } from './failure.ts';
import type { SharedFile } from './shared-options.ts';

export type Texts<Name extends string> = { readonly [name in Name]: string | undefined };

export type LoadedFiles<Name extends string> =
  | { readonly ok: true; readonly texts: Texts<Name> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** `check` looks at what only the caller's own files have to be. */
export function loadFiles<Name extends string>(
  files: { readonly [name in Name | SharedFile]: string | null },
  readFile: (path: string) => string,
  check: (texts: Texts<Name | SharedFile>) => readonly string[] = () => [],
): LoadedFiles<Name | SharedFile> {
  const problems: string[] = [];
  const read = (name: string, path: string): string | undefined => {
    try {
      return readFile(path);
    } catch (error) {
      problems.push(`--${name}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const named = Object.entries<string | null>(files);
  const texts = Object.fromEntries(named.map(([name, path]) => [name, path === null ? undefined : read(name, path)])) as Texts<
    Name | SharedFile
  >;
  problems.push(...problemsIn(texts), ...check(texts));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, texts };
}

function problemsIn(texts: Texts<SharedFile>): string[] {
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
  const key = texts['addresses-key'];
  if (key !== undefined && parseKeys(key) === null) problems.push('--addresses-key: not an Ed25519 public key in PEM');
  return problems;
}
