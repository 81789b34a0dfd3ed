// The inside of a ClientHello message: every length is checked against what is left, every vector must fill its place exactly.
// Extensions that say nothing about name, protocol or version (GREASE and ECH among them) are left alone.

import { isHostName } from './authority.ts';
import { u16 } from './hello-records.ts';
import { canonicalIp } from './ip-text.ts';

export interface ClientHello {
  /** The server name in lower case, or an IP address in Node's spelling; null where none is sent. */
  readonly sni: string | null;
  /** The offered protocols in their order, without GREASE. */
  readonly alpn: readonly string[];
  readonly tls13: boolean;
}

export type HelloBodyResult = { readonly ok: true; readonly hello: ClientHello } | { readonly ok: false; readonly why: string };

const VERSION_LENGTH = 2;
const RANDOM_LENGTH = 32;
const SESSION_ID_MAX = 32;
const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const HOST_NAME_TYPE = 0;
/** Clients offer up to six protocols; each one offered is judged and recorded. */
const PROTOCOLS_MAX = 64;

/** What the extensions have said so far. */
interface Draft {
  sni: string | null;
  alpn: string[];
  versions: number[];
}

export function parseHelloBody(body: Buffer): HelloBodyResult {
  const draft: Draft = { sni: null, alpn: [], versions: [] };
  const why = readBody(body, draft);
  if (why !== null) return { ok: false, why };
  return { ok: true, hello: { sni: draft.sni, alpn: draft.alpn, tls13: draft.versions.includes(TLS_1_3) } };
}

function readBody(body: Buffer, draft: Draft): string | null {
  const sessionAt = VERSION_LENGTH + RANDOM_LENGTH;
  const suitesAt = vectorEnd(body, sessionAt, 1, body.length);
  if (suitesAt < 0 || suitesAt - sessionAt - 1 > SESSION_ID_MAX) return 'a hello that ends too early, or a session id too long';
  const compressionAt = vectorEnd(body, suitesAt, 2, body.length);
  const suitesLength = compressionAt - suitesAt - 2;
  if (compressionAt < 0 || suitesLength < 2 || suitesLength % 2 !== 0) return 'a malformed list of cipher suites';
  const extensionsAt = vectorEnd(body, compressionAt, 1, body.length);
  if (extensionsAt < 0 || extensionsAt - compressionAt < 2) return 'a malformed list of compression methods';

  const legacyVersion = u16(body, 0);
  if (legacyVersion >> 8 !== 3) return 'a version that is not 3.x';
  // Before TLS 1.3 a hello may end here, without any extension (RFC 5246 section 7.4.1.2).
  if (extensionsAt < body.length) {
    if (vectorEnd(body, extensionsAt, 2, body.length) !== body.length) return 'the extensions do not fill the hello';
    const why = readExtensions(body, extensionsAt + 2, draft);
    if (why !== null) return why;
  }
  // The extension, where sent, is all that counts (RFC 8446 section 4.2.1). AWS IoT serves TLS 1.2 and 1.3.
  if (draft.versions.length === 0) draft.versions.push(Math.min(legacyVersion, TLS_1_2));
  return draft.versions.some((version) => version === TLS_1_2 || version === TLS_1_3) ? null : 'neither TLS 1.2 nor 1.3 is offered';
}

function readExtensions(body: Buffer, start: number, draft: Draft): string | null {
  const seen = new Set<number>();
  for (let at = start; at < body.length;) {
    const end = vectorEnd(body, at + 2, 2, body.length);
    if (end < 0) return 'an extension longer than its place';
    const type = u16(body, at);
    // RFC 8446 section 4.2: no type twice. Of two names one parser takes the first and another the last.
    if (seen.has(type)) return 'an extension twice';
    seen.add(type);
    const why = readExtension(body, type, at + 4, end, draft);
    if (why !== null) return why;
    at = end;
  }
  return null;
}

function readExtension(body: Buffer, type: number, at: number, end: number, draft: Draft): string | null {
  if (type === SERVER_NAME) return readServerName(body, at, end, draft);
  if (type === ALPN) return readProtocols(body, at, end, draft);
  if (type === SUPPORTED_VERSIONS) return readVersions(body, at, end, draft);
  return null;
}

/** RFC 6066 section 3. The list is built for more, but one host name is all that was ever defined; OpenSSL skips what it does not know. */
function readServerName(body: Buffer, at: number, end: number, draft: Draft): string | null {
  if (vectorEnd(body, at, 2, end) !== end) return 'the list of server names does not fill its extension';
  if (end - at < 3 || body[at + 2] !== HOST_NAME_TYPE) return 'a server name that is no host name';
  if (vectorEnd(body, at + 3, 2, end) !== end) return 'a list of server names that is not one name';
  const text = body.toString('latin1', at + 5, end);
  draft.sni = isHostName(text) ? text.toLowerCase() : addressIn(text);
  return draft.sni === null ? 'a server name that is no host name' : null;
}

/** RFC 6066 forbids addresses as names, but undici and hpagent send one where the proxy's URL has one; brackets come with IPv6. */
function addressIn(text: string): string | null {
  if (!text.includes(':')) return null;
  return canonicalIp(text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text);
}

/** RFC 7301 section 3.1. */
function readProtocols(body: Buffer, start: number, end: number, draft: Draft): string | null {
  if (vectorEnd(body, start, 2, end) !== end || end - start === 2) return 'a malformed list of protocols';
  for (let at = start + 2; at < end;) {
    const next = vectorEnd(body, at, 1, end);
    if (next < 0 || next === at + 1) return 'a malformed list of protocols';
    if (!isGreaseProtocol(body, at + 1, next)) draft.alpn.push(body.toString('latin1', at + 1, next));
    if (draft.alpn.length > PROTOCOLS_MAX) return `more than ${PROTOCOLS_MAX} protocols`;
    at = next;
  }
  return null;
}

/** RFC 8701 section 3.1: two equal octets that end in A. */
function isGreaseProtocol(body: Buffer, at: number, end: number): boolean {
  return end - at === 2 && body[at] === body[at + 1] && ((body[at] as number) & 0x0f) === 0x0a;
}

function readVersions(body: Buffer, at: number, end: number, draft: Draft): string | null {
  const length = end - at - 1;
  if (vectorEnd(body, at, 1, end) !== end || length < 2 || length % 2 !== 0) return 'a malformed list of versions';
  for (let next = at + 1; next < end; next += 2) draft.versions.push(u16(body, next));
  return null;
}

/** Where the vector whose length stands at `at` in so many octets ends; -1 where it does not end by `end`. */
function vectorEnd(bytes: Buffer, at: number, lengthOctets: 1 | 2, end: number): number {
  const from = at + lengthOctets;
  if (at < 0 || from > end) return -1;
  const to = from + (lengthOctets === 1 ? (bytes[at] as number) : u16(bytes, at));
  return to <= end ? to : -1;
}
