// The one output of the addresses' stack, written there and read by what makes FLEET.yaml: `eu-1a=203.0.113.10 eu-1s=203.0.113.12,standby`,
// each an entry of `pinhole addresses make`.

import type { Slot } from './stage.ts';

export interface Allocated {
  readonly slot: string;
  readonly address: string;
  readonly role: Slot['role'];
}

export function renderAddresses(addresses: readonly Allocated[]): string {
  return addresses.map(({ slot, address, role }) => `${slot}=${address}${role === 'spare' ? ',standby' : ''}`).join(' ');
}

/** By slot, of the file that `cdk deploy --outputs-file` wrote; a text that says what is wrong with it. */
export function readAddresses(text: string, prefix: string): ReadonlyMap<string, string> | string {
  let outputs: Record<string, { Addresses?: unknown } | undefined>;
  try {
    outputs = JSON.parse(text) as typeof outputs;
  } catch {
    return 'not JSON: give the file that `cdk deploy --outputs-file` wrote';
  }
  const written = Object(outputs)[`${prefix}-addresses`]?.Addresses;
  if (typeof written !== 'string') return `holds no output Addresses of ${prefix}-addresses: is it of another stage?`;
  const entries = written.split(' ').map((entry) => /^([\w-]+)=([\d.]+)(?:,standby)?$/.exec(entry));
  if (entries.some((entry) => entry === null)) return `the output Addresses of ${prefix}-addresses is not a list of slot=address`;
  return new Map(entries.map((entry) => [entry?.[1] ?? '', entry?.[2] ?? '']));
}
