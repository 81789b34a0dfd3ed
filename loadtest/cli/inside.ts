// What the program tells itself when it goes into a network of its own.

import { INSIDE } from '../rig/namespace.ts';

/** What was found out before: inside it could not be found any more. */
export interface Inside {
  readonly k6: string;
  readonly isIsolated: boolean;
  readonly why: string | null;
  readonly loadBefore: number;
  /** The network that it came from. */
  readonly from: string;
}

/**
 * Null where nothing was told; words where whoever told it was not this program: taken at its word, it would set up the machine's own network
 * as if it were the run's. `network`: the one that we are in.
 */
export function readInside(told: string | undefined, network: string): Inside | string | null {
  if (told === undefined) return null;
  const inside = parsed(told);
  if (inside?.isIsolated === true && typeof inside.k6 === 'string' && inside.from !== undefined && inside.from !== network)
    return inside as Inside;
  return `${INSIDE} is set, and this is no network that a load test made for itself: unset it`;
}

function parsed(text: string): Partial<Inside> | null {
  try {
    return JSON.parse(text) as Partial<Inside> | null;
  } catch {
    return null;
  }
}
