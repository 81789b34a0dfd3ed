// The signed list of the proxy's addresses (docs/addresses.md), as this agent reads it: a text and the keys to a list, or to the word for what
// is wrong. Its own reading, which shares no code with the one behind `pinhole addresses verify`; docs/address-vectors.json holds both. No I/O.

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isIP } from 'node:net';

export type ListFault =
  | 'MALFORMED'
  | 'UNKNOWN_KEY'
  | 'WRONG_SIGNATURE'
  | 'EMPTY'
  | 'FROM_THE_FUTURE'
  | 'EXPIRED'
  /** Of the operator, and for another proxy than the one in --proxy. */
  | 'OTHER_PROXY'
  /** Issued before the one that this agent has. */
  | 'OLDER';

interface Entry {
  readonly address: string;
  readonly state: string;
  readonly date: string | null;
}

export interface AddressList {
  readonly fleet: string;
  readonly proxy: { readonly host: string; readonly port: number };
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly entries: readonly Entry[];
}

/** A list whose signature is right comes along also where it is not to be dialled by. */
export type JudgedList =
  | { readonly ok: true; readonly list: AddressList }
  | { readonly ok: false; readonly code: ListFault; readonly why: string; readonly list: AddressList | null };

/** Addresses to dial: those of `last` where none of `first` goes well. */
export interface Published {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

const BYTES_MAX = 16 * 1024;
const ENTRIES_MAX = 64;
const SIGNATURES_MAX = 4;
const DEPTH_MAX = 16;
const CLOCK_TOLERANCE_MS = 600_000;
const DAY_MS = 86_400_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const STATES: ReadonlySet<unknown> = new Set(['active', 'standby', 'announced', 'retiring']);

/** Public keys of a PEM file; null where there is none, or one is not Ed25519. */
export function parseKeys(pem: string): ReadonlyMap<string, KeyObject> | null {
  const keys = new Map<string, KeyObject>();
  for (const block of pem.match(/-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g) ?? []) {
    const key = publicKey(block);
    if (key === null) return null;
    const digest = createHash('sha256').update(key.export({ format: 'der', type: 'spki' }));
    keys.set(digest.digest('hex').slice(0, 16), key);
  }
  return keys.size === 0 ? null : keys;
}

function publicKey(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

/** Without keys the signature is not asked: only for somebody who then says so. */
export function judgeList(text: string, keys: ReadonlyMap<string, KeyObject> | null, nowMs: number): JudgedList {
  const document = Buffer.byteLength(text) > BYTES_MAX ? null : parseObject(text);
  if (document === null) return refuse('MALFORMED', text.length > BYTES_MAX ? 'it is too long' : 'it is not a JSON object: truncated?');
  if (namesIn(text) !== membersOf(document))
    return refuse('MALFORMED', 'a name stands twice in it, and readers differ over which one counts');
  const { signatures, ...signed } = document;
  const [bytes, list] = [canonical(signed, DEPTH_MAX), readList(signed)];
  if (typeof list === 'string') return refuse('MALFORMED', list);
  if (bytes === null || !areSignatures(signatures)) return refuse('MALFORMED', 'it is not signed in a form that this agent knows');

  if (keys === null) return judgeTime(list, nowMs);
  const known = signatures.filter(({ key }) => keys.has(key));
  if (known.length === 0)
    return refuse(
      'UNKNOWN_KEY',
      `it is signed by ${signatures.map(({ key }) => key).join(', ')}, and --addresses-key is ${[...keys.keys()].join(', ')}`,
    );
  const content = Buffer.from(`pinhole-addresses-v1\n${bytes}`, 'utf8');
  if (!known.some(({ key, signature }) => isBy(keys.get(key), content, signature)))
    return refuse('WRONG_SIGNATURE', `${known.map(({ key }) => key).join(', ')} has not signed this content`);
  return judgeTime(list, nowMs);
}

function judgeTime(list: AddressList, nowMs: number): JudgedList {
  if (!list.entries.some(({ state }) => state === 'active' || state === 'standby'))
    return refuse('EMPTY', 'no address in it is active or standby', list);
  if (list.issuedMs > nowMs + CLOCK_TOLERANCE_MS)
    return refuse('FROM_THE_FUTURE', `it was issued at ${instant(list.issuedMs)}, and this device says ${instant(nowMs)}`, list);
  if (list.expiresMs <= nowMs) return refuse('EXPIRED', `it expired at ${instant(list.expiresMs)}`, list);
  return { ok: true, list };
}

/** What may be dialled now. An address that was to retire may be somebody else's after its day. */
export function published({ entries }: Pick<AddressList, 'entries'>, nowMs: number): Published {
  const isLast = ({ state, date }: Entry): boolean =>
    state === 'standby' || (state === 'retiring' && nowMs < Date.parse(`${date}T00:00:00Z`) + DAY_MS);
  return {
    first: entries.filter(({ state }) => state === 'active').map(({ address }) => address),
    last: entries.filter(isLast).map(({ address }) => address),
  };
}

export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Of valid JSON: outside of its strings a colon stands behind a name and nowhere else. */
function namesIn(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"|:/g)].filter(([token]) => token === ':').length;
}

/** Fewer than its text has names where one stood twice (RFC 7493 section 2.3, on which RFC 8785 builds). */
function membersOf(document: object): number {
  let members = 0;
  for (const open: unknown[] = [document]; open.length > 0;) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    const inner: unknown[] = Object.values(value);
    members += Array.isArray(value) ? 0 : inner.length;
    open.push(...inner);
  }
  return members;
}

/** RFC 8785; null for what it leaves open. */
function canonical(value: unknown, depth: number): string | null {
  if (depth === 0) return null;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Array.isArray(value)
    ? value.map((item) => canonical(item, depth - 1))
    : Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, inner]) => {
          const text = canonical(inner, depth - 1);
          return text === null ? null : `${JSON.stringify(name)}:${text}`;
        });
  if (parts.includes(null)) return null;
  return Array.isArray(value) ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

