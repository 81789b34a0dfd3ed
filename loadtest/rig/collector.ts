// Reads once a second what the run costs: each role's processes, the network's sockets, the nodes' own metrics. Cheap whatever the number of
// tunnels: nothing here is read socket by socket.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { get } from 'node:http';
import type { KernelSeen, NodeSeen, RoleSeen } from '../run-record.ts';
import { parseNodeMetrics } from './node-metrics.ts';
import { parseAnonKib, parseSockstat, parseStat, TICKS_PER_SECOND } from './proc.ts';
import type { Sample } from './seconds.ts';

/** What a role consists of: processes by their ids, or whole process groups. */
export interface RolePids {
  readonly pids?: readonly number[];
  readonly groups?: readonly number[];
}

export interface CollectorDeps {
  /** At this moment: nodes come and go. */
  readonly roles: () => Readonly<Record<string, RolePids>>;
  /** `http://HOST:PORT/metrics` by node; null: it is known to be dead. */
  readonly nodes: () => Readonly<Record<string, string | null>>;
  readonly nowMs: () => number;
  readonly heard: (atS: number, sample: Sample) => void;
  /** For the answer of a node. */
  readonly askMs?: number;
}

/** A node that takes longer is busy, and has no figures in that second. */
const ASK_MS = 900;
/** A clock that was set in between says nothing of how long it took. */
const ELAPSED_MIN_S = 0.5;

export class Collector {
  readonly #deps: CollectorDeps;
  /** Ticks that a process had when it was last read. */
  #ticks = new Map<number, number>();
  /** What each process of a node is for, as it says itself. */
  #isCarrier = new Map<number, boolean>();
  #readMs: number | null = null;

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
  }

  /** For one second. Never throws: what cannot be read is null. */
  async sample(): Promise<Sample> {
    const nowMs = this.#deps.nowMs();
    const atS = Math.floor(nowMs / 1_000);
    const { roles, carriersKib } = this.#processes(this.#readMs === null ? 1 : Math.max(ELAPSED_MIN_S, (nowMs - this.#readMs) / 1_000));
    this.#readMs = nowMs;
    const kernel = readKernel();
    const nodes = await readNodes(this.#deps.nodes(), this.#deps.askMs);
    const sample = { roles, carriersKib, kernel, nodes };
    this.#deps.heard(atS, sample);
    return sample;
  }

  /** `elapsedS`: since the last look. */
  #processes(elapsedS: number): Pick<Sample, 'roles' | 'carriersKib'> {
    const all = readProcesses();
    const seen = new Map<number, number>();
    const memory = new Map<number, number>();
    const roles = Object.entries(this.#deps.roles()).map(([name, { pids = [], groups = [] }]) => {
      const own = all.filter(({ pid, group }) => pids.includes(pid) || groups.includes(group));
      let spent = 0;
      for (const { pid, ticks } of own) {
        spent += ticks - (this.#ticks.get(pid) ?? ticks);
        seen.set(pid, ticks);
        const kib = parseAnonKib(readText(`/proc/${pid}/status`) ?? '');
        if (kib !== null) memory.set(pid, kib);
      }
      return [name, { pids: own.map(({ pid }) => pid), cpuSeconds: spent / TICKS_PER_SECOND / elapsedS }] as const;
    });
    this.#ticks = seen;
    return {
      roles: Object.fromEntries(roles.map(([name, { pids, cpuSeconds }]) => [name, { ...costOf(pids, memory), cpuSeconds }])),
      carriersKib: this.#carriersOf(memory),
    };
  }

  /** In the order of their pids: the same carriers have the same places from second to second. */
  #carriersOf(memory: ReadonlyMap<number, number>): number[] {
    this.#isCarrier = new Map([...memory.keys()].map((pid) => [pid, this.#isCarrier.get(pid) ?? isCarrier(pid)]));
    return [...memory]
      .filter(([pid]) => this.#isCarrier.get(pid))
      .toSorted(([one], [other]) => one - other)
      .map(([, kib]) => kib);
  }
}

function costOf(pids: readonly number[], memory: ReadonlyMap<number, number>): Omit<RoleSeen, 'cpuSeconds'> {
  return { userKib: sumOf(pids.map((pid) => memory.get(pid))), descriptors: descriptorsOf(pids) };
}

/** As a node starts it: `node FLAGS main.ts carrier ...` (proxy/supervisor/spawn-role.ts). */
function isCarrier(pid: number): boolean {
  return (readText(`/proc/${pid}/cmdline`) ?? '').includes('/proxy/main.ts\0carrier\0');
}

function readProcesses(): { readonly pid: number; readonly group: number; readonly ticks: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => parseStat(readText(`/proc/${name}/stat`) ?? ''))
    .filter((stat) => stat !== null);
}

function sumOf(values: readonly (number | null | undefined)[]): number | null {
  const read = values.filter((value) => typeof value === 'number');
  return read.length === 0 ? null : read.reduce((sum, value) => sum + value, 0);
}

/** Open descriptors of these processes together; null where one cannot be seen. */
export function descriptorsOf(pids: readonly number[]): number | null {
  let sum = 0;
  for (const pid of pids) {
    try {
      // Since Linux 6.2 the size of the folder is the number of descriptors; listing twenty thousand of them each second would cost a tenth of a core.
      const { size } = statSync(`/proc/${pid}/fd`);
      sum += size > 0 ? size : readdirSync(`/proc/${pid}/fd`).length;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return null;
    }
  }
  return sum;
}

/** All processes of these groups, now. */
export function pidsOfGroups(groups: readonly number[]): number[] {
  return readProcesses()
    .filter(({ group }) => groups.includes(group))
    .map(({ pid }) => pid);
}

function readKernel(): KernelSeen | null {
  return parseSockstat(readText('/proc/net/sockstat') ?? '');
}

async function readNodes(urls: Readonly<Record<string, string | null>>, askMs?: number): Promise<Record<string, NodeSeen | null>> {
  const entries = Object.entries(urls).map(async ([name, url]) => [name, url === null ? null : await readNode(url, askMs)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function readNode(url: string, askMs?: number): Promise<NodeSeen | null> {
  const page = await ask(url, askMs);
  return page === null ? null : parseNodeMetrics(page);
}

/** Null where nobody answers 200 in time. */
export function ask(url: string, withinMs = ASK_MS): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(withinMs) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.once('end', () => resolve(response.statusCode === 200 ? body : null));
      response.once('error', () => resolve(null));
    });
    request.once('error', () => resolve(null));
  });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
