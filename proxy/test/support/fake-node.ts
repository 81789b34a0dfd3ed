// A node whose carriers and control do nothing but live, for the supervisor's tests: same words, same channel, no proxy.
// `serve PLAN.json` runs it; the carrier answers each connection with its slot and pid, and obeys one word that a client may send.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { runServe } from '../../cli/serve.ts';
import { systemClock } from '../../core/clock.ts';
import { ledgerFile, settingsFile } from '../../core/runtime-files.ts';
import { openLedgerFile } from '../../limits/ledger.ts';
import { connectToSupervisor } from '../../supervisor/child.ts';
import type { ServePlan } from '../../supervisor/plan.ts';

const [role = '', ...args] = process.argv.slice(2);

if (role === 'serve') {
  const onSignal = (name: NodeJS.Signals, heard: () => void): void => void process.on(name, heard);
  const stdout = (text: string): void => void process.stdout.write(text);
  const stderr = (text: string): void => void process.stderr.write(text);
  const code = await runServe(args, { stdout, stderr, entry: fileURLToPath(import.meta.url), clock: systemClock, onSignal });
  process.exit(code);
} else if (role === 'prepare') {
  const plan = JSON.parse(readFileSync(args[0] ?? '', 'utf8')) as ServePlan;
  const preparedSettings = `${plan.runtime}/settings.${process.pid}.json`;
  const { listeners, health, admin } = plan;
  writeFileSync(preparedSettings, JSON.stringify({ node: { name: plan.node }, listeners, health, admin }));
  process.stdout.write(JSON.stringify({ ...plan, preparedSettings }));
} else if (role === 'control') {
  connectToSupervisor({ onStop: () => process.exit(0) }, systemClock).ready();
} else if (role === 'carrier') {
  runCarrier(args);
}

/** Markers are files in the runtime folder, so that a test can change its mind about carriers that are yet to come. */
function runCarrier(words: readonly string[]): void {
  const word = (name: string): string => words[words.indexOf(`--${name}`) + 1] ?? '';
  const runtime = word('runtime');
  const marked = (name: string): boolean => existsSync(`${runtime}/${name}`);
  if (marked('exit-69')) process.exit(69);
  if (marked('exit-at-once')) process.exit(1);

  const link = connectToSupervisor({ onStop: () => (marked('ignore-stop') ? undefined : process.exit(0)) }, systemClock);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(name, () => {});
  const settings = JSON.parse(readFileSync(settingsFile(runtime), 'utf8')) as Pick<ServePlan, 'listeners'>;
  const servers: Server[] = [];
  const limits = {
    capacity: { tunnels: 100, perCarrier: 100, nofile: 1_000_000 },
    opensPerSecond: 100,
    pending: 100,
    perSource: { pending: 100, refusalsPerSecond: 100 },
  };
  const ledger = openLedgerFile(ledgerFile(runtime), Number(word('row')), limits, systemClock);

  const obey: Readonly<Record<string, () => void>> = {
    hang: () => {
      for (;;);
    },
    exit: () => process.exit(3),
    mutter: () => void process.stderr.write('last words\n'),
    tunnel: () => void ledger.open(),
    full: () => {
      for (const server of servers) server.close();
      link.full();
      systemClock.after(500, () => {
        if (marked('no-room')) return;
        for (const { host, port } of settings.listeners) serve().listen({ host, port, reusePort: true }, () => link.room());
      });
    },
  };
  const serve = (): Server =>
    createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (text) => {
        socket.end(`${word('slot')} ${process.pid}\n`);
        systemClock.after(50, () => obey[text.toString().trim()]?.());
      });
    });

  const fds = word('listen-fds').split(',').map(Number);
  let waiting = fds.length;
  for (const fd of fds) {
    const server = serve();
    servers.push(server);
    server.listen({ fd }, () => {
      waiting -= 1;
      if (waiting === 0) link.ready();
    });
  }
}
