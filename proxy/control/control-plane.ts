// What control does while the node lives: keeps the counters of carriers that are gone, writes its verdict on the node, and answers on the
// health and admin addresses. Nothing here is needed for a tunnel; it may be started again at any time.

import type { ProbeVerdict } from '../../healthcheck/probe/contract.ts';
import type { Cancel } from '../core/clock.ts';
import type { RestingClock } from '../core/resting-clock.ts';
import { controlSocket, ledgerFile } from '../core/runtime-files.ts';
import { readLedger } from '../limits/ledger-view.ts';
import type { Settings } from '../core/settings.ts';
import type { SupervisorView } from '../core/supervision.ts';
import { VERSION } from '../core/version.ts';
import { createAdminChangeHandler, createAdminHandler } from './admin-server.ts';
import { createAdminApi } from './admin/api.ts';
import { DecisionFeed } from './admin/decision-feed.ts';
import { EventStream } from './admin/event-stream.ts';
import { History } from './admin/history.ts';
import { loadPage } from './admin/page-files.ts';
import { Refusals } from './admin/refusals.ts';
import { TunnelBook } from './admin/tunnel-book.ts';
import { askSupervisor } from './ask.ts';
import type { Listening } from './bounded-server.ts';
import { listenBounded } from './bounded-server.ts';
import type { CarrierStatus } from './carrier-api.ts';
import { isStill, type Looked } from './control-rest.ts';
import { chooseFormat, contentType, renderMetricsText } from './exposition.ts';
import { orderDrain } from './drain-orders.ts';
import { gatherDrain } from './drain-view.ts';
import { createHealthHandler } from './health-server.ts';
import type { SayFailed } from './look-log.ts';
import { snapshotNames } from './metrics-files.ts';
import { gatherCounters, livingNames } from './node-counters.ts';
import { NodeJudge } from './node-judge.ts';
import { nodeMetrics } from './node-metrics.ts';
import { gatherCarriers, gatherStatus, judgeReadiness, wordsOf } from './node-status.ts';
import type { ProbeChild } from './probe-child.ts';
import { readProbe, viewOf } from './probe-report.ts';
import { retireCounters } from './retired-counters.ts';
import { writeVerdict } from './verdict.ts';
import type { Announce } from './verdict-log.ts';

const LOOK_MS = 1_000;
/** While somebody listens to the decisions. */
const NEWS_MS = 500;

export interface ControlDeps {
  readonly runtime: string;
  readonly settings: Settings;
  readonly clock: RestingClock;
  readonly announce: Announce;
  /** A look has failed. */
  readonly failed: SayFailed;
  /** How the node's processes are, by the supervisor; null where that has to be asked over its socket. */
  readonly view: () => Promise<SupervisorView | null>;
  /** Kept alive while control is. */
  readonly probe: Pick<ProbeChild, 'start' | 'stop' | 'replaceSilent'>;
}

