// The probe's process: control starts it, tells it once what to do, and ends it by letting go of the channel. The only file of the probe that
// hears signals and ends the process.

import { systemClock } from '../clock.ts';
import type { ProbeJob } from './contract.ts';
import { startProbe } from './run.ts';

const EXIT_USAGE = 64;

/** A terminal, or a service manager, signals every process of the node; only the supervisor decides what that means. */
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(name, () => {});

if (process.send === undefined) {
  process.stderr.write('the probe is started by `pinhole serve` only\n');
  process.exit(EXIT_USAGE);
}
process.on('disconnect', () => process.exit(0));
process.once('message', (job) => {
  startProbe(job as ProbeJob, {
    clock: systemClock,
    random: Math.random,
    complain: (line) => process.stderr.write(line),
  });
});
