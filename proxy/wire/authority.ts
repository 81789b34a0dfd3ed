// `host[:port]` as a CONNECT target, a Host field and an Origin carry it: one reading for all three, and one spelling out of it.
// Nothing is decoded, nothing is guessed: percent signs, user names, brackets round a name and trailing dots are refused.

import { DIGIT, HEX, isAllOf, isOf, LDH } from './ascii.ts';
import { canonicalIp } from './ip-text.ts';

/** RFC 1035 section 2.3.4: 255 octets on the wire are 253 characters of text. */
const NAME_LENGTH_MAX = 253;
const LABEL_LENGTH_MAX = 63;
const HYPHEN = 0x2d;
const DOT = 0x2e;

export interface Authority {
  /** Lower case; an IPv6 literal in Node's spelling and without its brackets. */
  readonly host: string;
  /** True for IP literals and for what some resolver would take for one (`127.1`, `0x7f000001`, `10.0.2.555`). */
  readonly isAddress: boolean;
  /** Null where none is given. */
  readonly port: number | null;
}

export type AuthorityResult = { readonly ok: true; readonly value: Authority } | { readonly ok: false; readonly why: string };

export function parseAuthority(text: string): AuthorityResult {
  return text.startsWith('[') ? parseBracketed(text) : parsePlain(text);
}

function parseBracketed(text: string): AuthorityResult {
  const close = text.indexOf(']');
  // Brackets belong round an IPv6 literal and nothing else (CVE-2022-29188 was `[example.com]`).
  const inside = text.slice(1, Math.max(close, 1));
  const host = inside.includes(':') ? canonicalIp(inside) : null;
  if (host === null) return { ok: false, why: 'brackets without an IPv6 address' };
  return withPort(host, true, text, close + 1);
}

function parsePlain(text: string): AuthorityResult {
  const colon = text.indexOf(':');
  const hostEnd = colon < 0 ? text.length : colon;
  const why = faultInName(text, hostEnd);
  if (why !== null) return { ok: false, why };
  const host = text.slice(0, hostEnd).toLowerCase();
  return withPort(host, endsInNumber(host), text, hostEnd);
}

function withPort(host: string, isAddress: boolean, text: string, at: number): AuthorityResult {
  if (at === text.length) return { ok: true, value: { host, isAddress, port: null } };
  const port = text[at] === ':' ? parsePort(text, at + 1) : null;
  if (port === null) return { ok: false, why: 'the port is not a plain number from 1 to 65535' };
  return { ok: true, value: { host, isAddress, port } };
}

/** At most five digits, no sign, no leading zero (CVE-2025-63938 was 65979 taken for 443). */
function parsePort(text: string, at: number): number | null {
  const digits = text.length - at;
  if (digits < 1 || digits > 5 || text.charCodeAt(at) === 0x30 || !isAllOf(text, at, text.length, DIGIT)) return null;
  const port = Number(text.slice(at));
  return port <= 65_535 ? port : null;
}

/** A host name of letters, digits and hyphens in labels of 1 to 63; without a trailing dot. */
export function isHostName(text: string): boolean {
  return faultInName(text, text.length) === null;
}

function faultInName(text: string, end: number): string | null {
  if (end === 0) return 'no host';
  if (end > NAME_LENGTH_MAX) return 'the host name is too long';
  let labelStart = 0;
  for (let at = 0; at <= end; at++) {
    const code = at < end ? text.charCodeAt(at) : DOT;
    if (code === DOT) {
      const why = faultInLabel(text, labelStart, at);
      if (why !== null) return why;
      labelStart = at + 1;
    } else if (!isOf(code, LDH)) return 'a character that no host name has';
  }
  return null;
}

function faultInLabel(text: string, start: number, end: number): string | null {
  if (end === start) return 'an empty label, or a trailing dot';
  if (end - start > LABEL_LENGTH_MAX) return 'a label of more than 63 characters';
  if (text.charCodeAt(start) === HYPHEN || text.charCodeAt(end - 1) === HYPHEN) return 'a label that begins or ends with a hyphen';
  return null;
}

/**
 * The URL standard's "ends in a number" rule: the last label is all digits, or hex behind `0x`. Such a host is an IPv4 address in
 * some spelling or never a name; resolvers differ over which (CVE-2022-32212), so it is never handed to one.
 */
function endsInNumber(host: string): boolean {
  const start = host.lastIndexOf('.') + 1;
  if (isAllOf(host, start, host.length, DIGIT)) return true;
  return host.startsWith('0x', start) && isAllOf(host, start + 2, host.length, HEX);
}
