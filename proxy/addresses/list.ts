// The published address list (docs/addresses.md): a text to a value, or to the words that say what is wrong with its form. Whether its
// signatures are right and its time has come is signature.ts and judge.ts. Members that this version does not know are signed and ignored.

import { isIP, SocketAddress } from 'node:net';
import { ADDRESS_LIST_BYTES_MAX, ADDRESS_LIST_ENTRIES_MAX, ADDRESS_LIST_SIGNATURES_MAX } from '../core/limits.ts';
import { hostNameMistake } from '../policy/endpoint-name.ts';
import { hasNameTwice, type Json, signedBytes } from './canonical.ts';

export const LIST_VERSION = 1;

/**
 * `active` is in use; `standby` is allowed and answers, and is tried last; `announced` will be one of these from its date on; `retiring` is
 * tried last, and may belong to somebody else after its date.
 */
export const ADDRESS_STATES = ['active', 'standby', 'announced', 'retiring'] as const;
export type AddressState = (typeof ADDRESS_STATES)[number];

export interface PublishedAddress {
  readonly slot: string;
  readonly address: string;
  readonly state: AddressState;
  /** `YYYY-MM-DD`, with `announced` and `retiring` only. */
  readonly date?: string;
}

export interface AddressList {
  readonly version: typeof LIST_VERSION;
  readonly fleet: string;
  /** The name in the proxy's certificate, and the one port of every address. */
  readonly proxy: { readonly host: string; readonly port: number };
  /** Whole seconds, UTC: `2026-11-29T05:00:00Z`. */
  readonly issued: string;
  readonly expires: string;
  readonly addresses: readonly PublishedAddress[];
  /** Days that a change is announced ahead, as the sheets beside the list promise it. */
  readonly notice?: number;
  /** Whom firewall admins ask. */
  readonly contact?: string;
  /** The sheets beside the list. Not judged with it: an agent has no use for them. */
  readonly sheets?: readonly SheetDigest[];
}

