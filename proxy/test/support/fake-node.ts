// A node whose carriers and control do nothing but live, for the supervisor's tests: same words, same channel, no proxy.
// `serve PLAN.json` runs it; the carrier answers each connection with its slot, its pid and the version of the plan that it goes by, and obeys
// one word that a client may send.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runServe } from '../../cli/serve.ts';
import { systemClock } from '../../core/clock.ts';
import { ledgerFile, settingsFile } from '../../core/runtime-files.ts';
import { openLedgerFile } from '../../limits/ledger.ts';
import { connectToSupervisor, type Staged } from '../../supervisor/child.ts';
import { markOf } from '../../supervisor/file-mark.ts';
import type { LivePlan, ReloadPlan, ServePlan } from '../../supervisor/plan.ts';
import { launchOf } from '../../supervisor/spawn-role.ts';

const entry = fileURLToPath(import.meta.url);
// An installation is the folder of the script that started this one, and its name the version (fake-serve.ts).
const root =
  process.env['FAKE_ROOT'] ??
  (process.title.startsWith('/') && process.execArgv.some((flag) => flag.startsWith('--title=')) ? process.title : '/fake');
const version = basename(root) === 'fake' ? '0.0.0' : basename(root);
// The roles know whose they are by a word that Node itself does not mind.
const flags = ['--disable-sigusr1', `--title=${root}`];
const launch = { ...launchOf(root, entry), carrierFlags: flags, controlFlags: flags };
const [role = '', ...args] = process.argv.slice(2);

if (role === 'serve') {
  const onSignal = (name: NodeJS.Signals, heard: () => void): void => void process.on(name, heard);
  const stdout = (text: string): void => void process.stdout.write(text);
  const stderr = (text: string): void => void process.stderr.write(text);
  const code = await runServe(args, { stdout, stderr, entry, clock: systemClock, serviceManager: null, onSignal });
  process.exit(code);
} else if (role === 'prepare') {
  const [file = '', runtime, generation, reason] = args;
  const files = filesOf(file);
  process.stdout.write(
    JSON.stringify(
      runtime === undefined
        ? { ...prepared(planIn(file)), file, files, launch }
        : reloadPlan(file, runtime, Number(generation), reason === 'upgrade'),
    ),
  );
} else if (role === 'control') {
  const [, runtime = '', , generation] = args;
  if (existsSync(`${runtime}/control-of-${version}-exits`)) process.exit(1);
  const { policyVersion } = settingsIn(settingsFile(runtime, Number(generation)));
  const onStop = (): void => (existsSync(`${runtime}/control-of-${version}-stays`) ? undefined : process.exit(0));
  const link = connectToSupervisor({ onStop, stage: (at) => staged(at, () => {}) }, systemClock);
  if (args.includes('--rising')) await link.warm();
  link.ready(policyVersion);
} else if (role === 'carrier') {
  runCarrier(args);
}

/** As an installation of its own, which the folder of the script that was started says. */
function filesOf(file: string): ReloadPlan['files'] {
  return [{ path: file, mark: markOf(file) }];
}

function planIn(file: string): ServePlan {
  return JSON.parse(readFileSync(file, 'utf8')) as ServePlan;
}

type FakeSettings = Pick<ServePlan, 'listeners' | 'policyVersion'>;

function settingsIn(file: string): FakeSettings {
  return JSON.parse(readFileSync(file, 'utf8')) as FakeSettings;
}

function prepared<Plan extends LivePlan & Pick<ServePlan, 'runtime' | 'listeners' | 'health' | 'admin'>>(plan: Plan): Plan {
  const preparedSettings = `${plan.runtime}/settings.${process.pid}.json`;
  const { listeners, health, admin, policyVersion } = plan;
  writeFileSync(preparedSettings, JSON.stringify({ node: { name: plan.node }, listeners, health, admin, policyVersion }));
  return { ...plan, preparedSettings };
}

