// A carrier: composes the data plane from the settings in the runtime folder, accepts on the sockets it inherited, and answers control
// over a Unix socket. It needs nobody to go on: not control, not the live configuration file.

import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import v8 from 'node:v8';
import { createCarrierMetrics } from './control/carrier-metrics.ts';
import { type CarrierApiView, startCarrierApi, wordOf } from './control/carrier-api.ts';
import { watchCarrierLoad } from './control/carrier-load.ts';
import { watchLoopDelay } from './control/loop-delay.ts';
import { CarrierReport } from './control/carrier-report.ts';
import { CarrierDrain } from './control/carrier-drain.ts';
import { watchDrain } from './control/drain-file.ts';
import { createLog, type Log, type LogOptions } from './control/log.ts';
import { createReadiness } from './control/readiness.ts';
import { RecentDecisions } from './control/recent-decisions.ts';
import { createRecorder } from './control/recorder.ts';
import { CarrierRest } from './control/carrier-rest.ts';
import { composePlane, judgeBy, type Standing, whyRevokedBy } from './compose.ts';
import { shedMark } from './core/capacity.ts';
import { type Clock, commandClock } from './core/clock.ts';
import { RestingClock } from './core/resting-clock.ts';
import { moveSocket, settingsFile } from './core/runtime-files.ts';
import type { Settings, TenantsSettings } from './core/settings.ts';
import { VERSION } from './core/version.ts';
import { explain } from './explain/explanation.ts';
import { createGateway } from './gateway/re-originate.ts';
import { openLedger } from './limits/ledger.ts';
import { MeasuredOverload } from './limits/overload.ts';
import { sourceKey } from './limits/source-key.ts';
import { createMachinery } from './machinery.ts';
import { Retirement } from './retirement.ts';
import { Revocation } from './revocation.ts';
import { connectToSupervisor, type ChildHandlers } from './supervisor/child.ts';
import { takeLock } from './supervisor/lock.ts';
import { CHILD_OUTPUT_FD, openStandardOutput } from './supervisor/standard-output.ts';
import { createCollector } from './tunnel/collect.ts';
import { drainTunnels } from './tunnel/drain.ts';
import { Listeners } from './tunnel/listener.ts';
import { Mover } from './tunnel/mover.ts';
import { createIdSource } from './tunnel/session-id.ts';
import { Sessions } from './tunnel/sessions.ts';
import { TenantRoll } from './tunnel/tenant-roll.ts';
import { warmUp } from './warm-up.ts';

export interface CarrierOptions {
  readonly runtime: string;
  readonly slot: number;
  readonly generation: number;
  /** This carrier's row in the shared ledger. */
  readonly row: number;
  /** It waits for the rest of its generation before it accepts. */
  readonly isRising: boolean;
  /** Inherited listening sockets, one per listener, in the settings' order. */
  readonly listenFds: readonly number[];
  /** Descriptors this process may hold. */
  readonly descriptors: number;
  readonly clock: Clock;
  /** It may have its turns so seldom while little happens; null where it may not rest. */
  readonly restMs: number | null;
}

/**
 * The buffers of Node's sockets lie outside the heap, and V8 by itself collects all of it whenever some tens of megabytes of them have come and gone, which
 * on doors with TLS was twice a second. Counted into the heap's own limit they cost a third less CPU for a message there, and half for bulk
 * (measured). Set here and not on the command line, where a Node without this flag would refuse to start.
 */
const V8_FLAG = '--external-memory-accounted-in-global-limit';

