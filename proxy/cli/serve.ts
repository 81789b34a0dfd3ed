// `pinhole serve`: runs a node in the foreground until a signal ends it.

import type { Clock } from '../core/clock.ts';
import type { ServiceManager } from '../core/supervision.ts';
import { EXIT } from '../supervisor/plan.ts';
import { serveNode } from '../supervisor/serve-node.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { readArguments, textOf } from './arguments.ts';
import type { CliIo } from './io.ts';

export const SERVE_USAGE = `Usage: pinhole serve -c FILE

Runs a node in the foreground. Log lines go to standard output, or to the file's log.file.

  -c, --config FILE  the configuration; a mistake in it ends the command before anything is bound
  -h, --help         this text

Signals: SIGTERM or SIGINT closes the tunnels within drain.stop and ends; a second one ends at once; SIGHUP is \`pinhole reload\`; SIGUSR2
reopens the log file. A change of the file, or of one that it names, is taken without being asked too.
Exit codes: 0 ended by a signal, 64 wrong command line or configuration, 69 an address or the runtime folder is taken.
`;

export interface ServeIo extends Pick<CliIo, 'stdout' | 'stderr'> {
  /** The script that knows the roles of a node. */
  readonly entry: string;
  readonly clock: Clock;
  readonly serviceManager: ServiceManager | null;
  onSignal(name: NodeJS.Signals, heard: () => void): void;
}

export async function runServe(args: readonly string[], io: ServeIo): Promise<number> {
  const read = readArguments(args, { config: { type: 'string', short: 'c' }, help: { type: 'boolean', short: 'h' } });
  if (read.ok && read.values['help'] === true) {
    io.stdout(SERVE_USAGE);
    return EXIT.ok;
  }
  const configFile = read.ok ? textOf(read.values, 'config') : undefined;
  if (configFile === undefined) {
    io.stderr(`pinhole serve: ${read.ok ? '-c FILE is missing' : read.why}\n`);
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
