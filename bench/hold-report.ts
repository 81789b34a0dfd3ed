// What a held node says in the end: whether anything was lost, and what holding cost.

export interface Held {
  /** Asked for. */
  readonly tunnels: number;
  readonly minutes: number;
  /** Never opened. */
  readonly failed: number;
  /** What the first that failed was told; empty where none was. */
  readonly firstFailure: string;
  /** Opened, and gone before they were closed. */
  readonly lost: number;
  readonly rampSeconds: number;
  readonly pingsSent: number;
  readonly pingsAnswered: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** All processes of the node: without a tunnel, with half of them, with all, and after the last minute. */
  readonly emptyMib: number;
  readonly halfMib: number;
  readonly rampedMib: number;
  readonly endMib: number;
  readonly holdSeconds: number;
  readonly holdCpuSeconds: number;
  /** Tunnels of each carrier, once all were open. */
  readonly spread: readonly number[];
  /** What a scraper waited for, with all tunnels open. */
  readonly metrics: { readonly p50Ms: number; readonly mostMs: number; readonly bytes: number };
  readonly relay: string;
}

/** How far a carrier may be from an even share, in percent. */
const DEVIATION_WANTED = 20;

/** Of /metrics: a scraper gives up after some seconds, and control does nothing else meanwhile. */
const METRICS_WANTED_MS = 100;

/** Why the run is not sound; nothing where all held. */
export function flawsOf({ failed, firstFailure, lost, pingsSent, pingsAnswered }: Held): string[] {
  const flaws: string[] = [];
  if (failed > 0) flaws.push(`${failed} tunnels did not open${firstFailure === '' ? '' : ` (${firstFailure.trim()})`}`);
  if (lost > 0) flaws.push(`${lost} tunnels were lost`);
  if (pingsSent > pingsAnswered) flaws.push(`${pingsSent - pingsAnswered} pings were not answered`);
  return flaws;
}

/** The emptiest and the fullest carrier, in percent from an even share. */
export function deviationOf(spread: readonly number[]): { readonly least: number; readonly most: number } {
  const even = spread.reduce((sum, tunnels) => sum + tunnels, 0) / spread.length;
  if (!(even > 0)) return { least: 0, most: 0 };
  const percent = (tunnels: number): number => (tunnels / even - 1) * 100;
  return { least: percent(Math.min(...spread)), most: percent(Math.max(...spread)) };
}

/** The value below which this share of them lies; 0 where there are none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export interface HoldCosts {
  /** By the second half alone: what a process frees or takes once, whatever it holds, is in both readings. */
  readonly kibPerTunnel: number;
  /** All of the node's memory at the end, by tunnels. */
  readonly kibPerTunnelInAll: number;
  /** With the pings that were sent meanwhile. */
  readonly cpuSecondsPerHour: number;
}

export function costsOf({ tunnels, halfMib, rampedMib, endMib, holdSeconds, holdCpuSeconds }: Held): HoldCosts {
  return {
    kibPerTunnel: ((rampedMib - halfMib) * 1_024) / (tunnels / 2),
    kibPerTunnelInAll: (endMib * 1_024) / tunnels,
    cpuSecondsPerHour: (holdCpuSeconds * 3_600) / holdSeconds,
  };
}

export function renderHeld(held: Held): string {
  const { kibPerTunnel, kibPerTunnelInAll, cpuSecondsPerHour } = costsOf(held);
  const { least, most } = deviationOf(held.spread);
  const memory = [held.emptyMib, held.halfMib, held.rampedMib, held.endMib].map((mib) => mib.toFixed(0));
  const { p50Ms, mostMs, bytes } = held.metrics;
  const rows = [
    ['tunnels', `${held.tunnels}, opened in ${held.rampSeconds.toFixed(0)} s, held for ${held.minutes} min`],
    ['lost', `${held.lost + held.failed}`],
    ['pings sent / answered', `${held.pingsSent} / ${held.pingsAnswered}`],
    ['ping there and back, p50 / p99', `${held.p50Us.toFixed(0)} µs / ${held.p99Us.toFixed(0)} µs`],
    ['memory with no tunnel / half of them / all / all, at the end', `${memory.join(' / ')} MiB`],
    ['KiB per tunnel, from half to all / of the whole node', `${kibPerTunnel.toFixed(2)} / ${kibPerTunnelInAll.toFixed(2)}`],
    ['CPU seconds per hour of holding', cpuSecondsPerHour.toFixed(0)],
    [
      '`/metrics` with all of them, median / longest of 30',
      `${p50Ms.toFixed(0)} / ${mostMs.toFixed(0)} ms (wanted: below ${METRICS_WANTED_MS} ms), ${bytes} bytes`,
    ],
    ['tunnels of each carrier', held.spread.join(', ')],
    ['emptiest / fullest carrier, from even', `${signed(least)} % / ${signed(most)} % (wanted: within ${DEVIATION_WANTED} %)`],
  ];
  return ['| | |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

export function renderHeldJson(machine: object, held: Held): string {
  const { least, most } = deviationOf(held.spread);
  const derived = { ...costsOf(held), leastPercent: least, mostPercent: most, flaws: flawsOf(held) };
  return `${JSON.stringify({ ...machine, ...held, ...derived }, null, 2)}\n`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}
