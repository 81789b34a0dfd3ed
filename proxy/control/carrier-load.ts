// What a carrier measures about itself twice a second, once while it has next to nothing to do, and seldom in a rest: tells its overload, and
// whoever asks over its socket.

import { atOwnPace, type Cancel, type Clock } from '../core/clock.ts';
import type { ResolverState, ShedCause } from '../core/ports.ts';
import type { CarrierLoad } from './carrier-api.ts';
import type { LoopDelay } from './loop-delay.ts';
import { memoryHeadroom } from './machine-room.ts';

const LOOK_MS = 500;
const IDLE_LOOK_MS = 1_000;

export interface CarrierLoadDeps {
  readonly clock: Clock;
  /** Descriptors of clients and upstreams that are open, and how many the process may hold. */
  readonly held: () => number;
  readonly descriptors: number;
  /** What control last said of the node as a whole. */
  readonly node: { fullUpstreams(): ReadonlySet<string>; answerS(): number | null };
  readonly upstreams: () => Readonly<Record<string, number>>;
  readonly resolver: () => { readonly state: ResolverState };
  readonly overload: {
    observe(measured: { loopDelayS: number; answerS: number | null; memoryFree: number | null; fullUpstreams: ReadonlySet<string> }): void;
    causes(): readonly ShedCause[];
  };
  readonly loop: Pick<LoopDelay, 'look' | 'isAtWork'>;
  readonly memoryFree?: () => number | null;
  /** With each look; `isAtWork`: it has something to do, is short of something, or waits for DNS, and wants to look again soon. */
  looked?(isAtWork: boolean): void;
}

export interface CarrierLoadWatch {
  now(): CarrierLoad;
  stop: Cancel;
}

export function watchCarrierLoad(deps: CarrierLoadDeps): CarrierLoadWatch {
  const { clock, node, overload, loop, memoryFree = memoryHeadroom } = deps;
  let eventLoopDelayS = 0;
  const stop = atOwnPace(clock, LOOK_MS, (lateMs) => {
    eventLoopDelayS = loop.look(lateMs);
    overload.observe({
      loopDelayS: eventLoopDelayS,
      answerS: node.answerS(),
      memoryFree: memoryFree(),
      fullUpstreams: node.fullUpstreams(),
    });
    // What it refuses by is counted in looks, and would last twice as long.
    const isBusy = loop.isAtWork || overload.causes().length > 0;
    const { state } = deps.resolver();
    deps.looked?.(isBusy || state === 'stale' || state === 'failing');
    return isBusy ? LOOK_MS : IDLE_LOOK_MS;
  });
  return {
    stop,
    now: () => ({
      eventLoopDelayS,
      descriptorsFree: freeDescriptors(deps.held(), deps.descriptors),
      resolver: deps.resolver().state,
      shedding: overload.causes(),
      upstreams: deps.upstreams(),
    }),
  };
}

/** The share of its descriptors that a carrier has left. */
export function freeDescriptors(held: number, descriptors: number): number {
  return Math.max(0, 1 - held / descriptors);
}
