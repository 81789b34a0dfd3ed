// Ranges held against each other. IPv4 only: those of a VPC are. Every text has passed `parseRange` before.

import { addressBytes, parseRange } from '../../proxy/policy/ranges.ts';

export interface Span {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** Null where it is no IPv4 range. */
export function spanOf(text: string): Span | null {
  const range = parseRange(text);
  if (range === null || range.family !== 'ipv4') return null;
  const first = addressBytes(range.address).reduce((sum, byte) => sum * 256 + byte, 0);
  return { first, last: first + 2 ** (32 - range.bits) - 1, bits: range.bits };
}

export function overlap(a: Span, b: Span): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function isInside(inner: Span, outer: Span): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}
