// CIDR ranges as text to net.BlockList. A list is built once and asked often. Addresses are asked in Node's text form.

import { BlockList, isIP } from 'node:net';
import { unmapped } from '../core/address.ts';

export interface Range {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address alone; null where the text is neither, or has bits set beyond its length. */
export function parseRange(text: string): Range | null {
  const match = /^([0-9a-fA-F.:]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text);
  const address = match?.[1] ?? '';
  const version = isIP(address);
  if (version === 0) return null;
  const width = version === 4 ? 32 : 128;
  const bits = match?.[2] === undefined ? width : Number(match[2]);
  if (bits > width) return null;
  const range: Range = { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
  return hasHostBits(range) ? null : range;
}

/** True for `10.0.0.1/8`: what was meant, one address or the range, cannot be told. */
export function hasHostBits(range: Range): boolean {
  const bytes = addressBytes(range.address);
  return bytes.some((byte, index) => {
    const kept = Math.min(8, Math.max(0, range.bits - index * 8));
    return (byte & (0xff >> kept)) !== 0;
  });
}

/** Throws on a text that is no range: the configuration was checked before. */
export function rangeList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of ranges) {
    const range = parseRange(text);
    if (range === null) throw new Error(`not an address range: ${text}`);
    list.addSubnet(range.address, range.bits, range.family);
  }
  return list;
}

/** IPv4-mapped addresses are unmapped first, so that a v4 range means what it says. False for what is no address. */
export function isInRanges(list: BlockList, address: string): boolean {
  const plain = unmapped(address);
  const version = isIP(plain);
  return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}

/** The 4 or 16 bytes that `connect` would use; the text must have passed `isIP`, and a zone is left out. */
export function addressBytes(address: string): number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  const [text = ''] = address.split('%');
  const [head = '', tail] = text.split('::');
  const left = groupBytes(head);
  const right = tail === undefined ? [] : groupBytes(tail);
  return [...left, ...zeros(16 - left.length - right.length), ...right];
}

function groupBytes(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}
