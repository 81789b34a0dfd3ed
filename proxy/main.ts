// The program: looks at the first word and loads what it names. The only file of the proxy that reads the environment, catches signals and
// ends the process.

import { readFileSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FollowIo } from './cli/drain.ts';
import type { CliIo } from './cli/io.ts';
import { readText } from './cli/read-text.ts';
import type { RehearseIo } from './cli/rehearse.ts';
import type { Terminal } from './cli/terminal.ts';
import { commandClock, systemClock } from './core/clock.ts';
import { REST_ENV, REST_MS, restAllowedMs, type ServiceManager } from './core/supervision.ts';
import { EXIT } from './supervisor/plan.ts';

const entry = fileURLToPath(import.meta.url);
/** The folder that this code is in, and the script that knows the roles of a node. */
const INSTALLATION = { root: dirname(dirname(entry)), entry };

type Run = (args: readonly string[]) => number | Promise<number>;

const COMMANDS: Readonly<Record<string, Run>> = {
  serve: async (args) => {
    const { runServe } = await import('./cli/serve.ts');
    // Its children have it from their environment, since an installation of an earlier version would not know an option.
    process.env[REST_ENV] = String(REST_MS);
    return runServe(args, { stdout, stderr, entry, clock: systemClock, serviceManager: takeServiceManager(), onSignal });
  },
  check: async (args) => (await import('./cli/check.ts')).runCheck(args, cliIo()),
  explain: async (args) => (await import('./cli/explain.ts')).runExplain(args, cliIo()),
  rehearse: async (args) => (await import('./cli/rehearse.ts')).runRehearse(args, await rehearseIo()),
  status: async (args) => (await import('./cli/status.ts')).runStatus(args, { ...cliIo(), clock: systemClock }),
  tunnels: async (args) => (await import('./cli/tunnels.ts')).runTunnels(args, { ...cliIo(), clock: systemClock }),
  top: async (args) => (await import('./cli/top.ts')).runTop(args, { ...followIo(), terminal: terminal() }),
  drain: async (args) => (await import('./cli/drain.ts')).runDrain(args, followIo()),
  undrain: async (args) => (await import('./cli/undrain.ts')).runUndrain(args, followIo()),
  reload: async (args) => (await import('./cli/reload.ts')).runReload(args, { ...cliIo(), clock: systemClock, pid: process.pid }),
  upgrade: async (args) =>
    (await import('./cli/upgrade.ts')).runUpgrade(args, { ...cliIo(), clock: commandClock, pid: process.pid, root: INSTALLATION.root }),
  close: async (args) => (await import('./cli/close.ts')).runClose(args, { ...cliIo(), clock: commandClock }),
  token: async (args) => (await import('./cli/token.ts')).runToken(args, cliIo()),
  addresses: async (args) => (await import('./cli/addresses.ts')).runAddresses(args, { ...cliIo(), clock: systemClock }),
  completion: async (args) => (await import('./cli/completion.ts')).runCompletion(args, { ...cliIo(), clock: systemClock }),
  help: async (args) => (await import('./cli/help.ts')).runHelp(args, cliIo()),
  '--help': async () => (await import('./cli/help.ts')).runHelp([], cliIo()),
  '-h': async () => (await import('./cli/help.ts')).runHelp([], cliIo()),
  '--version': async () => {
    const { VERSION } = await import('./core/version.ts');
    stdout(`${VERSION}\n`);
    return EXIT.ok;
  },

  // Started by `serve` only.
  prepare: async ([file = '', runtime, generation, reason]) => {
    // Whoever signals the whole group, or service, means the supervisor.
    for (const name of ['SIGHUP', 'SIGUSR2'] as const) onSignal(name, () => {});
    const { runPrepare, runPrepareReload } = await import('./cli/prepare.ts');
    if (runtime === undefined) return runPrepare(file, INSTALLATION, cliIo(), process.pid);
    const node = { runtime, generation: Number(generation), isUpgrade: reason === 'upgrade' };
    return runPrepareReload(file, node, INSTALLATION, cliIo(), process.pid);
  },
  carrier: async (args) => {
    leaveSignalsToSupervisor();
    const { runCarrierRole } = await import('./cli/roles.ts');
    return runCarrierRole(args, { clock: systemClock, descriptors: openFilesMax(), restMs: restMs() });
  },
  control: async (args) => {
    leaveSignalsToSupervisor();
    const { runControlRole } = await import('./cli/roles.ts');
    return runControlRole(args, { clock: systemClock, restMs: restMs() });
  },
};

