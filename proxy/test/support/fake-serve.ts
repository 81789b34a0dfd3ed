// Starts a fake node (fake-node.ts) under the real supervisor, and reads what it says.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { askSupervisor } from '../../control/ask.ts';
import { systemClock } from '../../core/clock.ts';
import type { SupervisorView } from '../../core/supervision.ts';
import type { ServePlan } from '../../supervisor/plan.ts';
import { launchOf } from '../../supervisor/spawn-role.ts';

const ENTRY = fileURLToPath(new URL('fake-node.ts', import.meta.url));
const LOOPBACK = { host: '127.0.0.1', port: 0 } as const;
/** Far beyond anything a test waits for on a busy machine: a test that gets there has failed. */
const PATIENCE_MS = 40_000;
const LOOK_MS = 20;

export interface LogLine {
  readonly time: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export class ServeProcess {
  readonly child: ChildProcess;
  readonly lines: LogLine[] = [];
  /** What came on stdout and is no JSON line, and all of stderr. */
  text = '';
  readonly ended: Promise<number | string | null>;

  constructor(child: ChildProcess) {
    this.child = child;
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#read(part);
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk));
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  }

  /** The first line of that event, among those from `from` on. */
  line(event: string, from = 0): Promise<LogLine> {
    return this.#first(`a line ${event}`, (line) => line.event === event, from);
  }

  /**
   * The line of this carrier's death, once there is another in its place. Whoever asks before may wait in a queue that nobody serves, and which a
   * busy machine's node gives up.
   */
  async replaced(pid: number): Promise<LogLine> {
    const died = await this.#first(`the death of ${pid}`, (line) => line.event === 'carrier-died' && line['pid'] === pid);
    const isNext = (line: LogLine): boolean =>
      line.event === 'carrier-ready' && line['carrier'] === died['carrier'] && line['generation'] === died['generation'];
    await this.#first(`another in the place of ${pid}`, isNext, this.lines.indexOf(died));
    return died;
  }

  #first(what: string, isIt: (line: LogLine) => boolean, from = 0): Promise<LogLine> {
    return until(
      () => this.lines.slice(from).find(isIt),
      what,
      () => this.text + JSON.stringify(this.lines),
    );
  }

  #read(text: string): void {
    try {
      this.lines.push(JSON.parse(text) as LogLine);
    } catch {
      this.text += `${text}\n`;
    }
  }
}

type Found<T> = T | undefined | false | null;

/** Waits for a value; what a failing test shows is `state`. */
export async function until<T>(look: () => Found<T> | Promise<Found<T>>, what: string, state: () => string = () => ''): Promise<T> {
  const giveUp = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found;
    if (performance.now() > giveUp) throw new Error(`waited for ${what} in vain; ${state()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

export interface FakeNode {
  readonly runtime: string;
  readonly plan: ServePlan;
  start(): ServeProcess;
  /** Writes its file anew, with these changes, or as this text. */
  write(changes: Partial<ServePlan> | string): void;
  /** Its file. */
  readonly file: string;
  /** A folder from which another generation can be started. */
  installation(version: string): string;
  /** Writes or removes a marker that the children look at. */
  mark(name: string): void;
  unmark(name: string): void;
}

export function fakeNode(t: TestContext, changes: Partial<ServePlan> = {}): FakeNode {
  const runtime = mkdtempSync(join(tmpdir(), 'node-'));
  const plan: ServePlan = {
    node: 'fake',
    version: '0.0.0',
    policyVersion: 'first',
    file: '',
    files: [],
    runtime,
    preparedSettings: '',
    listeners: [{ name: 'first', ...LOOPBACK }],
    health: LOOPBACK,
    admin: LOOPBACK,
    carriers: 1,
    stopMs: 2_000,
    drain: { rate: 8, deadlineMs: 60_000 },
    revoked: 'close',
    launch: launchOf('', ''),
    log: { level: 'info', file: null },
    capacity: { configured: 100, tunnels: 100, perCarrier: 100, carriers: 1, nofile: 1_000, binds: 'limits.tunnels' },
    warnings: [],
    relay: { engine: 'node', why: 'fake' },
    ...changes,
  };
  const file = join(runtime, 'plan');
  writeFileSync(file, JSON.stringify(plan));
  const started: ServeProcess[] = [];
  t.after(async () => {
    for (const serve of started) serve.child.kill('SIGKILL');
    await Promise.all(started.map((serve) => serve.ended));
    // Children of one that was killed may write to it until they have seen that.
    rmSync(runtime, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  });
  return {
    runtime,
    plan,
    start() {
      const serve = new ServeProcess(
        spawn(process.execPath, ['--disable-sigusr1', ENTRY, 'serve', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] }),
      );
      started.push(serve);
      return serve;
    },
    file,
    write: (change) => writeFileSync(file, typeof change === 'string' ? change : JSON.stringify({ ...plan, ...change })),
    installation(version) {
      const root = join(runtime, 'installations', version);
      mkdirSync(root, { recursive: true });
      writeFileSync(
        join(root, 'pinhole'),
        `#!/bin/sh\nFAKE_ROOT='${root}' exec '${process.execPath}' --disable-sigusr1 '${ENTRY}' "$@"\n`,
        { mode: 0o755 },
      );
      return root;
    },
    mark: (name) => writeFileSync(join(runtime, name), ''),
    unmark: (name) => rmSync(join(runtime, name), { force: true }),
  };
}

/** What the node's supervisor says; null where there is none. One of a busy machine is there all the same, and takes its time. */
export function viewOf(runtime: string): Promise<SupervisorView | null> {
  return askSupervisor(runtime, systemClock, PATIENCE_MS);
}

/** The port on which the node's first listener is bound. */
export function portOf(starting: LogLine): number {
  const [first] = starting['listeners'] as readonly { readonly port: number }[];
  return first?.port ?? 0;
}

export interface Reply {
  readonly slot: number;
  readonly pid: number;
  /** Of the plan that the carrier goes by. */
  readonly version: string;
  readonly generation: number;
}

/** Connects, says a word, and reads who answered; the error's code where nobody did. */
export function ask(port: number, word = 'hello'): Promise<Reply | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${word}\n`));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('close', () => {
      const [slot, pid, version, generation] = text.trim().split(' ');
      const whose = { slot: Number(slot), pid: Number(pid), generation: Number(generation) };
      resolve(version === undefined ? 'no answer' : { ...whose, version });
    });
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until every carrier is ready, and gives back the port. */
export async function ready(serve: ServeProcess): Promise<number> {
  const starting = await serve.line('node-starting');
  await serve.line('node-ready');
  return portOf(starting);
}

export async function answered(port: number, word?: string): Promise<Reply> {
  const reply = await ask(port, word);
  if (typeof reply === 'string') throw new Error(`nobody answered on ${port}: ${reply}`);
  return reply;
}