/** Runs until the supervisor says stop and the tunnels are gone. Rejects where it cannot start. */
export async function runCarrier(options: CarrierOptions): Promise<void> {
  v8.setFlagsFromString(V8_FLAG);
  const { clock, runtime, descriptors, slot, generation } = options;
  const restingClock = new RestingClock(clock, options.restMs, () => supervisor.rests());
  const { settings, tenants: listed } = readSettings(settingsFile(runtime, generation));
  const log = createLog({ ...logOptions(settings, options), stdout: openStandardOutput(CHILD_OUTPUT_FD), clock });
  // One session's bug must not end ten thousand tunnels: it is logged, and its own connection ends by a deadline or its idle limit.
  process.on('uncaughtException', (error) => logBug(log, error));
  const metrics = createCarrierMetrics({ settings, clock });
  const recent = new RecentDecisions(clock);
  const recorder = createRecorder({ log, metrics, clock, recent, policyVersion: settings.policyVersion, sourceKey });
  const ledger = openLedger({ runtime, row: options.row, settings, descriptors, clock });
  const watch = watchDrain({ runtime, clock: restingClock, log });
  const readiness = createReadiness({ runtime, clock: restingClock, drain: watch });
  let held = (): number => 0;
  const overload = new MeasuredOverload({
    ...{ clock, random: Math.random, stirred: () => restingClock.work() },
    areDescriptorsShort: () => held() >= shedMark(descriptors),
  });
  const machinery = createMachinery(settings, {
    descriptors,
    clock,
    highWaterMark: () => planes.current.highWaterMark,
    onBug: (error) => logBug(log, error),
    onFailed: (error) => log.error({ event: 'relay-failed', detail: error.message }),
  });
  const sessions = new Sessions(restingClock, Math.random, () => restingClock.work());
  // The first list is read before anything else would keep this process alive.
  const tenants = new TenantRoll(() => new Promise((resolve) => commandClock.after(0, resolve)));
  (await tenants.make(listed)).take();
  const standing: Standing = {
    clock,
    sessions,
    tenants,
    machinery,
    ledger,
    overload,
    recorder,
    descriptors,
    interfaces: oncePer(INTERFACES_MS, clock, interfaceAddresses),
    upgrade: createGateway(clock),
    isReady: () => readiness.isReady(),
    isDraining: () => readiness.isDraining(),
    onBug: (error) => log.error({ event: 'bug', detail: String(error.cause instanceof Error ? error.cause.stack : error.stack) }),
    newId: createIdSource(randomBytes),
    random: Math.random,
  };
  const planes = { current: composePlane(settings, standing, null) };

  let stopped: (deadlineMs: number) => void = () => {};
  const toldToStop = new Promise<number>((resolve) => {
    stopped = resolve;
  });
  let api: CarrierApiView | null = null;
  const handlers: ChildHandlers = {
    word: () => (api === null ? undefined : wordOf(api)),
    wordFailed: (error) => logBug(log, error as Error),
    onStop: (deadlineMs) => stopped(deadlineMs),
    onReopenLog: () => log.reopen(),
    onRetire(message) {
      listeners.stop();
      retirement.take(message);
    },
    stage: async (file) => {
      const { settings: next, tenants: wanted } = readSettings(file);
      const plane = composePlane(next, standing, planes.current);
      const roll = await tenants.make(wanted);
      const prepared = await log.prepare(logOptions(next, options));
      return {
        policyVersion: next.policyVersion,
        swap: () => {
          prepared.take();
          planes.current = plane;
          roll.take();
          restingClock.work();
          revocation.changed();
        },
        drop: () => prepared.drop(),
      };
    },
    survey: async (file) => {
      const { settings: next, tenants: wanted } = readSettings(file);
      const { table } = await tenants.make(wanted);
      return revocation.survey(judgeBy(next, table));
    },
  };
  const listeners = new Listeners({
    planes,
    clock,
    acceptor: machinery.acceptor,
    descriptors,
    onConnection: () => rest.connection(),
    onFull: () => {
      restingClock.work();
      supervisor.full();
    },
    onRoom: () => supervisor.room(),
    onError: (error) => log.error({ event: 'listen-failed', detail: error.message }),
  });
  const mover = new Mover({
    planes,
    links: machinery.links,
    pathOf: (of) => moveSocket(runtime, of, slot),
    generation,
    onSent: ({ to, moved, stayed }) => log.info({ event: 'tunnels-moved', to, moved, stayed }),
    onTaken: (counts) => {
      log.info({ event: 'tunnels-taken', ...counts });
      // They were let in by another configuration.
      revocation.changed();
    },
  });
  const retirement = new Retirement({
    ...{ clock, random: Math.random, sessions, mover },
    isDrained: () => watch.order() !== null,
  });
  const revocation = new Revocation({
    ...{ clock, random: Math.random },
    sessions: () => sessions.everyOne(),
    whyRevoked: (session) => whyRevokedBy(session, planes.current.list, tenants.current),
    rate: () => {
      const { policy, drain: pace } = planes.current.settings;
      return policy.revoked === 'close' ? pace.rate / ledger.carriers() : null;
    },
    isHeld: () => watch.order() !== null,
    found: (count) => log.info({ event: 'tunnels-revoked', tunnels: count }),
  });
  // It may speak at once: what it is heard by is made before.
  const supervisor = connectToSupervisor(handlers, restingClock);
  held = () => listeners.held;
  const loop = watchLoopDelay(clock);
  const load = watchCarrierLoad({
    clock: restingClock,
    loop,
    held,
    descriptors,
    node: readiness,
    upstreams: () => metrics.upstreams(),
    resolver: () => planes.current.resolver,
    overload,
    looked: (isAtWork) => rest.look(isAtWork),
  });
  const rest = new CarrierRest({
    clock: restingClock,
    hasWork: () => !readiness.isReady() || !listeners.isAccepting || sessions.areSwept || isShort(planes.current.settings.limits.maxAgeMs),
  });
  const report = new CarrierReport({
    ...{ clock: restingClock, loop, metrics, log, ledger, recorder, listeners },
    plane: () => planes.current,
    collector: createCollector(collection()),
    heapBytes: () => v8.getHeapStatistics().used_heap_size,
    carrier: { runtime, slot, generation, descriptors },
  });
  const drain = new CarrierDrain({
    ...{ runtime, clock: restingClock, random: Math.random, slot, generation, log, watch, takeLock },
    told: () => restingClock.work(),
    settings: () => planes.current.settings,
    tunnels: () => ledger.tunnels(),
  });
  api = {
    runtime,
    clock,
    sessions,
    log,
    move: mover,
    readiness,
    metrics: () => {
      report.count();
      return metrics.snapshot();
    },
    load: () => load.now(),
    recent,
    explain: (question) => explain({ ...planes.current, tenants: tenants.current }, question),
    drain,
    info: {
      slot,
      generation,
      relay: planes.current.engine.name,
      settings: () => planes.current.settings,
      isAccepting: () => listeners.isAccepting,
    },
  };
  const answers = await startCarrierApi(api);
  /** False where the generation is given up before it has taken over. */
  const becomesWanted = async (): Promise<boolean> => {
    await warmUp(settings, standing, machinery.acceptor);
    return Promise.race([supervisor.warm().then(() => true), toldToStop.then(() => false)]);
  };

  const isWanted = (!options.isRising || (await becomesWanted())) && !retirement.hasBegun;
  if (isWanted) {
    await listeners.start(options.listenFds);
    mover.listen();
    readiness.setAccepting(true);
    drain.start();
    supervisor.ready(planes.current.settings.policyVersion);
  }

  const deadlineMs = await Promise.race([toldToStop, retirement.over.then(() => 0)]);
  readiness.setDraining();
  retirement.stop();
  revocation.stop();
  drain.stop();
  mover.stop();
  rmSync(moveSocket(runtime, generation, slot), { force: true });
  const { drain: pace, carriers } = planes.current.settings;
  await drainTunnels({ clock, sessions, rate: pace.rate / carriers, deadlineMs, endedBy: 'drain' });
  listeners.stop();
  if (sessions.sendPendingAway() > 0) await new Promise<void>((resolve) => clock.after(FAREWELL_MS, resolve));
  report.stop();
  sessions.stop();
  load.stop();
  recorder.summarize(true);
  await metrics.persist(runtime, options);
  await answers.close();
  await log.close(LAST_LINES_MS);
}

