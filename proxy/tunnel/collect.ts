// Gives memory back after a ramp, and now and then in a rest. Every open leaves garbage that the runtime keeps until it needs the room: a node
// that has taken ten thousand tunnels and then rests would hold twice what they need, and while it rests looks and scrapes pile up more. Bytes of
// native tunnels move on while this runs.

/** A collection takes some tens of milliseconds in which no connection is accepted: only for a change that is worth it. */
const CHANGE_MIN = 256;
const CHANGE_SHARE = 0.1;
/** Calm is a second, or a longer time, in which no more than this share of the change still came. */
const CALM_SHARE = 0.02;

/** What a long ramp has left is less than a tenth of all, and worth it all the same once so many seconds brought next to nothing. */
const STILL_SECONDS = 8;
const STILL_SHARE = 0.005;
/** In a rest: so much more than after the last collection, and no sooner than this after it. */
const REST_BYTES = 4 * 1_048_576;
const REST_SECONDS = 60;
/** A carrier that makes more garbage in a second is at work, and the runtime collects by itself. */
const WORK_BYTES = 262_144;

export interface Collector {
  /** Called each second, or seldom, with the number of tunnels, the bytes of the heap that are in use, and the seconds since the last look. */
  look(tunnels: number, heapBytes: number, seconds: number): void;
}

/** `collect` frees what can be freed; where there is none nothing happens. */
export function createCollector(collect: (() => void) | undefined): Collector {
  let collected = 0;
  let before = 0;
  let secondsSince = 0;
  let stillSeconds = 0;
  /** Of the first look after the last collection, and of the last look. */
  let leastBytes = Number.POSITIVE_INFINITY;
  let bytesBefore = 0;
  return {
    look(tunnels, heapBytes, seconds) {
      const change = Math.abs(tunnels - collected);
      const isCalm = Math.abs(tunnels - before) <= change * CALM_SHARE;
      const isStill = Math.abs(tunnels - before) <= Math.max(1, change * STILL_SHARE);
      const isAtWork = heapBytes - bytesBefore > WORK_BYTES * seconds;
      before = tunnels;
      bytesBefore = heapBytes;
      leastBytes = Math.min(leastBytes, heapBytes);
      secondsSince += seconds;
      stillSeconds = isStill ? stillSeconds + seconds : 0;
      const isOver = stillSeconds >= STILL_SECONDS;
      const hasChanged = change >= CHANGE_MIN && (isOver || change >= collected * CHANGE_SHARE);
      const hasPiledUp = secondsSince > REST_SECONDS && heapBytes - leastBytes >= REST_BYTES && !isAtWork;
      if (!isCalm || !(hasChanged || hasPiledUp)) return;
      collected = tunnels;
      secondsSince = 0;
      leastBytes = Number.POSITIVE_INFINITY;
      collect?.();
    },
  };
}
