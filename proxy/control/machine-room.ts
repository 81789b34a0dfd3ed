// How much of the machine is left: memory (the host's, or the control group's where that is tighter) and local ports.

import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { SHED_PORTS_CLEAR_SHARE, SHED_PORTS_SHARE } from '../core/limits.ts';

/** What the system says of memory without a line of text to read here: each carrier asks with each look. Bytes. */
export interface Host {
  readonly total: () => number;
  /** What a new program could have. */
  readonly available: () => number;
  /** Of the control group; 0, or more than there is, where it has none. */
  readonly limit: () => number;
}

/** What hardly ever changes takes half a dozen files to find out: it is looked up with every so many looks. */
const SELDOM = 20;

const HOST: Host = { total: seldom(totalmem), available: freemem, limit: seldom(() => process.constrainedMemory()) };

/** The same value for so many looks. */
export function seldom(ask: () => number): () => number {
  let value = 0;
  let looks = 0;
  return () => {
    if (looks % SELDOM === 0) value = ask();
    looks += 1;
    return value;
  };
}

/** The share of memory that is still free; null where the machine does not say. */
export function memoryHeadroom(read: (path: string) => string = readText, host = HOST): number | null {
  const total = host.total();
  const limit = host.limit();
  const ofHost = total > 0 ? share(host.available(), total) : null;
  const ofGroup = limit > 0 && limit < total ? groupMemory(read) : null;
  return ofHost === null || ofGroup === null ? (ofHost ?? ofGroup) : Math.min(ofHost, ofGroup);
}

/** Control groups v2; the file cache that the group could give back counts as free. */
function groupMemory(read: (path: string) => string): number | null {
  const group = /^0::(\/.*)$/m.exec(attempt(() => read('/proc/self/cgroup')) ?? '')?.[1];
  if (group === undefined) return null;
  const folder = `/sys/fs/cgroup${group === '/' ? '' : group}`;
  const max = Number(attempt(() => read(`${folder}/memory.max`)) ?? Number.NaN);
  if (!(max > 0) || !Number.isFinite(max)) return null;
  const current = Number(attempt(() => read(`${folder}/memory.current`)) ?? Number.NaN);
  if (!Number.isFinite(current)) return null;
  const cache = Number(/^inactive_file (\d+)$/m.exec(attempt(() => read(`${folder}/memory.stat`)) ?? '')?.[1] ?? 0);
  return share(max - Math.max(0, current - cache), max);
}

/**
 * The share of local ports that is free towards the busiest upstream address: a port can be used once per address (RFC 9293, a connection is
 * named by both ends).
 */
export function portsHeadroom(upstreams: Readonly<Record<string, number>>, read: (path: string) => string = readText): number {
  const ports = localPorts(read);
  return share(ports - Math.max(0, ...Object.values(upstreams)), ports);
}

/** Upstreams towards which hardly a port is left; one that was among them `before` has to gain some room first. */
export function fullUpstreams(
  upstreams: Readonly<Record<string, number>>,
  before: ReadonlySet<string>,
  read: (path: string) => string = readText,
): Set<string> {
  const ports = localPorts(read);
  const isFull = ([upstream, used]: readonly [string, number]): boolean =>
    share(ports - used, ports) < (before.has(upstream) ? SHED_PORTS_CLEAR_SHARE : SHED_PORTS_SHARE);
  return new Set(
    Object.entries(upstreams)
      .filter(isFull)
      .map(([upstream]) => upstream),
  );
}

function localPorts(read: (path: string) => string): number {
  const range = /(\d+)\s+(\d+)/.exec(attempt(() => read('/proc/sys/net/ipv4/ip_local_port_range')) ?? '');
  // Linux's own default.
  const [low, high] = range ? [Number(range[1]), Number(range[2])] : [32_768, 60_999];
  return high - low + 1;
}

function share(part: number, whole: number): number {
  return Math.min(1, Math.max(0, part / whole));
}

function attempt(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
