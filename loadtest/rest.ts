// How long a ramp rests half way, so that what memory is with half of the tunnels can be read.

/** Carriers collect what a ramp has left some seconds after its end (proxy/tunnel/collect.ts). */
export const CALM_S = 15;
/** For so long each is looked at, and its lowest counts. */
export const LOOK_S = 25;
/** And some seconds in which the last agents come. */
export const REST_S = CALM_S + LOOK_S + 10;
