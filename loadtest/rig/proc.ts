// What Linux says of a process and of a network, as text (proc(5)), turned into numbers. Pure.

export interface ProcessStat {
  readonly pid: number;
  readonly group: number;
  /** User and system time, in clock ticks. */
  readonly ticks: number;
}

/** USER_HZ: 100 on every architecture that Node has Linux builds for. */
export const TICKS_PER_SECOND = 100;
const PAGE_KIB = 4;

/** `/proc/PID/stat`; null where it is torn. The name, in brackets, may hold anything. */
export function parseStat(text: string): ProcessStat | null {
  const close = text.lastIndexOf(')');
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(close + 2).split(' ');
  const [group, user, system] = [fields[2], fields[11], fields[12]].map(Number);
  if (close < 0 || [pid, group, user, system].some((value) => !Number.isInteger(value))) return null;
  return { pid, group: group ?? 0, ticks: (user ?? 0) + (system ?? 0) };
}

/** Anonymous memory of `/proc/PID/status`; null for a process without any (it is ending). */
export function parseAnonKib(text: string): number | null {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? null : Number(kib);
}

export interface SocketStat {
  /** What waits in buffers of TCP; the kernel counts it for the whole machine. */
  readonly socketMemoryKib: number;
  readonly timeWait: number;
}

/** `/proc/net/sockstat`. */
export function parseSockstat(text: string): SocketStat | null {
  const tcp = /^TCP: .*\btw (\d+) alloc \d+ mem (\d+)/m.exec(text);
  return tcp === null ? null : { timeWait: Number(tcp[1]), socketMemoryKib: Number(tcp[2]) * PAGE_KIB };
}

/** `Max open files` of `/proc/PID/limits`: the hard one. */
export function parseDescriptorLimit(text: string): number | null {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1];
  if (hard === undefined) return null;
  return hard === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(hard);
}

/** `MemAvailable` of `/proc/meminfo`, and all there is. */
export function parseMemory(text: string): { readonly allMib: number; readonly availableMib: number } {
  const mib = (name: string): number => Math.floor(Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) / 1_024);
  return { allMib: mib('MemTotal'), availableMib: mib('MemAvailable') };
}

/** What a program may still take: of the machine, and of the control group that it is in, whichever is less. `groupBytes`: 0 where nobody knows. */
export function availableMibOf(meminfo: string, groupBytes: number): number {
  const { availableMib } = parseMemory(meminfo);
  return groupBytes > 0 ? Math.min(availableMib, Math.floor(groupBytes / 1_048_576)) : availableMib;
}
