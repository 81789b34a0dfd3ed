// A carrier's part in the drains of its node: it takes orders, hears of those that another carrier took, and keeps the pace for all of them
// where no other carrier does.

import type { Clock } from '../core/clock.ts';
import type { TunnelGroup } from '../core/ports.ts';
import { carrierSocket, paceSocket } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { askJson, askSupervisor, tellJson } from './ask.ts';
import type { Answer } from './bounded-server.ts';
import type { CarrierGroups } from './carrier-api.ts';
import { CLOSE_PATH, GROUPS_PATH } from './carrier-api.ts';
import type { DrainWatch } from './drain-file.ts';
import { takeOrder, tellOthers } from './drain-orders.ts';
import type { PaceLock } from './drain-pacer.ts';
import { DrainPacer } from './drain-pacer.ts';
import { troublesIn } from './drain-throttle.ts';
import type { PaceView } from './drain-view.ts';
import type { Log } from './log.ts';
import { gatherCounters } from './node-counters.ts';

export interface CarrierDrainDeps {
  readonly runtime: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly slot: number;
  readonly generation: number;
  /** As they are now. */
  readonly settings: () => Pick<Settings, 'drain'>;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly watch: DrainWatch;
  /** There is an order, or none any more, and somebody said so. */
  told(): void;
  /** Open on the node. */
  tunnels(): number;
  /** Makes a name of the runtime folder ours, until we let it go or end; null where another process has it. */
  takeLock(path: string, view: () => string): Promise<PaceLock | null>;
}

export class CarrierDrain {
  readonly #deps: CarrierDrainDeps;
  readonly #pacer: DrainPacer;
  /** Carriers by their rows, those of generations before this one too: one pace is kept for all. */
  readonly #places = new Map<number, { readonly generation: number; readonly slot: number }>();

  constructor(deps: CarrierDrainDeps) {
    const { runtime, clock, random, slot, log, watch, tunnels, takeLock } = deps;
    this.#deps = deps;
    this.#pacer = new DrainPacer({
      ...{ clock, random, slot, log, tunnels },
      order: () => watch.order(),
      takeLock: (view: () => PaceView) => takeLock(paceSocket(runtime), () => JSON.stringify(view())),
      groups: () => this.#groups(),
      close: (of, tenant, count) => this.#close(of, tenant, count),
      troubles: async () => troublesIn((await gatherCounters(runtime, clock)).groups),
    });
  }

  start(): void {
    this.#pacer.start();
  }

  stop(): void {
    this.#pacer.stop();
    this.#deps.watch.stop();
  }

  take(body: unknown): Promise<Answer> {
    const { runtime, clock, settings, log, tunnels, watch } = this.#deps;
    const changed = (): Promise<void> => {
      this.changed();
      return tellOthers(runtime, clock, this.#deps);
    };
    return takeOrder({ runtime, clock, settings: settings(), log, tunnels, known: () => watch.order(), changed }, body);
  }

  changed(): void {
    this.#deps.told();
    this.#deps.watch.look();
    void this.#pacer.look();
  }

  async #groups(): Promise<Map<number, readonly TunnelGroup[]>> {
    const { runtime, clock } = this.#deps;
    const { slots = [] } = (await askSupervisor(runtime, clock)) ?? {};
    const found = new Map<number, readonly TunnelGroup[]>();
    await Promise.all(
      slots.map(async ({ generation, slot, row }) => {
        const answer = (await askJson(carrierSocket(runtime, generation, slot), GROUPS_PATH, clock)) as CarrierGroups | null;
        this.#places.set(row, { generation, slot });
        if (answer) found.set(row, answer.groups);
      }),
    );
    return found;
  }

  async #close(row: number, tenant: string, count: number): Promise<readonly TunnelGroup[] | null> {
    const { runtime, clock } = this.#deps;
    const place = this.#places.get(row);
    if (!place) return null;
    const { generation, slot } = place;
    const told = await tellJson(carrierSocket(runtime, generation, slot), CLOSE_PATH, { tenant, count }, clock);
    return told?.status === 200 ? (told.value as CarrierGroups).groups : null;
  }
}
