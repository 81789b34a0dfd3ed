// The short-lived child behind `serve` and behind every change of a running node's configuration: reads the file, leaves the settings in the
// runtime folder under a name of its own, and prints on one line what the supervisor needs. It decides nothing about a node that may be running.

import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { atStartChanges, changedKeys, settingsBeside } from '../config/live.ts';
import { renderProblem } from '../config/load.ts';
import { longestSocketPath, preparedSettingsFile, settingsFile, SOCKET_PATH_BYTES_MAX } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { VERSION } from '../core/version.ts';
import { capacityOf } from '../core/capacity.ts';
import { chooseRelay } from '../native/choose.ts';
import { markOf } from '../supervisor/file-mark.ts';
import type { FileMark } from '../supervisor/file-mark.ts';
import { EXIT } from '../supervisor/plan.ts';
import type { Launch, LivePlan, ReloadPlan, ServePlan } from '../supervisor/plan.ts';
import { launchOf } from '../supervisor/spawn-role.ts';
import type { CliIo } from './io.ts';
import { type ConfigRead, readConfig } from './read-config.ts';

const OTHERS_WRITE = 0o022;
/** Of a file that is something else altogether there is no end of them. */
const PROBLEMS_MAX = 100;

/** The one whose code this is. */
export type Installation = Pick<Launch, 'root' | 'entry'>;

/** `file` is the configuration's path, as `serve` was given it. */
export function runPrepare(file: string, installation: Installation, io: CliIo, pid: number): number {
  const { config, files } = readMarked(file, io);
  if (!config.ok) return EXIT.usage;

  const runtime = resolve(config.settings.runtime);
  const relay = chooseRelay(config.settings.relay, io.env['PATH']);
  if ('refused' in relay) {
    io.stderr(`relay: native cannot be had: ${relay.refused}; \`relay: auto\` goes on without it\n`);
    return EXIT.unavailable;
  }
  const settings: Settings = { ...config.settings, runtime, relay: relay.engine };
  const obstacle = enterFolder(runtime, settings.carriers, io.machine.uid) ?? leave(settings, pid);
  if (obstacle !== null) {
    io.stderr(`${obstacle}\n`);
    return EXIT.unavailable;
  }
  const { listeners, health, admin, carriers } = settings;
  const plan: ServePlan = {
    ...livePlanOf(settings, { file, pid, nofile: io.machine.nofile, config }),
    version: VERSION,
    launch: launchOf(installation.root, installation.entry),
    file: resolve(file),
    files,
    runtime,
    listeners: listeners.map(({ name, host, port }) => ({ name, host, port })),
    health: { host: health.host, port: health.port },
    admin: { host: admin.host, port: admin.port },
    carriers,
    relay,
  };
  io.stdout(`${JSON.stringify(plan)}\n`);
  return EXIT.ok;
}

/** The node that runs: its folder, the generation by whose settings, and whether another generation is to be started. */
export interface RunningNode {
  readonly runtime: string;
  readonly generation: number;
  readonly isUpgrade: boolean;
}

/** Whatever is wrong is in what is printed. */
export function runPrepareReload(file: string, node: RunningNode, installation: Installation, io: CliIo, pid: number): number {
  const said: string[] = [];
  const { config, files } = readMarked(file, { ...io, stderr: (text) => said.push(text.trimEnd()) });
  const judged = config.ok
    ? judge(config, { file, ...node, pid, nofile: io.machine.nofile })
    : ({ kind: 'bad', problems: bounded(said, file) } as const);
  const launch = launchOf(installation.root, installation.entry);
  const plan: ReloadPlan = { version: VERSION, launch, files, ...judged };
  io.stdout(`${JSON.stringify(plan)}\n`);
  return EXIT.ok;
}

function bounded(problems: readonly string[], file: string): readonly string[] {
  if (problems.length <= PROBLEMS_MAX) return problems;
  return [...problems.slice(0, PROBLEMS_MAX), `${file}: and ${problems.length - PROBLEMS_MAX} more`];
}

type Judged = ReloadPlan extends infer Plan ? (Plan extends unknown ? Omit<Plan, 'version' | 'launch' | 'files'> : never) : never;
type GoodConfig = ConfigRead & { ok: true };

interface Reading extends RunningNode {
  readonly file: string;
  readonly pid: number;
  readonly nofile: number;
}

function judge(config: GoodConfig, { file, runtime, generation, isUpgrade, pid, nofile }: Reading): Judged {
  let running: Settings;
  try {
    running = JSON.parse(readFileSync(settingsFile(runtime, generation), 'utf8')) as Settings;
  } catch (error) {
    return { kind: 'failed', why: `cannot read the settings that the node runs by: ${(error as Error).message}` };
  }
  const changes = atStartChanges(running.atStart, config.settings.atStart);
  if (changes.length > 0) return { kind: 'at-start', changes };
  if (!isUpgrade && running.policyVersion === config.settings.policyVersion) return { kind: 'unchanged' };
  const next = settingsBeside(running, config.settings);
  const obstacle = leave(next, pid);
  if (obstacle !== null) return { kind: 'failed', why: obstacle };
  return { kind: 'changed', plan: livePlanOf(next, { file, pid, nofile, config }), changed: changedKeys(running, next) };
}

/** The configuration, and marks of the files it was read from, those that could not be read too. */
function readMarked(file: string, io: CliIo): { readonly config: ConfigRead; readonly files: readonly FileMark[] } {
  const marks = new Map<string, string>();
  const readFile = (path: string): string => {
    const full = resolve(path);
    if (!marks.has(full)) marks.set(full, markOf(full));
    return io.readFile(path);
  };
  const config = readConfig(file, { ...io, readFile });
  return { config, files: [...marks].map(([path, mark]) => ({ path, mark })) };
}

function livePlanOf(
  settings: Settings,
  read: { readonly file: string; readonly pid: number; readonly nofile: number; readonly config: GoodConfig },
): LivePlan {
  return {
    node: settings.node.name,
    policyVersion: settings.policyVersion,
    preparedSettings: preparedSettingsFile(settings.runtime, read.pid),
    stopMs: settings.drain.stopMs,
    drain: { rate: settings.drain.rate, deadlineMs: settings.drain.deadlineMs },
    revoked: settings.policy.revoked,
    log: settings.log,
    capacity: capacityOf(settings.limits.tunnels, settings.carriers, read.nofile),
    warnings: read.config.warnings.map((warning) => renderProblem(read.file, warning)),
  };
}

/** Writes the settings under a name of this process; gives back one line where it cannot. */
function leave(settings: Settings, pid: number): string | null {
  const file = preparedSettingsFile(settings.runtime, pid);
  try {
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
    return null;
  } catch (error) {
    try {
      rmSync(file, { force: true });
    } catch {
      // What is wrong with the folder is said already.
    }
    return `cannot write the settings into ${settings.runtime}: ${(error as Error).message}`;
  }
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
