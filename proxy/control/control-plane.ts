// What control does while the node lives: keeps the counters of carriers that are gone, writes its verdict on the node, and answers on the
// health and admin addresses. Nothing here is needed for a tunnel; it may be started again at any time.

import type { Cancel, Clock } from '../core/clock.ts';
import { controlSocket } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { VERSION } from '../core/version.ts';
import { createAdminHandler, createAdminReads } from './admin-server.ts';
import type { Listening } from './bounded-server.ts';
import { listenBounded } from './bounded-server.ts';
import { createHealthHandler } from './health-server.ts';
import { gatherCounters, whoLives } from './node-counters.ts';
import { renderMetrics } from './node-metrics.ts';
import { gatherCarriers, gatherStatus, judgeReadiness } from './node-status.ts';
import { retireCounters } from './retired-counters.ts';
import { writeVerdict } from './verdict.ts';

const LOOK_MS = 1_000;

export interface ControlDeps {
  readonly runtime: string;
  readonly settings: Settings;
  readonly clock: Clock;
}

export class ControlPlane {
  readonly #deps: ControlDeps;
  readonly #servers: Listening[] = [];
  #cancelLook: Cancel = () => {};
  #isLooking = false;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
  }

  /** Rejects where an address cannot be bound. */
  async start(): Promise<void> {
    const { runtime, settings, clock } = this.#deps;
    const status = () => gatherStatus(runtime, clock);
    await this.look();
    const health = createHealthHandler({
      node: settings.node.name,
      version: VERSION,
      readiness: async () => judgeReadiness(runtime, clock, await gatherCarriers(runtime, clock)),
      metrics: () => this.#metrics(),
    });
    const { host, port } = settings.admin;
    this.#servers.push(await listenBounded({ host: settings.health.host, port: settings.health.port }, health));
    this.#servers.push(await listenBounded({ host, port }, createAdminHandler({ admin: settings.admin, status })));
    this.#servers.push(await listenBounded({ path: controlSocket(runtime) }, createAdminReads({ status })));
    this.#cancelLook = clock.every(LOOK_MS, () => void this.look());
  }

  async stop(): Promise<void> {
    this.#cancelLook();
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  async #metrics(): Promise<{ text: string; type: string }> {
    const { runtime, settings, clock } = this.#deps;
    const [counters, carriers] = await Promise.all([gatherCounters(runtime, clock), gatherCarriers(runtime, clock)]);
    const { ready } = judgeReadiness(runtime, clock, carriers);
    return renderMetrics({ runtime, clock, tls: settings.tls }, counters, ready);
  }

  /** Looks who lives: once a second. One at a time, since what is kept of the dead has one writer. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { runtime, clock } = this.#deps;
    try {
      const { supervisor, known, living } = await whoLives(runtime, clock);
      if (!supervisor) return;
      const reasons = supervisor.stopping ? ['the node stops'] : [];
      writeVerdict(runtime, {
        ready: reasons.length === 0,
        reasons,
        concerns: [],
        latches: [],
        fullUpstreams: [],
        answerS: null,
        atMs: clock.nowMs(),
      });
      await retireCounters(
        runtime,
        [...known.keys()].filter((name) => !living.has(name)),
      );
    } catch {
      // A full disk: the carriers take a verdict that grows old as none, and the files of the dead wait.
    } finally {
      this.#isLooking = false;
    }
  }
}
