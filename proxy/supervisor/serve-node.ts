// One run of a node from a file to its end: asks a short-lived child what the configuration says, takes the runtime folder, looks whether the
// addresses are free, and then supervises.

import { rmSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { ServiceManager } from '../core/supervision.ts';
import { ledgerFile, ordersSocket, supervisorSocket } from '../core/runtime-files.ts';
import { createLedger } from '../limits/ledger-file.ts';
import { BindFailure, probeAddresses } from './listen-sockets.ts';
import { takeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { openLineLog } from './line-log.ts';
import { EXIT } from './plan.ts';
import type { ServePlan } from './plan.ts';
import { type Obey, listenForOrders, type Orders } from './orders.ts';
import { prepareStart } from './prepare-child.ts';
import { enterRuntimeFolder } from './runtime-folder.ts';
import { ServiceLink } from './service-manager.ts';
import { GENERATIONS_MAX, Supervisor } from './supervisor.ts';

/** Children of a supervisor that was killed end by themselves, but not before they have noticed. */
const LEFTOVER_PORTS_MS = 3_000;
const RETRY_MS = 100;
const FLUSH_MS = 500;

export interface ServeOptions {
  readonly configFile: string;
  /** The script that knows the roles; started with `prepare`, `carrier` and `control`. */
  readonly entry: string;
  readonly clock: Clock;
  /** Null where the node was not started by one. */
  readonly serviceManager: ServiceManager | null;
  /** One line for whoever started the node. */
  complain(line: string): void;
  /** Called with the supervisor once it runs, so that signals can reach it. */
  running(supervisor: Supervisor): void;
}

/** Resolves with the process's exit code when the node has ended. */
export async function serveNode(options: ServeOptions): Promise<number> {
  const prepared = await prepareStart(options.entry, options.configFile);
  if (typeof prepared === 'number') return prepared;
  let supervisor: Supervisor | null = null;
  let lock: Lock | null = null;
  let orders: Orders | null = null;
  let service: ServiceLink | null = null;
  try {
    lock = await takeLock(supervisorSocket(prepared.runtime), () => JSON.stringify(supervisor?.view() ?? { pid: process.pid }));
    if (!lock) return refuse(options, `another \`pinhole serve\` runs in ${prepared.runtime}; a second node needs its own \`runtime\``);
    const plan = await withFreeAddresses(prepared, lock.wasStale, options.clock);
    const { log: logSettings, node, version, runtime } = plan;
    const log = openLineLog({ log: logSettings, node, version, clock: options.clock });
    const { generation, accepted } = enterRuntimeFolder(plan);
    createLedger(ledgerFile(runtime), plan.carriers * GENERATIONS_MAX);

    const { promise: ended, resolve: end } = Promise.withResolvers<number>();
    if (options.serviceManager) service = new ServiceLink({ manager: options.serviceManager, clock: options.clock, log });
    supervisor = new Supervisor({ plan, generation, accepted, clock: options.clock, log, service, ended: end });
    orders = await listenForOrders(ordersSocket(runtime), options.clock, ordersOf(supervisor));
    supervisor.start();
    service?.start();
    options.running(supervisor);
    const code = await ended;
    await withinMs(FLUSH_MS, orders.answered(), options.clock);
    await log.flush(FLUSH_MS);
    return code;
  } catch (error) {
    return refuse(options, error instanceof BindFailure ? error.message : `cannot start: ${(error as Error).message}`);
  } finally {
    rmSync(prepared.preparedSettings, { force: true });
    service?.close();
    orders?.close();
    lock?.release();
  }
}

/** What takes longer is not waited for. */
function withinMs(timeMs: number, done: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(timeMs, resolve);
    void done.then(resolve).finally(cancel);
  });
}

function refuse(options: ServeOptions, line: string): number {
  options.complain(line);
  return EXIT.unavailable;
}

function ordersOf(supervisor: Supervisor): Obey {
  return async ({ order, by, to }, say) => {
    if (order === 'upgrade') return supervisor.upgrade(by, to, say);
    if (order !== 'reload' && order !== 'dry-run') return { error: 'this version obeys `reload`, `dry-run` and `upgrade`' };
    if (supervisor.isReloading) say({ waiting: true });
    return order === 'reload' ? supervisor.reload(by) : supervisor.dryRun(to);
  };
}

async function withFreeAddresses(plan: ServePlan, afterKill: boolean, clock: Clock): Promise<ServePlan> {
  const giveUpMs = clock.nowMs() + (afterKill ? LEFTOVER_PORTS_MS : 0);
  for (;;) {
    try {
      const named = plan.listeners.map((listener) => ({ ...listener }));
      const [health, admin, ...listeners] = await probeAddresses([
        { ...plan.health, name: 'health' },
        { ...plan.admin, name: 'admin' },
        ...named,
      ]);
      return { ...plan, health: health ?? plan.health, admin: admin ?? plan.admin, listeners };
    } catch (error) {
      if (!(error instanceof BindFailure) || clock.nowMs() >= giveUpMs) throw error;
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  }
}
