// What a carrier tells control, the commands and the other carriers, over its own Unix socket: how it is, its tunnels, its counters. And what
// they tell it: to drain, to close a tunnel, to move its tunnels to another generation.

import type { Clock } from '../core/clock.ts';
import { carrierSocket } from '../core/runtime-files.ts';
import type { MoveView, Moving } from '../core/move.ts';
import type { Readiness, ResolverState, SessionView, ShedCause, TunnelGroup, TunnelPage } from '../core/ports.ts';
import type { Settings } from '../core/settings.ts';
import { VERSION } from '../core/version.ts';
import { wireText } from '../core/wire-text.ts';
import type { Explanation } from '../explain/explanation.ts';
import { type Question as Explain, readQuestion } from '../explain/question.ts';
import type { Answer, Change, Listening, Question } from './bounded-server.ts';
import { json, listenBounded, NOT_FOUND } from './bounded-server.ts';
import { BUSY_ORDERS, BUSY_ROWS_MAX, BusyWatch } from './busiest.ts';
import type { Log } from './log.ts';
import { DRAIN_CHANGED_PATH, DRAIN_PATH } from './drain-orders.ts';
import type { CarrierSnapshot } from './metrics-files.ts';
import { writeSnapshot } from './metrics-files.ts';
import type { DecisionPage, RecentDecisions } from './recent-decisions.ts';

/** Rows of one answer: each costs the carrier's event loop some microseconds, in which nobody is let in. Who wants more asks again. */
export const TUNNEL_PAGE_ROWS = 250;

export interface CarrierApiView {
  readonly runtime: string;
  readonly clock: Clock;
  readonly sessions: SessionView;
  readonly readiness: Readiness;
  readonly move: Moving;
  readonly log: Pick<Log, 'info'>;
  metrics(): Promise<CarrierSnapshot>;
  load(): CarrierLoad;
  readonly recent: Pick<RecentDecisions, 'since'>;
  /** By what is in force. */
  explain(question: Explain): Explanation;
  readonly drain: {
    /** An order, as it came. */
    take(body: unknown): Promise<Answer>;
    /** Somebody else took one. */
    changed(): void;
  };
  readonly info: {
    readonly slot: number;
    readonly generation: number;
    readonly relay: string;
    /** Those in use now. */
    settings(): Pick<Settings, 'node' | 'policyVersion'>;
    isAccepting(): boolean;
  };
}

/** What a carrier measures about itself. */
export interface CarrierLoad {
  /** The median of the last half second. */
  readonly eventLoopDelayS: number;
  /** The share that is free. */
  readonly descriptorsFree: number;
  readonly resolver: ResolverState;
  /** What makes it refuse new tunnels at the moment. */
  readonly shedding: readonly ShedCause[];
  /** Open upstream sockets by the address they go to. */
  readonly upstreams: Readonly<Record<string, number>>;
}

/** The answer of GET /status. */
export interface CarrierStatus {
  readonly slot: number;
  readonly generation: number;
  readonly pid: number;
  readonly node: string;
  readonly version: string;
  readonly relay: string;
  readonly policyVersion: string;
  readonly ready: boolean;
  readonly accepting: boolean;
  readonly tunnels: number;
  readonly pending: number;
  readonly load: CarrierLoad;
  /** The last move of its tunnels to another generation; null where there was none. */
  readonly move: MoveView | null;
}

/** The answer of GET /tunnels?limit=N&after=PLACE. */
export interface CarrierTunnels extends TunnelPage {
  readonly tunnels: number;
}

/** The answer of GET /groups, and of POST /drain/close. */
export interface CarrierGroups {
  readonly groups: readonly TunnelGroup[];
}

/** The answer of GET /decisions?after=N: of this run of the carrier. */
export interface CarrierDecisions extends DecisionPage {
  readonly pid: number;
}

/** The answer of POST /close of a tenant. */
export interface TenantClosed {
  readonly closed: number;
}

export const GROUPS_PATH = '/groups';
export const BUSIEST_PATH = '/busiest';
export const CLOSE_PATH = '/drain/close';
/** A POST of a tenant here ends all its tunnels at once; answered with how many. */
export const CLOSE_TENANT_PATH = '/close';
/** A POST of ids here ends those tunnels at once; answered with IdsClosed. */
export const CLOSE_TUNNELS_PATH = '/close/tunnels';
/** GET ?id=: one tunnel whole. */
export const TUNNEL_PATH = '/tunnel';
export const DECISIONS_PATH = '/decisions';
export const EXPLAIN_PATH = '/explain';
/** A POST here, answered with a MoveView. */
export const MOVE_PATH = '/move';

/** The answer of GET /metrics.json. */
export interface CarrierCounters {
  readonly generation: number;
  readonly slot: number;
  readonly pid: number;
  readonly snapshot: CarrierSnapshot;
}

export const NO_SUCH_TUNNEL: Answer = json(404, { error: 'no open tunnel has this id' });

export function startCarrierApi(view: CarrierApiView): Promise<Listening> {
  const { runtime, info } = view;
  const path = carrierSocket(runtime, info.generation, info.slot);
  const busy = new BusyWatch(view.sessions, view.clock);
  return listenBounded(
    { path },
    (question) => (question.path === BUSIEST_PATH ? busiestOf(busy, question.query) : answer(view, question)),
    (change) => obey(view, change),
  );
}