export interface SheetDigest {
  /** A name without a folder. */
  readonly file: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

export interface ListSignature {
  /** The key's id: first 16 hex digits of the SHA-256 of its SubjectPublicKeyInfo. */
  readonly key: string;
  readonly algorithm: 'Ed25519';
  readonly signature: string;
}

export interface SignedList {
  readonly list: AddressList;
  readonly signatures: readonly ListSignature[];
  readonly signedBytes: Buffer;
}

export type ParsedList = ({ readonly ok: true } & SignedList) | { readonly ok: false; readonly why: string };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const NAME_WORDS = 'up to 63 letters, digits, dots, hyphens and underscores';

export function parseList(text: string): ParsedList {
  if (Buffer.byteLength(text) > ADDRESS_LIST_BYTES_MAX) return refuse(`longer than ${ADDRESS_LIST_BYTES_MAX} bytes`);
  const document = parseJson(text);
  if (document === undefined) return refuse('not JSON: truncated, or another file');
  if (!isMap(document)) return refuse('not a JSON object');
  if (document['version'] !== LIST_VERSION) return refuse(`version: expected ${LIST_VERSION}`);
  const bytes = signedBytes(document);
  if (bytes === null) return refuse('a number is not a whole one, or it is nested too deep');
  if (hasNameTwice(text, document)) return refuse('a name stands twice in one object');

  const mistake = headMistake(document) ?? addressesMistake(document['addresses']) ?? signaturesMistake(document['signatures']);
  if (mistake !== null) return refuse(mistake);
  const { signatures, ...list } = document;
  return {
    ok: true,
    list: list as unknown as AddressList,
    signatures: signatures as unknown as readonly ListSignature[],
    signedBytes: bytes,
  };
}

export function renderList(list: AddressList, signatures: readonly ListSignature[]): string {
  return `${JSON.stringify({ ...list, signatures }, null, 2)}\n`;
}

/** What is wrong with one entry, or null. */
export function entryMistake(entry: unknown): string | null {
  if (!isMap(entry)) return 'expected an object';
  const { slot, address, state, date } = entry;
  if (typeof slot !== 'string' || !NAME.test(slot)) return `slot: expected ${NAME_WORDS}`;
  if (typeof address !== 'string' || !isPlainAddress(address)) return 'address: expected an IP address in its usual spelling';
  if (!(ADDRESS_STATES as readonly unknown[]).includes(state)) return `state: expected ${ADDRESS_STATES.join(', ')}`;
  const isDated = state === 'announced' || state === 'retiring';
  if (!isDated) return date === undefined ? null : `date: an ${String(state)} address has none`;
  return typeof date === 'string' && isDay(date) ? null : `date: expected YYYY-MM-DD with ${state}`;
}

export function nameMistake(name: unknown): string | null {
  return typeof name === 'string' && NAME.test(name) ? null : `expected ${NAME_WORDS}`;
}

/** Milliseconds since the epoch; NaN for anything but whole seconds of UTC. */
export function parseInstant(text: unknown): number {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return Number.NaN;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || renderInstant(ms) !== text ? Number.NaN : ms;
}

export function renderInstant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function headMistake({ fleet, proxy, issued, expires }: { readonly [name: string]: Json }): string | null {
  const ofFleet = nameMistake(fleet);
  if (ofFleet !== null) return `fleet: ${ofFleet}`;
  if (!isMap(proxy)) return 'proxy: expected an object with host and port';
  const ofHost = typeof proxy['host'] === 'string' ? hostNameMistake(proxy['host']) : 'expected a host name';
  if (ofHost !== null) return `proxy.host: ${ofHost}`;
  const port = proxy['port'];
  if (typeof port !== 'number' || port < 1 || port > 65_535) return 'proxy.port: expected a whole number from 1 to 65535';
  const [from, until] = [parseInstant(issued), parseInstant(expires)];
  if (Number.isNaN(from)) return 'issued: expected a time such as 2026-11-29T05:00:00Z';
  if (Number.isNaN(until)) return 'expires: expected a time such as 2026-11-29T05:00:00Z';
  return until > from ? null : 'expires: not after issued';
}

function addressesMistake(addresses: Json | undefined): string | null {
  if (!Array.isArray(addresses)) return 'addresses: expected a list';
  if (addresses.length > ADDRESS_LIST_ENTRIES_MAX) return `addresses: more than ${ADDRESS_LIST_ENTRIES_MAX}`;
  const slots = new Set<unknown>();
  const seen = new Set<unknown>();
  for (const [index, entry] of addresses.entries()) {
    const mistake = entryMistake(entry);
    if (mistake !== null) return `addresses[${index}].${mistake}`;
    const { slot, address } = entry as unknown as PublishedAddress;
    if (slots.has(slot)) return `addresses[${index}].slot: ${slot} is there twice`;
    if (seen.has(address)) return `addresses[${index}].address: ${address} is there twice`;
    slots.add(slot);
    seen.add(address);
  }
  return null;
}

function signaturesMistake(signatures: Json | undefined): string | null {
  if (!Array.isArray(signatures) || signatures.length === 0) return 'signatures: expected a list of at least one';
  if (signatures.length > ADDRESS_LIST_SIGNATURES_MAX) return `signatures: more than ${ADDRESS_LIST_SIGNATURES_MAX}`;
  for (const [index, entry] of signatures.entries()) {
    if (!isMap(entry)) return `signatures[${index}]: expected an object`;
    const { key, algorithm, signature } = entry;
    if (algorithm !== 'Ed25519') return `signatures[${index}].algorithm: expected Ed25519`;
    if (typeof key !== 'string' || !/^[0-9a-f]{16}$/.test(key)) return `signatures[${index}].key: expected 16 hex digits`;
    // 64 octets; the last digit of the 86 carries two bits.
    if (typeof signature !== 'string' || !/^[A-Za-z0-9+/]{85}[AQgw]==$/.test(signature))
      return `signatures[${index}].signature: expected 64 octets in base64`;
  }
  return null;
}

/** One text per address, so that two texts are two addresses. */
function isPlainAddress(text: string): boolean {
  const family = isIP(text);
  if (family === 0 || text.includes('%')) return false;
  return family === 4 || new SocketAddress({ address: text, family: 'ipv6' }).address === text;
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(parseInstant(`${text}T00:00:00Z`));
}

function isMap(value: unknown): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function refuse(why: string): ParsedList {
  return { ok: false, why };
}
