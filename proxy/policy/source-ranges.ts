// Address ranges to whom they stand for; of several that hold an address the most specific wins. One look-up for each length of prefix that is
// in use, however many ranges there are.

import { isIP } from 'node:net';
import { unmapped } from '../core/address.ts';
import { addressBytes, parseRange } from './ranges.ts';

export class SourceRanges<T> {
  readonly #ipv4 = new Lengths<T>();
  readonly #ipv6 = new Lengths<T>();

  /** Throws on a text that is no range: the configuration was checked before. The same range again stands for the later one. */
  add(text: string, value: T): void {
    const range = parseRange(text);
    if (range === null) throw new Error(`not an address range: ${text}`);
    const lengths = range.family === 'ipv4' ? this.#ipv4 : this.#ipv6;
    lengths.add(addressBytes(range.address), range.bits, value);
  }

  /** Takes an address in Node's text form. */
  find(address: string): T | null {
    const plain = unmapped(address);
    const version = isIP(plain);
    if (version === 0) return null;
    const lengths = version === 4 ? this.#ipv4 : this.#ipv6;
    return lengths.isEmpty ? null : lengths.find(addressBytes(plain));
  }

  get isEmpty(): boolean {
    return this.#ipv4.isEmpty && this.#ipv6.isEmpty;
  }
}

class Lengths<T> {
  /** By length, the longest first. */
  #byLength: readonly (readonly [bits: number, byPrefix: Map<string, T>])[] = [];

  get isEmpty(): boolean {
    return this.#byLength.length === 0;
  }

  add(bytes: readonly number[], bits: number, value: T): void {
    let byPrefix = this.#byLength.find(([length]) => length === bits)?.[1];
    if (byPrefix === undefined) {
      byPrefix = new Map();
      this.#byLength = [...this.#byLength, [bits, byPrefix] as const].toSorted((a, b) => b[0] - a[0]);
    }
    byPrefix.set(prefixOf(bytes, bits), value);
  }

  find(bytes: readonly number[]): T | null {
    for (const [bits, byPrefix] of this.#byLength) {
      const value = byPrefix.get(prefixOf(bytes, bits));
      if (value !== undefined) return value;
    }
    return null;
  }
}

/** The first bits, as a text that is the same for the same bits. */
function prefixOf(bytes: readonly number[], bits: number): string {
  const whole = bits >> 3;
  const rest = bits & 7;
  const last = rest === 0 ? [] : [(bytes[whole] ?? 0) & (0xff << (8 - rest))];
  return String.fromCharCode(...bytes.slice(0, whole), ...last);
}
