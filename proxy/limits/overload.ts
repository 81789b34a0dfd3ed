// Refuses new tunnels by what is measured: how late the event loop is and how long a new connection waits, and what is left of descriptors,
// memory and local ports. Tunnels that are open lose nothing by it, and health checks are answered before anybody asks here.

import type { SocketAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import type { FaultCode } from '../core/fault.ts';
import {
  SHED_ANSWER_CLEAR_S,
  SHED_ANSWER_S,
  SHED_CALM_LOOKS,
  SHED_FLOOR_PER_SECOND,
  SHED_LOOP_CLEAR_S,
  SHED_LOOP_S,
  SHED_MEMORY_CLEAR_SHARE,
  SHED_MEMORY_SHARE,
  SHED_PORT_MS,
  SHED_SHARE_MAX,
  SHED_STEPS,
} from '../core/limits.ts';
import { type Overload, SHED_CAUSES, type ShedCause } from '../core/ports.ts';

export interface Measured {
  /** The median of the last period. */
  readonly loopDelayS: number;
  /** How long the node's own port took to answer; null where nobody has asked lately. */
  readonly answerS: number | null;
  /** Null where the machine does not say. */
  readonly memoryFree: number | null;
  /** Upstreams, as `ADDRESS:PORT`, towards which the whole node has hardly a port left. */
  readonly fullUpstreams: ReadonlySet<string>;
}

export interface OverloadOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** True while the carrier holds so many descriptors that the next tunnel could cost it the last ones. */
  readonly areDescriptorsShort: () => boolean;
  /** Something was found out between two looks, and is forgotten soon: whoever looks seldom has to look now. */
  readonly stirred: () => void;
}

export class MeasuredOverload implements Overload {
  readonly #options: OverloadOptions;
  /** How many fifths of the new tunnels are refused because the processor does not keep up. */
  #steps = 0;
  #calmLooks = 0;
  #lateCause: 'event-loop' | 'queue' = 'event-loop';
  #second = -1;
  #asked = 0;
  #isMemoryShort = false;
  #fullUpstreams: ReadonlySet<string> = new Set();
  readonly #foundUntilMs = new Map<string, number>();

  constructor(options: OverloadOptions) {
    this.#options = options;
  }

  /** Called a few times a second. */
  observe({ loopDelayS, answerS, memoryFree, fullUpstreams }: Measured): void {
    this.#pace(loopDelayS, answerS ?? 0);
    if (memoryFree !== null) this.#isMemoryShort = memoryFree < (this.#isMemoryShort ? SHED_MEMORY_CLEAR_SHARE : SHED_MEMORY_SHARE);
    this.#fullUpstreams = fullUpstreams;
    const now = this.#options.clock.nowMs();
    for (const [upstream, untilMs] of this.#foundUntilMs) if (now >= untilMs) this.#foundUntilMs.delete(upstream);
  }

  /** Rises fast and falls slowly: what is refused now shows at the port only seconds later. */
  #pace(loopDelayS: number, answerS: number): void {
    const lateCause = loopDelayS > SHED_LOOP_S ? 'event-loop' : answerS > SHED_ANSWER_S ? 'queue' : null;
    const isCalm = loopDelayS < SHED_LOOP_CLEAR_S && answerS < SHED_ANSWER_CLEAR_S;
    this.#calmLooks = isCalm ? this.#calmLooks + 1 : 0;
    if (lateCause !== null) {
      this.#lateCause = lateCause;
      this.#steps = Math.min(SHED_STEPS, this.#steps + 1);
    } else if (this.#calmLooks >= SHED_CALM_LOOKS) {
      this.#calmLooks = 0;
      this.#steps = Math.max(0, this.#steps - 1);
    }
  }

  shed(): FaultCode | null {
    if (this.#isMemoryShort || this.#options.areDescriptorsShort()) return 'NODE_FULL';
    const isBeyondFloor = this.#countAsk() > SHED_FLOOR_PER_SECOND;
    if (this.#steps > 0 && isBeyondFloor && this.#options.random() < Math.min(SHED_SHARE_MAX, this.#steps / SHED_STEPS))
      return 'NODE_RATE_LIMITED';
    return null;
  }

  /** How many have asked in this second, with this one. */
  #countAsk(): number {
    const second = Math.floor(this.#options.clock.nowMs() / 1_000);
    this.#asked = second === this.#second ? this.#asked + 1 : 1;
    this.#second = second;
    return this.#asked;
  }

  hasNoPort(upstream: SocketAddress): boolean {
    if (this.#fullUpstreams.size === 0 && this.#foundUntilMs.size === 0) return false;
    const key = upstreamKey(upstream);
    return this.#fullUpstreams.has(key) || this.#options.clock.nowMs() < (this.#foundUntilMs.get(key) ?? 0);
  }

  foundNoPort(upstream: SocketAddress): void {
    this.#foundUntilMs.set(upstreamKey(upstream), this.#options.clock.nowMs() + SHED_PORT_MS);
    this.#options.stirred();
  }

  /** What makes it refuse at the moment. */
  causes(): ShedCause[] {
    const holds: Readonly<Record<ShedCause, boolean>> = {
      'event-loop': this.#steps > 0 && this.#lateCause === 'event-loop',
      queue: this.#steps > 0 && this.#lateCause === 'queue',
      descriptors: this.#options.areDescriptorsShort(),
      memory: this.#isMemoryShort,
      ports: this.#fullUpstreams.size > 0 || this.#foundUntilMs.size > 0,
    };
    return SHED_CAUSES.filter((cause) => holds[cause]);
  }
}

/** As the recorder counts them: a record has both parts apart. */
export function upstreamKey({ address, port }: SocketAddress): string {
  return `${address}:${port}`;
}