/** The list, or what is wrong with it. */
function readList(document: Readonly<Record<string, unknown>>): AddressList | string {
  const { version, fleet, proxy, issued, expires, addresses } = document;
  if (version !== 1) return 'it is of another version';
  if (typeof fleet !== 'string' || !NAME.test(fleet)) return 'its fleet has no name';
  const { host, port } = asObject(proxy);
  if (typeof host !== 'string' || !HOST.test(host) || isIP(host) !== 0) return 'its proxy has no name';
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) return 'its proxy has no port';
  const [issuedMs, expiresMs] = [parseInstant(issued), parseInstant(expires)];
  if (!(issuedMs < expiresMs)) return 'its times are not two times of UTC, one after the other';
  if (!Array.isArray(addresses) || addresses.length > ENTRIES_MAX) return 'its addresses are no list';

  const entries = addresses.map(readEntry);
  if (entries.includes(null)) return 'one of its addresses is none';
  const good = entries.filter((entry) => entry !== null);
  const [slots, texts] = [new Set(good.map(({ slot }) => slot)), new Set(good.map(({ address }) => address))];
  if (slots.size < good.length || texts.size < good.length) return 'an address or a slot is in it twice';
  return { fleet, proxy: { host, port }, issuedMs, expiresMs, entries: good };
}

function readEntry(value: unknown): (Entry & { readonly slot: string }) | null {
  const { slot, address, state, date } = asObject(value);
  if (typeof slot !== 'string' || !NAME.test(slot) || typeof address !== 'string' || typeof state !== 'string') return null;
  if (isIP(address) === 0 || address.includes('%') || !STATES.has(state)) return null;
  if (state === 'active' || state === 'standby') return date === undefined ? { slot, address, state, date: null } : null;
  return typeof date === 'string' && !Number.isNaN(parseInstant(`${date}T00:00:00Z`)) ? { slot, address, state, date } : null;
}

interface Signature {
  readonly key: string;
  readonly signature: string;
}

function areSignatures(value: unknown): value is readonly Signature[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > SIGNATURES_MAX) return false;
  return value.every((item) => {
    const { key, algorithm, signature } = asObject(item);
    return algorithm === 'Ed25519' && /^[0-9a-f]{16}$/.test(String(key)) && /^[A-Za-z0-9+/]{85}[AQgw]==$/.test(String(signature));
  });
}

function isBy(key: KeyObject | undefined, content: Buffer, signature: string): boolean {
  return key !== undefined && verify(null, content, key, Buffer.from(signature, 'base64'));
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** NaN where the text is no time as the list writes it. */
function parseInstant(text: unknown): number {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && instant(ms) === text ? ms : Number.NaN;
}

function refuse(code: ListFault, why: string, list: AddressList | null = null): JudgedList {
  return { ok: false, code, why, list };
}
