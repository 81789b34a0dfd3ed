// A real node: `./pinhole serve` with its supervisor, control and carriers, its log lines read as they come, and everything it ever wrote
// kept for the question whether a secret is in it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, within } from './bounded.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Four processes begin at once, on whatever cores there are. */
const START_MS = 60_000;
const ASK_MS = 10_000;

export type LogLine = Readonly<Record<string, unknown>>;

export interface Pids {
  readonly supervisor: number;
  readonly control: number;
  readonly carriers: readonly number[];
  /** Children started again since the beginning. */
  readonly restarts: number;
}

export interface StartOptions {
  /** Where the configuration goes, and where the files are that it names. */
  readonly folder: string;
  readonly name: string;
  readonly config: object;
  /** Takes the end of the node, whatever becomes of its beginning. */
  readonly things: AsyncDisposableStack;
}

export class NodeProcess {
  readonly lines: LogLine[] = [];
  /** Lines of standard output that are no JSON object. */
  readonly unreadable: string[] = [];
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ports: { readonly health: number; readonly admin: number };
  #rest = '';
  readonly #exit: Promise<number | null>;
  readonly #killAtExit = (): void => void this.#child.kill('SIGKILL');

  private constructor(child: ChildProcess, ports: { readonly health: number; readonly admin: number }) {
    this.#child = child;
    this.#ports = ports;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#exit = once(child, 'close').then(([code]) => code as number | null);
    process.on('exit', this.#killAtExit);
  }

  static async start({ folder, name, config, things }: StartOptions): Promise<NodeProcess> {
    const file = join(folder, `${name}.yaml`);
    const [health, admin] = [nextPort(), nextPort()];
    const whole = {
      node: { name },
      runtime: join(folder, `${name}.run`),
      health: { address: `127.0.0.1:${health}` },
      admin: { address: `127.0.0.1:${admin}` },
      // Every connection upstream, and every record, is counted.
      probe: 'off',
      ...config,
    };
    // JSON is YAML too.
    writeFileSync(file, JSON.stringify(whole, null, 2));
    const child = spawn(join(ROOT, 'pinhole'), ['serve', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    const node = new NodeProcess(child, { health, admin });
    things.defer(async () => void (await node.stop()));
    await node.#ready();
    return node;
  }

  async #ready(): Promise<void> {
    const isUp = (): boolean => this.#has('node-ready') && this.#has('control-ready');
    await Promise.race([
      eventually(START_MS, 'the node is ready', () => (isUp() ? true : null)),
      this.#exit.then((code) => {
        throw new Error(`the node ended with ${code}: ${this.stderr}${this.stdout}`);
      }),
    ]);
  }

  #has(event: string): boolean {
    return this.lines.some((line) => line['event'] === event);
  }

  #read(text: string): void {
    this.stdout += text;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const parsed = parseLine(line);
      if (parsed) this.lines.push(parsed);
      else this.unreadable.push(line);
    }
  }

  /** What went wrong since the node was ready; how it came to be is another suite's business. */
  faults(): LogLine[] {
    const ready = this.lines.findIndex((line) => line['event'] === 'node-ready');
    return this.lines.slice(ready).filter((line) => line['level'] === 'error' || line['reason'] === 'INTERNAL');
  }

  /** Records of one event about one client address. */
  records(event: 'decision' | 'close', clientIp: string): LogLine[] {
    return this.lines.filter((line) => line['event'] === event && line['client_ip'] === clientIp);
  }

  metrics(): Promise<string> {
    return get(this.#ports.health, '/metrics');
  }

  async pids(): Promise<Pids> {
    const status = JSON.parse(await get(this.#ports.admin, '/status')) as {
      pid: number;
      control: { pid: number; restarts: number };
      carriers: { pid: number; restarts: number }[];
    };
    const children = [status.control, ...status.carriers];
    return {
      supervisor: status.pid,
      control: status.control.pid,
      carriers: status.carriers.map((carrier) => carrier.pid),
      restarts: children.reduce((sum, child) => sum + child.restarts, 0),
    };
  }

  /** Resolves once nothing is pending and no tunnel is left, by the node's own count. */
  async settled(ms: number): Promise<string> {
    return eventually(ms, 'no tunnel and nothing pending', async () => {
      const text = await this.metrics();
      const rest = sum(text, 'pinhole_tunnels') + sum(text, 'pinhole_pending_connections');
      return rest === 0 ? text : null;
    });
  }

  /** SIGTERM, and its exit code; every line that it had to say has been read then. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    try {
      return await within(START_MS, 'the end of the node', this.#exit);
    } finally {
      this.#child.kill('SIGKILL');
      process.off('exit', this.#killAtExit);
    }
  }
}

/** Over all label sets; 0 where the name has no value yet. */
export function sum(metrics: string, name: string): number {
  let total = 0;
  for (const [, value] of metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) total += Number(value);
  return total;
}

let port = 18_000;

/** In a network namespace of one's own every port is free. */
export function nextPort(): number {
  port += 1;
  return port;
}

function parseLine(line: string): LogLine | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as LogLine) : null;
  } catch {
    return null;
  }
}

function get(onPort: number, path: string): Promise<string> {
  const answer = new Promise<string>((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: onPort, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
  return within(ASK_MS, path, answer);
}