function stdout(text: string): void {
  process.stdout.write(text);
}

function stderr(text: string): void {
  process.stderr.write(text);
}

/** A reader that has gone, as `head -1` does, is no fault: what else is said goes nowhere. */
function forgiveReaders(gone: () => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      gone();
    });
  }
}

function cliIo(): CliIo {
  forgiveReaders(() => {});
  return {
    stdout,
    stderr,
    env: process.env,
    readFile: (path) => readText(path),
    machine: { cores: availableParallelism(), nofile: openFilesMax(), uid: process.getuid?.() ?? 0 },
  };
}

async function rehearseIo(): Promise<RehearseIo> {
  const { openLog } = await import('./cli/open-log.ts');
  const isWatched = process.stderr.isTTY;
  return { ...cliIo(), clock: systemClock, isWatched, openLog: (path) => openLog(path, process.stdin) };
}

/** For a command that goes on until something has happened, or somebody has seen enough. */
function followIo(): FollowIo {
  const columns = (): number | null => (process.stdout.isTTY ? process.stdout.columns : null);
  // It would go on for nobody.
  forgiveReaders(() => process.exit(EXIT.ok));
  return { ...cliIo(), clock: commandClock, columns, onSignal };
}

/** Null where nothing can be drawn on it. */
function terminal(): Terminal | null {
  const { stdin, stdout: screen } = process;
  if (!stdin.isTTY || !screen.isTTY || ['', 'dumb'].includes(process.env['TERM'] ?? '')) return null;
  return {
    size: () => ({ columns: screen.columns, rows: screen.rows }),
    write(text) {
      try {
        writeSync(screen.fd, text);
      } catch {
        // The terminal is gone, or takes no more at the moment: the next screen is a whole one.
      }
    },
    raw(pressed) {
      stdin.setRawMode(true).setEncoding('utf8').on('data', pressed).resume();
      return () => stdin.off('data', pressed).setRawMode(false).pause();
    },
    resized: (heard) => screen.on('resize', heard),
    atEnd: (restore) => process.on('exit', restore),
  };
}

/** The soft limit, which Node itself has raised to the hard one by now; the carriers are given the same. */
function openFilesMax(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === undefined ? Number.MAX_SAFE_INTEGER : Number(soft);
}

/** How systemd asks a service to say how it is (sd_notify(3)). It asks this process, and no child of it. */
function takeServiceManager(): ServiceManager | null {
  const { NOTIFY_SOCKET: socket = '', WATCHDOG_USEC: period = '', WATCHDOG_PID: pid = String(process.pid) } = process.env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete process.env[name];
  const watchdogMs = pid === String(process.pid) && Number(period) > 0 ? Number(period) / 1_000 : null;
  return socket === '' ? null : { socket, watchdogMs };
}

function restMs(): number | null {
  return restAllowedMs(process.env[REST_ENV]);
}

function onSignal(name: NodeJS.Signals, heard: () => void): void {
  process.on(name, heard);
}

/** A terminal, or a service manager, signals every process of the node; only the supervisor decides what that means. */
function leaveSignalsToSupervisor(): void {
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) onSignal(name, () => {});
}

async function main([command = 'help', ...args]: readonly string[]): Promise<number> {
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (run) return run(args);
  const { complainOfCommand } = await import('./cli/help.ts');
  return complainOfCommand(command, cliIo());
}

/** Ends once what was said is out: to a pipe Node writes later what does not fit at once. A reader that has gone is no fault of the command's. */
async function end(code: number): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(
    streams.map((stream) => new Promise<void>((resolve) => stream.once('error', () => resolve()).write('', () => resolve()))),
  );
  process.exit(code);
}

await end(await main(process.argv.slice(2)));
