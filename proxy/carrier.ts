// A carrier: composes the data plane from the settings in the runtime folder, accepts on the sockets it inherited, and answers control
// over a Unix socket. It needs nobody to go on: not control, not the live configuration file.

import { randomBytes } from 'node:crypto';
import { promises as dns } from 'node:dns';
import { readFileSync } from 'node:fs';
import type { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import v8 from 'node:v8';
import { createCarrierMetrics, type CarrierMetrics } from './control/carrier-metrics.ts';
import { startCarrierApi } from './control/carrier-api.ts';
import { watchCarrierLoad } from './control/carrier-load.ts';
import { CarrierDrain } from './control/carrier-drain.ts';
import { watchDrain } from './control/drain-file.ts';
import { createLog, type Log } from './control/log.ts';
import { createReadiness } from './control/readiness.ts';
import { createRecorder } from './control/recorder.ts';
import { shedMark } from './core/capacity.ts';
import type { Clock } from './core/clock.ts';
import type { Limits, Overload, Recorder } from './core/ports.ts';
import { settingsFile } from './core/runtime-files.ts';
import type { ListedHost, Settings } from './core/settings.ts';
import { VERSION } from './core/version.ts';
import { createGateway } from './gateway/re-originate.ts';
import { openLedger, type Ledger } from './limits/ledger.ts';
import { MeasuredOverload } from './limits/overload.ts';
import { sourceKey } from './limits/source-key.ts';
import { createMachinery, type Machinery } from './machinery.ts';
import { AddressJudge } from './policy/address-rule.ts';
import { HostList } from './policy/host-list.ts';
import { rangeList } from './policy/ranges.ts';
import { connectToSupervisor } from './supervisor/child.ts';
import { takeLock } from './supervisor/lock.ts';
import { CHILD_OUTPUT_FD, openStandardOutput } from './supervisor/standard-output.ts';
import { createCollector } from './tunnel/collect.ts';
import { drainTunnels } from './tunnel/drain.ts';
import { Listeners } from './tunnel/listener.ts';
import { highWaterMarkFor } from './tunnel/node-relay.ts';
import { createOwn } from './tunnel/own.ts';
import type { DataPlane } from './tunnel/plane.ts';
import type { CoarseTime } from './tunnel/relay.ts';
import { NameResolver } from './tunnel/resolve.ts';
import { createIdSource } from './tunnel/session-id.ts';
import { Sessions } from './tunnel/sessions.ts';
import { createTlsTerminator } from './tunnel/terminate.ts';

export interface CarrierOptions {
  readonly runtime: string;
  readonly slot: number;
  readonly generation: number;
  /** This carrier's row in the shared ledger. */
  readonly row: number;
  /** Inherited listening sockets, one per listener, in the settings' order. */
  readonly listenFds: readonly number[];
  /** Descriptors this process may hold. */
  readonly descriptors: number;
  readonly clock: Clock;
}

const PERIOD_MS = 1_000;

/**
 * The buffers of Node's sockets lie outside the heap, and V8 by itself collects all of it whenever some tens of megabytes of them have come and gone, which
 * on doors with TLS was twice a second. Counted into the heap's own limit they cost a third less CPU for a message there, and half for bulk
 * (measured). Set here and not on the command line, where a Node without this flag would refuse to start.
 */
const V8_FLAG = '--external-memory-accounted-in-global-limit';

/** Runs until the supervisor says stop and the tunnels are gone. Rejects where it cannot start. */
export async function runCarrier(options: CarrierOptions): Promise<void> {
  v8.setFlagsFromString(V8_FLAG);
  const { clock, runtime } = options;
  const settings = JSON.parse(readFileSync(settingsFile(runtime), 'utf8')) as Settings;
  const log = createLog({
    level: settings.log.level,
    file: settings.log.file,
    stdout: openStandardOutput(CHILD_OUTPUT_FD),
    clock,
    base: { node: settings.node.name, version: VERSION, generation: options.generation, carrier: options.slot },
  });
  // One session's bug must not end ten thousand tunnels: it is logged, and its own connection ends by a deadline or its idle limit.
  process.on('uncaughtException', (error) => logBug(log, error));
  const metrics = createCarrierMetrics({ settings, clock });
  const recorder = createRecorder({ log, metrics, clock, policyVersion: settings.policyVersion, sourceKey });
  const limits = openLedger({ runtime, row: options.row, settings, descriptors: options.descriptors, clock });
  const watch = watchDrain({ runtime, clock });
  const readiness = createReadiness({ runtime, clock, drain: watch });
  let held = (): number => 0;
  const overload = new MeasuredOverload({
    clock,
    random: Math.random,
    areDescriptorsShort: () => held() >= shedMark(options.descriptors),
  });
  const time = { nowMs: clock.nowMs() };
  const machinery = createMachinery(settings, {
    descriptors: options.descriptors,
    time,
    highWaterMark: () => highWaterMarkFor(settings.limits.perTunnelBufferBytes),
    onBug: (error) => logBug(log, error),
    onFailed: (error) => log.error({ event: 'relay-failed', detail: error.message }),
  });
  const plane = composePlane(settings, options, {
    time,
    machinery,
    log,
    recorder,
    limits,
    overload,
    isReady: () => readiness.isReady(),
    isDraining: () => readiness.isDraining(),
  });

  let stopped: (deadlineMs: number) => void = () => {};
  const toldToStop = new Promise<number>((resolve) => {
    stopped = resolve;
  });
  const supervisor = connectToSupervisor({ onStop: (deadlineMs) => stopped(deadlineMs), onReopenLog: () => log.reopen() }, clock);
  const listeners = new Listeners({
    plane,
    acceptor: machinery.acceptor,
    descriptors: options.descriptors,
    onFull: () => supervisor.full(),
    onRoom: () => supervisor.room(),
    onError: (error) => log.error({ event: 'listen-failed', detail: error.message }),
  });
  held = () => listeners.held;
  const load = watchCarrierLoad({
    clock,
    held,
    descriptors: options.descriptors,
    node: readiness,
    upstreams: () => metrics.upstreams(),
    resolver: plane.resolver,
    overload,
  });
  const { slot, generation } = options;
  const tunnels = (): number => limits.tunnels();
  const drain = new CarrierDrain({ runtime, clock, random: plane.random, slot, generation, settings, log, watch, tunnels, takeLock });
  const api = await startCarrierApi({
    runtime,
    sessions: plane.sessions,
    readiness,
    metrics: () => metrics.snapshot(),
    load: () => load.now(),
    drain,
    info: {
      slot,
      generation,
      relay: plane.engine.name,
      settings,
      isAccepting: () => listeners.isAccepting,
    },
  });
  const lastReport = reportEverySecond({ clock, plane, metrics, log, limits, recorder, listeners, options });

  await listeners.start(options.listenFds);
  readiness.setAccepting(true);
  drain.start();
  supervisor.ready();

  const deadlineMs = await toldToStop;
  readiness.setDraining();
  drain.stop();
  const rate = settings.drain.rate / settings.carriers;
  await drainTunnels({ clock, sessions: plane.sessions, rate, deadlineMs, endedBy: 'drain' });
  listeners.stop();
  if (plane.sessions.sendPendingAway() > 0) await new Promise<void>((resolve) => clock.after(FAREWELL_MS, resolve));
  lastReport();
  plane.sessions.stop();
  load.stop();
  recorder.summarize(true);
  await metrics.persist(runtime, options);
  await api.close();
  await log.close(LAST_LINES_MS);
}

const LAST_LINES_MS = 1_000;
/** For the answers of those that were sent away to get out. */
const FAREWELL_MS = 100;

interface Ports {
  readonly time: CoarseTime;
  readonly machinery: Machinery;
  readonly log: Log;
  readonly recorder: Recorder;
  readonly limits: Limits;
  readonly overload: Overload;
  readonly isReady: () => boolean;
  readonly isDraining: () => boolean;
}

function composePlane(settings: Settings, options: CarrierOptions, ports: Ports): DataPlane {
  const { clock } = options;
  const { time } = ports;
  const own = createOwn(settings, oncePer(INTERFACES_MS, clock, interfaceAddresses));
  const resolver = new dns.Resolver({ timeout: 1_500, tries: 2 });
  if (settings.resolve.servers.length > 0) resolver.setServers(settings.resolve.servers);
  const accepted = new Map<string, BlockList>();
  return {
    settings,
    clock,
    time,
    list: new HostList(settings.hosts),
    gateways: new Map(settings.gateways.map((gateway) => [gateway.name, gateway])),
    gatewayNames: new Set(settings.gateways.map((gateway) => gateway.name)),
    judge: new AddressJudge({ own: own.isAddress, mode: settings.policy.address }),
    acceptOf: (listed: ListedHost) => {
      if (listed.accept.length === 0) return null;
      const known = accepted.get(listed.endpoint) ?? rangeList(listed.accept);
      accepted.set(listed.endpoint, known);
      return known;
    },
    isOurs: own.isName,
    resolver: new NameResolver({ dns: resolver, clock, family: settings.resolve.family }),
    dial: ports.machinery.dial,
    limits: ports.limits,
    overload: ports.overload,
    sourceKey,
    recorder: ports.recorder,
    sessions: new Sessions(clock, time, Math.random),
    engine: ports.machinery.engineFor(settings),
    highWaterMark: highWaterMarkFor(settings.limits.perTunnelBufferBytes),
    terminator: settings.tls ? createTlsTerminator(settings.tls, clock) : null,
    upgrade: createGateway(clock),
    isReady: ports.isReady,
    isDraining: ports.isDraining,
    onBug: (error) => ports.log.error({ event: 'bug', detail: String(error.cause instanceof Error ? error.cause.stack : error.stack) }),
    newId: createIdSource(randomBytes),
    random: Math.random,
  };
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

interface Reported {
  readonly clock: Clock;
  readonly plane: DataPlane;
  readonly metrics: CarrierMetrics;
  readonly log: Log;
  readonly limits: Ledger;
  readonly recorder: { summarize(all: boolean): void };
  readonly listeners: Listeners;
  readonly options: CarrierOptions;
}

/**
 * What moves without an event of its own: bytes, gauges, due summary lines, and the snapshot that outlives this process. The returned
 * function reports for the last time.
 */
function reportEverySecond({ clock, plane, metrics, log, limits, recorder, listeners, options }: Reported): () => void {
  let up = 0;
  let down = 0;
  let faults = 0;
  const { gc } = globalThis;
  const collector = createCollector(
    gc &&
      (() => {
        // `last-resort` alone gives whole pages back to the system.
        gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      }),
  );
  const report = (): void => {
    listeners.look();
    plane.resolver.look();
    collector.look(plane.sessions.tunnels());
    const { bytesUp, bytesDown } = plane.engine.totals;
    metrics.bytes(bytesUp - up, bytesDown - down);
    up = bytesUp;
    down = bytesDown;
    metrics.gauges({
      pending: plane.sessions.pending(),
      tunnels: plane.sessions.tunnels(),
      descriptorsUsed: listeners.held,
      descriptors: options.descriptors,
      logDropped: log.dropped(),
    });
    // The carrier goes on with its own counts then, so the node's limits may be passed.
    if (limits.ioFaults() > faults) log.warn({ event: 'limits-not-shared', faults: limits.ioFaults() - faults });
    faults = limits.ioFaults();
    recorder.summarize(false);
    void metrics.persist(options.runtime, options);
  };
  const cancel = clock.every(PERIOD_MS, report);
  return () => {
    cancel();
    report();
  };
}
