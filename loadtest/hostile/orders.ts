// What the program of hostile clients is told, and what it says at its end.

export interface HostilePlan {
  /** Of the nodes. */
  readonly proxies: readonly { readonly host: string; readonly port: number }[];
  /** The listed endpoint: `HOST:443`. */
  readonly target: string;
  /** Where they come from: not where the agents come from, so that limits of one source meet only them. */
  readonly localAddress: string;
  readonly work:
    | { readonly kind: 'slow-readers'; readonly count: number; readonly bytesPerSecond: number; readonly seconds: number }
    | { readonly kind: 'refused' | 'half-open' | 'stalled-head'; readonly perSecond: number; readonly seconds: number };
}

/** Of slow readers: how many had a good tunnel, asked for all that they ask for, and lost it before their time. */
export const STOOD = 'tunnels that stood';
export const ASKED = 'that asked for everything';
export const ENDED = 'that the other side ended';

/** Of a flood: how many never had a connection, and what stands behind how one ended that had, and was not held. */
export const UNCONNECTED = 'that did not connect';
export const AT_ONCE = ' at once';

/** How many connections came to which end, in words. */
export type HostileSummary = Readonly<Record<string, number>>;
