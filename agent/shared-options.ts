// Flags that the agent and the doctor have in common, and how each is read: what a site has typed for one of them it can type for the other.
// Opens nothing.

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { type ListUrl, parseListUrl } from './list-source.ts';

export const SHARED_FLAGS = {
  endpoint: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  ca: { type: 'string' },
  thing: { type: 'string' },
  'role-alias': { type: 'string' },
  'credentials-endpoint': { type: 'string' },
  region: { type: 'string' },
  'client-id': { type: 'string' },
  proxy: { type: 'string', multiple: true },
  gateway: { type: 'string' },
  'proxy-ca': { type: 'string' },
  'proxy-cert': { type: 'string' },
  'proxy-key': { type: 'string' },
  addresses: { type: 'string' },
  'addresses-key': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Those that name a file with a certificate or a key; option-files.ts reads them. */
export const SHARED_FILES = ['cert', 'key', 'ca', 'proxy-ca', 'proxy-cert', 'proxy-key', 'addresses-key'] as const;
export type SharedFile = (typeof SHARED_FILES)[number];

/** Where the signed list of addresses is. */
export type ListPlace = { readonly file: string } | { readonly url: ListUrl };

export type ParsedOptions<Options> =
  | { readonly kind: 'options'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

/** The values of these flags, or what parseArgs says of a flag that is none. */
export function readFlags<const Flags extends ParseArgsOptionsConfig>(args: readonly string[], flags: Flags) {
  try {
    return { ok: true, ...parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }) } as const;
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) } as const;
  }
}

/** Null for a flag that was not given, or as nothing. */
export function textOf(values: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = values[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

export function filesOf<Name extends string>(values: Readonly<Record<string, unknown>>, names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, textOf(values, name)])) as { readonly [name in Name]: string | null };
}

/** Null where no list was given, or not one that can be had: then `problems` says so. */
export function readListPlace(text: string | null, problems: string[]): ListPlace | null {
  if (text === null) return null;
  if (!text.includes('://')) return { file: text };
  const url = parseListUrl(text);
  if (url !== null) return { url };
  // The text is not repeated: a login may be in it.
  problems.push('--addresses: expected a file, or an http or https URL without a login and without a fragment');
  return null;
}

/** A certificate is of no use without its key, and the other way round. */
export function halfPairs(files: { readonly [name in SharedFile]: string | null }): string[] {
  const pairs = [
    ['cert', 'key'],
    ['proxy-cert', 'proxy-key'],
  ] as const;
  return pairs
    .filter(([certificate, key]) => (files[certificate] === null) !== (files[key] === null))
    .map(([certificate, key]) => `--${certificate} and --${key} belong together`);
}
