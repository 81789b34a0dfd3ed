// When closing tunnels does harm: what is refused, fails or is lost between two looks says how much can be taken. One rule, for the node that
// drains (control/drain-throttle.ts) and for the others of its fleet (healthcheck/fleet/trouble-watch.ts).

/** Between two looks at the counters. */
export const HARM_LOOK_MS = 5_000;
/** Of what closes between two looks at the full rate. */
const SHARE = 0.5;
/** A handful is chance, however slow the rate. */
const LEAST = 5;

/** More is lost between two looks than in the quietest pair of them, by what closing at `rate` a second does not explain. */
export function isHarm(since: number, quietest: number, rate: number): boolean {
  return since > quietest + Math.max(LEAST, (SHARE * rate * HARM_LOOK_MS) / 1_000);
}

export function harmPerSecond(since: number): number {
  return Math.round((1_000 * since) / HARM_LOOK_MS);
}