export class ControlPlane {
  readonly #deps: ControlDeps;
  /** The addresses in them stay while the node lives. */
  #settings: Settings;
  readonly #servers: Listening[] = [];
  #cancelLook: Cancel = () => {};
  #isLooking = false;
  readonly #judge: NodeJudge;
  readonly #history: History;
  readonly #feed: DecisionFeed;
  readonly #stream: EventStream;
  #cancelNews: Cancel | null = null;
  /** Null where the last look has failed. */
  #looked: Looked | null = null;
  #isProbing = false;
  #isStopped = false;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
    this.#settings = deps.settings;
    this.#judge = new NodeJudge({ ...deps, doubts: () => deps.clock.work() });
    this.#history = new History(deps.clock);
    this.#feed = new DecisionFeed(deps.runtime, deps.clock, (news) => this.#stream.decisions(news));
    this.#stream = new EventStream((listeners) => this.#follow(listeners > 0));
  }

  /** Judges and answers by these settings from now on. */
  take(settings: Settings): void {
    this.#judge.take(settings);
    this.#settings = settings;
  }

  /** Rejects where an address cannot be bound. */
  async start(): Promise<void> {
    const { runtime, settings, clock } = this.#deps;
    const probe = (): ReturnType<typeof viewOf> | null => {
      const verdict = this.#probe();
      return verdict && viewOf(verdict, clock);
    };
    const api = createAdminApi({
      ...{ runtime, clock, probe, feed: this.#feed, history: this.#history, stream: this.#stream },
      settings: () => this.#settings,
      status: () => gatherStatus(runtime, clock),
      drain: () => gatherDrain(runtime, clock),
      order: (request) => orderDrain(runtime, clock, request),
      book: new TunnelBook(runtime, clock),
      refusals: new Refusals(clock, async () => (await gatherCounters(runtime, clock)).groups),
      page: loadPage(),
    });
    await this.look();
    const health = createHealthHandler({
      node: () => this.#settings.node.name,
      version: VERSION,
      readiness: async () => judgeReadiness(runtime, clock, await gatherCarriers(runtime, clock)),
      probe,
      metrics: (accept) => this.#metrics(accept),
    });
    const { host, port } = settings.admin;
    this.#servers.push(await listenBounded({ host: settings.health.host, port: settings.health.port }, health));
    const admin = (): Settings['admin'] => this.#settings.admin;
    this.#servers.push(
      await listenBounded({ host, port }, createAdminHandler(admin, api.read), createAdminChangeHandler(admin, api.change)),
    );
    // Whose file mode says who may ask.
    this.#servers.push(await listenBounded({ path: controlSocket(runtime) }, api.read, api.change));
    this.#cancelLook = clock.every(LOOK_MS, () => {
      this.#addPoint();
      void this.look();
    });
  }

  async stop(): Promise<void> {
    this.#cancelLook();
    this.#follow(false);
    // A look that is under way starts nothing any more.
    this.#isStopped = true;
    await Promise.all([this.#deps.probe.stop(), ...this.#servers.map((server) => server.close())]);
  }

  /** For the charts of the page. */
  #addPoint(): void {
    const { runtime, clock, failed } = this.#deps;
    try {
      this.#stream.second(this.#history.add(readLedger(ledgerFile(runtime), clock.nowMs())));
    } catch (error) {
      failed(error);
    }
  }

  /** Asks the carriers for their decisions as long as somebody listens. */
  #follow(isListening: boolean): void {
    if (isListening === (this.#cancelNews !== null)) return;
    this.#cancelNews?.();
    this.#deps.clock.work();
    this.#cancelNews = isListening ? this.#deps.clock.every(NEWS_MS, () => void this.#feed.poll()) : null;
  }

  async #metrics(accept: string): Promise<{ text: string; type: string }> {
    const { runtime, clock } = this.#deps;
    const [counters, carriers] = await Promise.all([gatherCounters(runtime, clock), gatherCarriers(runtime, clock)]);
    const isReady = judgeReadiness(runtime, clock, carriers).ready;
    const node = { runtime, clock, tls: this.#settings.tls, probe: this.#probe(), isReady, carriers };
    const format = chooseFormat(accept);
    return { text: renderMetricsText(await nodeMetrics(node, counters), format), type: contentType(format) };
  }

  /** From the first carrier that accepts on: before, the probe would only find that nobody is there yet. */
  #probeFrom(carriers: readonly (CarrierStatus | null)[]): void {
    if (this.#isProbing || this.#isStopped || !carriers.some((carrier) => carrier?.accepting)) return;
    this.#isProbing = true;
    this.#deps.probe.start();
  }

  #probe(): ProbeVerdict | null {
    const { runtime, clock } = this.#deps;
    return this.#settings.probe === null ? null : readProbe(runtime, clock, 0).verdict;
  }

  #restOrWork(now: Looked | null): void {
    const before = this.#looked;
    this.#looked = now;
    this.#deps.clock.restIf(now !== null && this.#cancelNews === null && isStill(before, now));
  }

  /** Looks who lives, and how the node is: once a second, seldom in a rest. One at a time, since what is kept of the dead has one writer. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { runtime, clock, announce, failed, view, probe } = this.#deps;
    try {
      const names = snapshotNames(runtime);
      const supervisor = (await view()) ?? (await askSupervisor(runtime, clock));
      if (!supervisor) return this.#restOrWork(null);
      const living = livingNames(names, supervisor);
      const carriers = await wordsOf(supervisor, runtime, clock);
      const verdict = this.#judge.look(carriers, { generation: supervisor.generation, isStopping: supervisor.stopping });
      this.#restOrWork(supervisor.stopping ? null : { verdict, isInDoubt: this.#judge.isInDoubt, slots: supervisor.slots, carriers });
      // It says for how long it counts: until the next one, which a rest that begins or ends with this look puts off or brings on.
      writeVerdict(runtime, clock.restMs === null ? verdict : { ...verdict, restMs: clock.restMs });
      announce(verdict);
      this.#probeFrom(carriers);
      if (this.#judge.isProbeLate) probe.replaceSilent();
      await retireCounters(
        runtime,
        names.filter((name) => !living.has(name)),
      );
    } catch (error) {
      // A full disk, or a bug of ours: the carriers take a verdict that grows old as none, and the files of the dead wait.
      failed(error);
      this.#restOrWork(null);
    } finally {
      this.#isLooking = false;
    }
  }
}