const LAST_LINES_MS = 1_000;
/** A tunnel that may be no older is not held for seconds more because its carrier rests. */
const SHORT_AGE_MS = 60_000;

function collection(): (() => void) | undefined {
  const { gc } = globalThis;
  // `last-resort` alone gives whole pages back to the system.
  return gc && ((): void => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }));
}

function isShort(maxAgeMs: number | null): boolean {
  return maxAgeMs !== null && maxAgeMs < SHORT_AGE_MS;
}

/** For the answers of those that were sent away to get out. */
const FAREWELL_MS = 100;

/** Every plane keeps its settings, and there may be many tenants: they go their own way. */
function readSettings(file: string): { readonly settings: Settings; readonly tenants: TenantsSettings | null } {
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Settings;
  return { settings: { ...settings, tenants: null }, tenants: settings.tenants };
}

function logOptions({ log, node }: Settings, { generation, slot }: CarrierOptions): LogOptions {
  return { level: log.level, file: log.file, base: { node: node.name, version: VERSION, generation, carrier: slot } };
}

function logBug(log: Log, error: Error): void {
  log.error({ event: 'bug', detail: error.stack ?? error.message });
}

/** The value is asked for anew after so long. */
function oncePer<T>(periodMs: number, clock: Clock, ask: () => T): () => T {
  let value = ask();
  let askedMs = clock.nowMs();
  return () => {
    if (clock.nowMs() - askedMs >= periodMs) {
      value = ask();
      askedMs = clock.nowMs();
    }
    return value;
  };
}

/** Asking the kernel takes 70 us, and every address of every answer is compared with these. */
const INTERFACES_MS = 1_000;

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}
