// The short-lived child behind `serve`: reads the file, leaves the settings in the runtime folder under a name of its own, and prints on one
// line what the supervisor needs. It decides nothing about a node that may be running there.

import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { renderProblem } from '../config/load.ts';
import { longestSocketPath, SOCKET_PATH_BYTES_MAX } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { VERSION } from '../core/version.ts';
import { capacityOf } from '../core/capacity.ts';
import { chooseRelay } from '../native/choose.ts';
import { EXIT } from '../supervisor/plan.ts';
import type { ServePlan } from '../supervisor/plan.ts';
import type { CliIo } from './io.ts';
import { readConfig } from './read-config.ts';

const OTHERS_WRITE = 0o022;

/** `file` is the configuration's path, as `serve` was given it. */
export function runPrepare(file: string, io: CliIo, pid: number): number {
  const config = readConfig(file, io);
  if (!config.ok) return EXIT.usage;

  const runtime = resolve(config.settings.runtime);
  const relay = chooseRelay(config.settings.relay, io.env['PATH']);
  if ('refused' in relay) {
    io.stderr(`relay: native cannot be had: ${relay.refused}; \`relay: auto\` goes on without it\n`);
    return EXIT.unavailable;
  }
  const settings: Settings = { ...config.settings, runtime, relay: relay.engine };
  const obstacle = enterFolder(runtime, settings.carriers, io.machine.uid);
  if (obstacle !== null) {
    io.stderr(`${obstacle}\n`);
    return EXIT.unavailable;
  }
  const preparedSettings = `${runtime}/settings.${pid}.json`;
  writeFileSync(preparedSettings, JSON.stringify(settings), { mode: 0o600 });
  const warnings = config.warnings.map((warning) => renderProblem(file, warning));
  io.stdout(`${JSON.stringify({ ...planOf(settings, preparedSettings, io.machine.nofile, warnings), relay })}\n`);
  return EXIT.ok;
}

/** Makes the runtime folder; gives back one line where it cannot be used. One that is there keeps its mode: what is put in it is 0600. */
function enterFolder(runtime: string, carriers: number, uid: number): string | null {
  const socket = longestSocketPath(runtime, carriers);
  const bytes = Buffer.byteLength(socket);
  if (bytes > SOCKET_PATH_BYTES_MAX) {
    const most = SOCKET_PATH_BYTES_MAX - (bytes - Buffer.byteLength(runtime));
    return `runtime: ${runtime} is ${Buffer.byteLength(runtime)} bytes long; the names of Unix sockets in it leave room for ${most}`;
  }
  try {
    mkdirSync(runtime, { recursive: true, mode: 0o700 });
    const found = lstatSync(runtime);
    if (!found.isDirectory()) return `runtime: ${runtime} is not a folder`;
    if (found.uid !== uid) return `runtime: ${runtime} belongs to another user (uid ${found.uid})`;
    // The default under /tmp has a name that anybody can guess; what others can write to is not ours.
    if ((found.mode & OTHERS_WRITE) !== 0) return `runtime: others may write to ${runtime}; make it 0700`;
    return null;
  } catch (error) {
    return `runtime: ${(error as Error).message}`;
  }
}

function planOf(settings: Settings, preparedSettings: string, nofile: number, warnings: readonly string[]): Omit<ServePlan, 'relay'> {
  return {
    node: settings.node.name,
    version: VERSION,
    runtime: settings.runtime,
    preparedSettings,
    listeners: settings.listeners.map(({ name, host, port }) => ({ name, host, port })),
    health: { host: settings.health.host, port: settings.health.port },
    admin: { host: settings.admin.host, port: settings.admin.port },
    carriers: settings.carriers,
    stopMs: settings.drain.stopMs,
    log: settings.log,
    capacity: capacityOf(settings.limits.tunnels, settings.carriers, nofile),
    warnings,
  };
}
