// The narrow interfaces on which the planes meet. The data plane calls these; who stands behind them is decided in carrier.ts.

import type { SocketAddress } from './address.ts';
import type { FaultCode } from './fault.ts';
import type { Stage } from './metrics.ts';
import type { EndedBy, Phase, SessionEnd, SessionRecord } from './record.ts';
import type { Door, EndpointKind } from './settings.ts';
import type { Proof, TenantPlace } from './tenant.ts';

/** Where finished facts go: log lines and counters. Never throws, never waits. */
export interface Recorder {
  /** The outcome is final: a refusal, or an allow after the hello was judged. Called exactly once per session that sent a byte. */
  decision(record: SessionRecord): void;
  /** An allowed session ended. Called exactly once, after `decision`. */
  close(record: SessionRecord, end: SessionEnd): void;
  /** An allowed session lives in another carrier from now on, or came from one: it is no open, and no end. */
  movedAway(record: SessionRecord): void;
  movedHere(record: SessionRecord): void;
  stage(stage: Stage, seconds: number): void;
  bytes(up: number, down: number): void;
}

/** One open session as operators see it. */
export interface TunnelRow {
  readonly id: string;
  readonly door: Door | null;
  readonly tenant: string | null;
  readonly target: string | null;
  readonly endpoint: string | null;
  readonly kind: EndpointKind | null;
  readonly client: string;
  readonly upstream: string | null;
  readonly phase: Phase;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** One open session whole: its row, and what its record says so far. */
export interface TunnelDetail extends TunnelRow {
  readonly record: Readonly<SessionRecord>;
}

/** One open session, as far as a configuration judges it. */
export interface OpenSession {
  /** A moment of the clock. */
  readonly startMs: number;
  readonly isOver: boolean;
  readonly record: Pick<SessionRecord, 'door' | 'tenant' | 'client_ip' | 'target_host' | 'target_port'>;
  /** How its client has shown who it is; null where that is not known. */
  readonly proof: Proof | null;
  /** Ends it from outside; false where it is on its way already. */
  close(by: EndedBy): boolean;
}

/** One open session, as far as it is counted for those who watch. */
export interface BusySession {
  /** A moment of the clock. */
  readonly startMs: number;
  readonly isOver: boolean;
  readonly record: Pick<SessionRecord, 'tenant' | 'client_ip' | 'target_host' | 'target_port'>;
  /** So far, both ways. */
  readonly bytes: number;
  row(): TunnelRow;
}

/** Some open sessions, oldest first. */
export interface TunnelPage {
  readonly rows: TunnelRow[];
  /** What to ask for next: the place of the last row. Null where there are no more. */
  readonly next: number | null;
}

/** The tunnels of one tenant that may still be told to close. */
export interface TunnelGroup {
  /** Empty where there are no tenants. */
  readonly tenant: string;
  readonly tunnels: number;
  /** When the oldest of them was accepted, a moment of the machine's clock. */
  readonly oldestMs: number;
}

/** What became of sessions that were told to end by their ids; one that is in neither list has no tunnel's place here. */
export interface IdsClosed {
  readonly closed: readonly string[];
  /** Told before, or on its way to another carrier at this moment: that one may live on. */
  readonly onTheWay: readonly string[];
}

/** The open sessions of one carrier; the control side's only view of the data plane. */
export interface SessionView {
  /** Sessions that hold a tunnel's place: allowed to open, and not closed yet. */
  tunnels(): number;
  /** Connections without a head or hello yet. */
  pending(): number;
  /** So many rows at most, of sessions that took their place behind the one of `after` (0: from the first on). */
  page(limit: number, after: number): TunnelPage;
  /** Null where no session of this carrier has this id and a tunnel's place. */
  find(id: string): TunnelDetail | null;
  groups(): TunnelGroup[];
  /** All that nobody has told to leave, in any order. */
  open(): readonly BusySession[];
  /** Ends so many sessions of a tenant, oldest first, and gives back how many it ended: those on their way already do not count. */
  closeOldest(tenant: string, count: number, endedBy: EndedBy): number;
  /** The same over all tenants, each in proportion. */
  closeSome(count: number, endedBy: EndedBy): number;
  /** Ends the sessions with these ids. */
  closeIds(ids: ReadonlySet<string>, endedBy: EndedBy): IdsClosed;
}

/**
 * The node's shared limits: one row per carrier in a file on tmpfs, so they hold over all carriers and without control.
 * `null` is yes; a code says which limit binds.
 */
export interface Limits {
  /** Whether the tenant has a tunnel left; charges nothing. */
  tenantLimit(tenant: TenantPlace): FaultCode | null;
  /**
   * Charged after an allow and before resolving, to the tenant too, which `tenantLimit` was asked for right before; on yes the tunnel's place is taken
   * until `closed`.
   */
  open(tenant?: TenantPlace | null): FaultCode | null;
  closed(tenant?: TenantPlace | null): void;
  /** Takes a place for a tunnel that another carrier gives up: no open, and within the node's limits already. False where this carrier has no room. */
  movedHere(tenant?: TenantPlace | null): boolean;
  /** A connection without a head yet; false where the node's or the source's share of them is used up. */
  pendingStarted(sourceKey: string): boolean;
  /** It was the node's share that was used up. */
  isPendingFull(): boolean;
  pendingEnded(sourceKey: string): void;
  /** Counts a refusal; false where the source is over its refusals per second and is to be closed without an answer. */
  refused(sourceKey: string): boolean;
}

/** `stale`: no server answers, and old answers do. `failing`: they do not. `unknown`: nothing was asked yet. */
export const RESOLVER_STATES = ['unknown', 'answering', 'stale', 'failing'] as const;
export type ResolverState = (typeof RESOLVER_STATES)[number];

/** What is used up, so that new tunnels are refused. */
export const SHED_CAUSES = ['event-loop', 'queue', 'descriptors', 'memory', 'ports'] as const;
export type ShedCause = (typeof SHED_CAUSES)[number];

/** How much this carrier can still take, by what is measured and not by what is configured. Only ever about new tunnels. */
export interface Overload {
  /** Null where there is room; a code says what is used up. */
  shed(): FaultCode | null;
  /** No local port is left towards this upstream, or was a moment ago. */
  hasNoPort(upstream: SocketAddress): boolean;
  /** The system has just said so. */
  foundNoPort(upstream: SocketAddress): void;
}

/** The key under which a source is limited: the whole IPv4 address, the first 64 bits of an IPv6 one. */
export type SourceKey = string;

/** What `/live` and `/ready` answer in public, from the carrier's own state and control's last verdict. */
export interface Readiness {
  isReady(): boolean;
}
