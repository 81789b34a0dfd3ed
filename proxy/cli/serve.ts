// `pinhole serve`: runs a node in the foreground until a signal ends it.

import type { Clock } from '../core/clock.ts';
import type { ServiceManager } from '../core/supervision.ts';
import { EXIT } from '../supervisor/plan.ts';
import { serveNode } from '../supervisor/serve-node.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { readArguments, textOf } from './arguments.ts';
import type { CliIo } from './io.ts';

export interface ServeIo extends Pick<CliIo, 'stdout' | 'stderr'> {
  /** The script that knows the roles of a node. */
  readonly entry: string;
  readonly clock: Clock;
  readonly serviceManager: ServiceManager | null;
  onSignal(name: NodeJS.Signals, heard: () => void): void;
}

export async function runServe(args: readonly string[], io: ServeIo): Promise<number> {
  const read = readArguments(args, { config: { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' } });
  if (!read.ok || read.values['help'] === true) return sayUsage(args, io);
  const configFile = textOf(read.values, 'config');
  if (configFile === undefined) {
    io.stderr('pinhole serve: -c FILE is missing\n');
    return EXIT.usage;
  }
  let running: Supervisor | null = null;
  // From the beginning on, or it would end the process. Until the node runs there is nothing to change: its file is being read at this moment.
  io.onSignal('SIGHUP', () => void running?.reload('SIGHUP'));
  return serveNode({
    configFile,
    entry: io.entry,
    clock: io.clock,
    serviceManager: io.serviceManager,
    complain: (line) => io.stderr(`pinhole serve: ${line}\n`),
    running: (supervisor) => {
      running = supervisor;
      for (const name of ['SIGTERM', 'SIGINT'] as const) io.onSignal(name, () => supervisor.stop(name));
      io.onSignal('SIGUSR2', () => supervisor.reopen());
    },
  });
}

/** No node runs then, and this process need not stay as small as a supervisor is. */
async function sayUsage(args: readonly string[], io: ServeIo): Promise<number> {
  const { SERVE } = await import('./commands/node-commands.ts');
  const { readCommand } = await import('./commands/read-command.ts');
  const said = readCommand(SERVE, args, io);
  return typeof said === 'number' ? said : EXIT.usage;
}
