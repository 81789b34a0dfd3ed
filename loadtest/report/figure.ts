// A figure, and how one is made. Pure.

export interface Figure {
  /** Null where the run could not show it, or where what was waited for never came (`never`). */
  readonly value: number | null;
  /** It was looked for long enough, and did not come: worse than any limit. */
  readonly never?: true;
  /** Where chance has a part in it: 95 % sure to be within. It is held to a threshold with both ends (verdict.ts). */
  readonly low?: number;
  readonly high?: number;
  /** In words: from what it was got, or why there is none. */
  readonly words: string;
}

export function seen(value: number, words: string): Figure {
  return { value, words };
}

export function estimated(value: number, { low, high }: { readonly low: number; readonly high: number }, words: string): Figure {
  return { value, low, high, words };
}

export function unseen(why: string): Figure {
  return { value: null, words: why };
}

export function never(words: string): Figure {
  return { value: null, never: true, words };
}

/** A count is of the whole run only if nearly every second was read: beyond this share of holes there is no figure. */
const HOLES_MOST = 0.02;

/** Why a count over these seconds would say too little, or null. */
export function holes(all: number, read: number, of: string): string | null {
  if (all === 0) return `no second of the run says anything of ${of}`;
  const missing = all - read;
  return missing / all > HOLES_MOST ? `${missing} of ${all} seconds say nothing of ${of}` : null;
}

export function percent(share: number, digits = 2): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** 12345 as 12,345: whole numbers only. */
export function grouped(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
