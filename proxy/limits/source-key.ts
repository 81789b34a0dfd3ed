// Under which key a source is limited: an IPv4 address as it is, of an IPv6 address its /64, which is what one customer line is given.

import { unmapped } from '../core/address.ts';
import type { SourceKey } from '../core/ports.ts';

const NETWORK_GROUPS = 4;
const GROUPS = 8;

/** Takes an address in Node's text form. */
export function sourceKey(address: string): SourceKey {
  const plain = unmapped(address);
  if (!plain.includes(':')) return plain;

  const [text = ''] = plain.split('%', 1);
  const [left = '', right] = text.split('::', 2);
  const head = groupsOf(left);
  const tail = right === undefined ? [] : groupsOf(right);
  // An IPv4 tail (`64:ff9b::192.0.2.1`) stands for two groups.
  const tailLength = tail.length + (tail.at(-1)?.includes('.') ? 1 : 0);
  const zeros = right === undefined ? 0 : Math.max(0, GROUPS - head.length - tailLength);
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