async function answer(view: CarrierApiView, { path, query }: Question): Promise<Answer> {
  if (path === '/status') return json(200, statusOf(view));
  if (path === '/tunnels') return json(200, tunnelsOf(view, query));
  if (path === '/metrics.json') return json(200, await countersOf(view));
  if (path === TUNNEL_PATH) return tunnelOf(view, query.get('id') ?? '');
  if (path === DECISIONS_PATH)
    return json(200, { pid: process.pid, ...view.recent.since(numberIn(query, 'after') ?? 0) } satisfies CarrierDecisions);
  if (path === EXPLAIN_PATH) return explained(view, query);
  if (path === GROUPS_PATH) return json(200, { groups: view.sessions.groups() } satisfies CarrierGroups);
  return NOT_FOUND;
}

async function obey(view: CarrierApiView, { path, query, body }: Change): Promise<Answer> {
  const { drain, sessions } = view;
  if (path === MOVE_PATH) return move(view, query);
  if (!body.ok) return body.answer;
  if (path === DRAIN_PATH) return drain.take(body.value);
  if (path === DRAIN_CHANGED_PATH) {
    drain.changed();
    return json(200, {});
  }
  if (path === CLOSE_TENANT_PATH) return closeTenant(view, body.value);
  if (path === CLOSE_TUNNELS_PATH) return closeTunnels(view, body.value);
  if (path !== CLOSE_PATH) return NOT_FOUND;
  const { tenant, count } = Object(body.value) as Record<string, unknown>;
  if (typeof tenant !== 'string' || !Number.isSafeInteger(count)) return json(400, { error: 'expected tenant and count' });
  sessions.closeOldest(tenant, count as number, 'drain');
  return json(200, { groups: sessions.groups() } satisfies CarrierGroups);
}

/** Whoever of it comes back is let in again as before. */
function closeTenant({ sessions, log }: CarrierApiView, value: unknown): Answer {
  const { tenant, by } = Object(value) as Record<string, unknown>;
  if (typeof tenant !== 'string' || tenant === '' || typeof by !== 'string') return json(400, { error: 'expected tenant and by' });
  const closed = sessions.closeOldest(tenant, Infinity, 'operator');
  log.info({ event: 'tenant-closed', tenant: wireText(tenant), by: wireText(by), tunnels: closed });
  return json(200, { closed } satisfies TenantClosed);
}

function closeTunnels({ sessions, log }: CarrierApiView, value: unknown): Answer {
  const { ids, by } = Object(value) as Record<string, unknown>;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string') || typeof by !== 'string')
    return json(400, { error: 'expected ids and by' });
  const told = sessions.closeIds(new Set(ids), 'operator');
  for (const id of told.closed) log.info({ event: 'tunnel-closed', tunnel: id, by: wireText(by) });
  return json(200, told);
}

function tunnelOf({ sessions }: CarrierApiView, id: string): Answer {
  const found = sessions.find(id);
  return found ? json(200, found) : NO_SUCH_TUNNEL;
}

function explained(view: CarrierApiView, query: URLSearchParams): Answer {
  const question = readQuestion(
    (field) => query.get(field) ?? undefined,
    (field) => field,
  );
  return typeof question === 'string' ? json(400, { error: question }) : json(200, view.explain(question));
}

/** POST /move?to=GENERATION: begins a move and answers at once; asked again, tells how far it is. One that is over begins anew. */
function move({ info, ...view }: CarrierApiView, query: URLSearchParams): Answer {
  const to = numberIn(query, 'to');
  if (to === null || to === info.generation) return json(400, { error: 'expected ?to= and another generation' });
  const begun = view.move.start(to);
  return begun ? json(200, begun) : json(409, view.move.view());
}

/** Towards more addresses than these a status is too long for every beat; whoever wants it asks then. */
const WORD_UPSTREAMS_MAX = 32;

/** What a carrier says of itself with each beat: its status. Undefined where that is long. */
export function wordOf(view: CarrierApiView): CarrierStatus | undefined {
  const status = statusOf(view);
  return Object.keys(status.load.upstreams).length > WORD_UPSTREAMS_MAX ? undefined : status;
}

function statusOf({ sessions, readiness, info, load, move: moving }: CarrierApiView): CarrierStatus {
  const { node, policyVersion } = info.settings();
  return {
    slot: info.slot,
    generation: info.generation,
    pid: process.pid,
    node: node.name,
    version: VERSION,
    relay: info.relay,
    policyVersion,
    ready: readiness.isReady(),
    accepting: info.isAccepting(),
    tunnels: sessions.tunnels(),
    pending: sessions.pending(),
    load: load(),
    move: moving.view(),
  };
}

function tunnelsOf({ sessions }: CarrierApiView, query: URLSearchParams): CarrierTunnels {
  const limit = Math.min(numberIn(query, 'limit') ?? TUNNEL_PAGE_ROWS, TUNNEL_PAGE_ROWS);
  return { tunnels: sessions.tunnels(), ...sessions.page(limit, numberIn(query, 'after') ?? 0) };
}

async function busiestOf(busy: BusyWatch, query: URLSearchParams): Promise<Answer> {
  const by = BUSY_ORDERS.find((order) => order === query.get('by')) ?? 'rate';
  return json(200, await busy.busiest(by, numberIn(query, 'limit') ?? BUSY_ROWS_MAX));
}

function numberIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** What is told is in the file first: a counter that somebody has seen must not go back when this carrier is killed in a moment. */
async function countersOf({ runtime, info, metrics }: CarrierApiView): Promise<CarrierCounters> {
  const carrier = { generation: info.generation, slot: info.slot, pid: process.pid };
  const snapshot = await metrics();
  try {
    writeSnapshot(runtime, carrier, snapshot);
  } catch {
    // No room for the file: the numbers are still true.
  }
  return { ...carrier, snapshot };
}
