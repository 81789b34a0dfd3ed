// Which of a carrier's open tunnels move most, and for whom: what `pinhole top` shows. In slices, since others wait for the same event loop, and
// at most once a second, however many ask.

import type { Clock } from '../core/clock.ts';
import type { BusySession, SessionView, TunnelRow } from '../core/ports.ts';

export const BUSY_ORDERS = ['rate', 'bytes', 'age'] as const;
export type BusyOrder = (typeof BUSY_ORDERS)[number];
/** Lists of one answer. */
export const BUSY_LISTS = ['tenants', 'targets', 'sources'] as const;
export type BusyList = (typeof BUSY_LISTS)[number];

export const BUSY_ROWS_MAX = 200;
/** Groups of each list: all tenants of most nodes, and of others the largest. */
export const BUSY_GROUPS_MAX = 500;
/** Sessions that are looked at in one turn of the event loop: about a millisecond. */
const LOOKED_AT_ONCE = 1_000;
const PERIOD_MS = 1_000;

export interface BusyTunnel extends TunnelRow {
  /** Both ways. */
  readonly bytesPerS: number;
}

export interface BusyGroup {
  readonly name: string;
  readonly tunnels: number;
  /** Of those that are open. */
  readonly bytes: number;
  readonly bytesPerS: number;
}

/** The answer of GET /busiest?by=ORDER&limit=N. */
export interface Busiest extends Readonly<Record<BusyList, readonly BusyGroup[]>> {
  /** Between the two looks that rates are of; null after the first. */
  readonly overMs: number | null;
  /** The busiest first. */
  readonly rows: readonly BusyTunnel[];
}

interface Seen {
  readonly session: BusySession;
  readonly bytes: number;
  readonly bytesPerS: number;
}

interface Look {
  readonly atMs: number;
  readonly overMs: number | null;
  readonly seen: readonly Seen[];
  readonly groups: Readonly<Record<BusyList, readonly BusyGroup[]>>;
}

export class BusyWatch {
  readonly #sessions: Pick<SessionView, 'open'>;
  readonly #clock: Clock;
  #bytesBefore = new WeakMap<BusySession, number>();
  #look: Promise<Look> | null = null;
  #lookedMs = -Infinity;

  constructor(sessions: Pick<SessionView, 'open'>, clock: Clock) {
    this.#sessions = sessions;
    this.#clock = clock;
  }

  async busiest(by: BusyOrder, limit: number): Promise<Busiest> {
    const { overMs, seen, groups } = await this.#current();
    const rows = first(seen, Math.min(limit, BUSY_ROWS_MAX), ORDERS[by]).filter(({ session }) => !session.isOver);
    return { overMs, ...groups, rows: rows.map(({ session, bytesPerS }) => ({ ...session.row(), bytesPerS })) };
  }

  /** Whoever asks meanwhile, or right after, is told the same: rates are of no less than a second. */
  #current(): Promise<Look> {
    const nowMs = this.#clock.nowMs();
    if (this.#look && nowMs - this.#lookedMs < PERIOD_MS) return this.#look;
    const overMs = this.#look === null ? null : nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    this.#look = this.#lookAt(nowMs, overMs);
    return this.#look;
  }

  async #lookAt(atMs: number, overMs: number | null): Promise<Look> {
    const open = this.#sessions.open();
    const seen: Seen[] = [];
    const sums: Record<BusyList, Map<string, Sum>> = { tenants: new Map(), targets: new Map(), sources: new Map() };
    for (let from = 0; from < open.length; from += LOOKED_AT_ONCE) {
      for (const session of open.slice(from, from + LOOKED_AT_ONCE)) {
        const one = this.#see(session, overMs);
        seen.push(one);
        const { tenant, target_host: host, target_port: port, client_ip: source } = session.record;
        if (tenant !== null) add(sums.tenants, tenant, one);
        add(sums.targets, host === null ? '-' : `${host}:${port}`, one);
        add(sums.sources, source, one);
      }
      await new Promise<void>((resolve) => this.#clock.after(0, resolve));
    }
    return {
      atMs,
      overMs,
      seen,
      groups: { tenants: largest(sums.tenants), targets: largest(sums.targets), sources: largest(sums.sources) },
    };
  }

  /** What was open before, and not seen then, has moved all its bytes since. */
  #see(session: BusySession, overMs: number | null): Seen {
    const { bytes } = session;
    const moved = Math.max(0, bytes - (this.#bytesBefore.get(session) ?? 0));
    this.#bytesBefore.set(session, bytes);
    return { session, bytes, bytesPerS: overMs === null ? 0 : (moved * 1_000) / overMs };
  }
}

/** What comes first has more of this. */
const ORDERS: Readonly<Record<BusyOrder, (seen: Seen) => number>> = {
  rate: ({ bytesPerS }) => bytesPerS,
  bytes: ({ bytes }) => bytes,
  age: ({ session }) => -session.startMs,
};

/** To sort fifty thousand for fifty would hold the event loop up. */
function first(seen: readonly Seen[], limit: number, worth: (seen: Seen) => number): Seen[] {
  const best: Seen[] = [];
  for (const one of seen) {
    const last = best.at(-1);
    if (best.length >= limit && (last === undefined || worth(one) <= worth(last))) continue;
    const at = best.findIndex((other) => worth(other) < worth(one));
    best.splice(at < 0 ? best.length : at, 0, one);
    if (best.length > limit) best.pop();
  }
  return best;
}

interface Sum {
  tunnels: number;
  bytes: number;
  bytesPerS: number;
}

function add(sums: Map<string, Sum>, name: string, { bytes, bytesPerS }: Seen): void {
  const sum = sums.get(name) ?? { tunnels: 0, bytes: 0, bytesPerS: 0 };
  sum.tunnels += 1;
  sum.bytes += bytes;
  sum.bytesPerS += bytesPerS;
  sums.set(name, sum);
}

function largest(sums: ReadonlyMap<string, Sum>): BusyGroup[] {
  const groups = [...sums].map(([name, sum]) => ({ name, ...sum }));
  return groups.toSorted((a, b) => b.bytesPerS - a.bytesPerS || b.tunnels - a.tunnels).slice(0, BUSY_GROUPS_MAX);
}
