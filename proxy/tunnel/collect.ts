// Gives memory back after a ramp. Every open leaves garbage that the runtime keeps until it needs the room: a node that has taken ten thousand
// tunnels and then rests would hold twice what they need. Bytes of native tunnels move on while this runs.

/** A collection takes some tens of milliseconds in which no connection is accepted: only for a change that is worth it. */
const CHANGE_MIN = 256;
const CHANGE_SHARE = 0.1;
/** Calm is a second in which no more than this share of the change still came. */
const CALM_SHARE = 0.02;

export interface Collector {
  /** Called once a second with the number of tunnels. */
  look(tunnels: number): void;
}

/** `collect` frees what can be freed; where there is none nothing happens. */
export function createCollector(collect: (() => void) | undefined): Collector {
  let collected = 0;
  let before = 0;
  return {
    look(tunnels) {
      const change = Math.abs(tunnels - collected);
      const isCalm = Math.abs(tunnels - before) <= change * CALM_SHARE;
      before = tunnels;
      if (!isCalm || change < Math.max(CHANGE_MIN, collected * CHANGE_SHARE)) return;
      collected = tunnels;
      collect?.();
    },
  };
}
