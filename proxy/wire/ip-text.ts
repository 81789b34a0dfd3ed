// IP addresses as text: strict reading (one spelling per octet, no octal, no short forms, no zone) and Node's own spelling back.
// Nothing here decides what may be dialled; that is judged on the addresses that DNS gave.

import { unmapped } from '../core/address.ts';
import { DIGIT, HEX, isAllOf } from './ascii.ts';

/** Four decimal numbers up to 255 without leading zeros (CVE-2021-28918 was an octal octet read as decimal). */
export function isIpv4Text(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false;
  let start = 0;
  for (let part = 0; part < 4; part++) {
    const dot = text.indexOf('.', start);
    if (dot < 0 !== (part === 3)) return false;
    const end = dot < 0 ? text.length : dot;
    if (!isDecimalOctet(text, start, end)) return false;
    start = end + 1;
  }
  return true;
}

function isDecimalOctet(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length < 1 || length > 3 || !isAllOf(text, start, end, DIGIT)) return false;
  if (length > 1 && text.charCodeAt(start) === 0x30) return false;
  return Number(text.slice(start, end)) <= 255;
}

/** The eight groups of an IPv6 address (RFC 4291 section 2.2, all three forms); null where it is none. No zone, no brackets. */
export function parseIpv6(text: string): number[] | null {
  if (text.length < 2 || text.length > 45) return null;
  const gap = text.indexOf('::');
  if (gap < 0) {
    const groups = parseGroups(text, true);
    return groups?.length === 8 ? groups : null;
  }
  const before = gap === 0 ? [] : parseGroups(text.slice(0, gap), false);
  const after = gap + 2 === text.length ? [] : parseGroups(text.slice(gap + 2), true);
  // The double colon stands for one group of zeros at least (RFC 5952 section 4.2.2 calls one legal to read).
  if (!before || !after || before.length + after.length > 7) return null;
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (mayEndInIpv4 && index === parts.length - 1 && part.includes('.')) {
      if (!isIpv4Text(part)) return null;
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      if (part.length < 1 || part.length > 4 || !isAllOf(part, 0, part.length, HEX)) return null;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** Node's text form: lower-case hex, the first longest run of two or more zero groups as `::`, mapped addresses with dots. */
export function renderIpv6(groups: readonly number[]): string {
  const { start, length } = longestZeroRun(groups);
  const isMapped = start === 0 && length === 5 && groups[5] === 0xffff;
  // libuv's inet_ntop writes the old IPv4-compatible form with dots too.
  const isCompatible = start === 0 && length === 6;
  if (isMapped || isCompatible) return `${isMapped ? '::ffff:' : '::'}${renderIpv4(groups[6] ?? 0, groups[7] ?? 0)}`;
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function renderIpv4(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}

/** One spelling per address: Node's, with IPv4-mapped ones unmapped; null where the text is no address. */
export function canonicalIp(text: string): string | null {
  if (isIpv4Text(text)) return text;
  const groups = text.includes(':') ? parseIpv6(text) : null;
  return groups && unmapped(renderIpv6(groups));
}