/** A plan that is no JSON is a bad one; one of another number of carriers is for a start; otherwise its version counts. */
function reloadPlan(file: string, runtime: string, generation: number, isUpgrade: boolean): ReloadPlan {
  const marked = (name: string): boolean => existsSync(`${runtime}/${name}`);
  if (marked('prepare-hangs')) writeFileSync(`${runtime}/prepare-began`, '');
  while (marked('prepare-hangs')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  if (marked('prepare-crashes')) throw new Error('a bug of the reader');
  const about = {
    version: marked('other-version') ? '9.9.9' : version,
    launch: marked('other-protocol') ? { ...launch, protocol: 99 } : launch,
    files: filesOf(file),
  };
  let plan: ServePlan;
  try {
    plan = planIn(file);
  } catch (error) {
    return { ...about, kind: 'bad', problems: [`${file}:1:1: ${(error as Error).message}`] };
  }
  const running = settingsIn(settingsFile(runtime, generation));
  if (!isUpgrade && plan.policyVersion === running.policyVersion) return { ...about, kind: 'unchanged' };
  if (plan.carriers > 2)
    return { ...about, kind: 'at-start', changes: [{ key: 'carriers', running: 'few', wanted: String(plan.carriers) }] };
  const next = prepared({ ...plan, listeners: running.listeners });
  if (marked('prepared-vanishes')) rmSync(next.preparedSettings);
  return { ...about, kind: 'changed', plan: next, changed: ['policy'] };
}

/** What a child makes of settings that it is handed. */
async function staged(file: string, swap: (version: string) => void): Promise<Staged> {
  const { policyVersion } = settingsIn(file);
  return { policyVersion, swap: () => swap(policyVersion), drop: () => {} };
}

/** Markers are files in the runtime folder, so that a test can change its mind about carriers that are yet to come. */
function runCarrier(words: readonly string[]): void {
  const word = (name: string): string => words[words.indexOf(`--${name}`) + 1] ?? '';
  const runtime = word('runtime');
  const marked = (name: string): boolean => existsSync(`${runtime}/${name}`);
  if (marked('exit-69')) process.exit(69);
  if (marked('exit-at-once') || marked(`exits-${word('generation')}`)) process.exit(1);

  const generation = word('generation');
  const settings = settingsIn(settingsFile(runtime, Number(generation)));
  let version = settings.policyVersion;
  const isMine = (name: string): boolean => marked(name) || marked(`${name}-${word('slot')}`);
  const stage = async (file: string): Promise<Staged> => {
    if (isMine('stage-refused')) throw new Error('no room for it');
    if (isMine('stage-dies')) process.exit(3);
    while (isMine('stage-waits')) await new Promise<void>((resolve) => systemClock.after(20, resolve));
    return staged(file, (next) => {
      if (isMine('swap-dies')) process.exit(3);
      version = next;
    });
  };
  const onStop = (): void => (marked('ignore-stop') ? undefined : process.exit(0));
  const onRetire = (): void => {
    for (const server of servers.splice(0)) server.close();
    // It holds something as long as the test says so, and answers whom it has accepted.
    systemClock.every(20, () => void (open > 0 || marked(`holds-${generation}`) || process.exit(0)));
  };
  const link = connectToSupervisor({ onStop, onRetire, stage }, systemClock);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(name, () => {});
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
  let open = 0;
  const serve = (): Server =>
    createServer((socket) => {
      open += 1;
      socket.on('error', () => socket.destroy()).on('close', () => (open -= 1));
      socket.once('data', (text) => {
        socket.end(`${word('slot')} ${process.pid} ${version} ${generation}\n`);
        systemClock.after(50, () => obey[text.toString().trim()]?.());
      });
    });

  if (words.includes('--rising')) {
    if (isMine(`warm-dies-${generation}`)) process.exit(3);
    if (isMine(`warm-waits-${generation}`)) return;
    void link.warm().then(listen);
  } else listen();

  function listen(): void {
    if (isMine(`accept-dies-${generation}`)) process.exit(3);
    const fds = word('listen-fds').split(',').map(Number);
    let waiting = fds.length;
    for (const fd of fds) {
      const server = serve();
      servers.push(server);
      server.listen({ fd }, () => {
        waiting -= 1;
        if (waiting > 0) return;
        link.ready(version);
        if (isMine(`proof-dies-${generation}`)) systemClock.after(20, () => process.exit(3));
      });
    }
  }
}
