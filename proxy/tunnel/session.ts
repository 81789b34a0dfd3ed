// One accepted connection from accept to record: its phase, its one outcome, its one end. The doors walk it along the line; nothing
// else changes it.

import { renderAddress } from '../core/address.ts';
import type { FaultCode } from '../core/fault.ts';
import type { StayReason } from '../core/move.ts';
import type { TunnelDetail, TunnelRow } from '../core/ports.ts';
import type { Proof, TenantPlace } from '../core/tenant.ts';
import type { Tenant } from '../policy/tenants.ts';
import { emptyRecord, type EndedBy, type Phase, type SessionRecord } from '../core/record.ts';
import type { DataPlane } from './plane.ts';
import { step } from './phase.ts';
import type { MovedSession } from './move-message.ts';
import type { MovableRelay, Relay, RelayJob, RelayMoves } from './relay.ts';

/** Nothing decided yet, allowed (a `decision` line is out), or over (the last line is out). */
type Outcome = 'undecided' | 'allowed' | 'over';

export class Session {
  readonly record: SessionRecord;
  /** A moment of the clock. */
  readonly startMs: number;
  upstreamStatus: number | null = null;
  /** Null where anyone may use the list, and until it is known. */
  tenant: Tenant | null = null;
  proof: Proof | null = null;
  #counted: TenantPlace | null = null;
  readonly #plane: DataPlane;
  #phase: Phase = 'sniffing';
  #outcome: Outcome = 'undecided';
  #holdsPlace = false;
  #place = 0;
  #relay: Relay | null = null;
  #maxAgeMs = Infinity;
  #abort: (() => void) | null = null;
  #abortedBy: EndedBy | null = null;
  #policyVersion: string | null = null;

  constructor(
    plane: DataPlane,
    listener: string,
    client: { address: string; port: number },
    begun?: Pick<MovedSession, 'record' | 'startMs'>,
  ) {
    this.#plane = plane;
    this.startMs = begun?.startMs ?? plane.clock.nowMs();
    this.record = begun?.record ?? emptyRecord(plane.newId(), listener, client);
  }

  /** One that another carrier has opened: it was allowed there, is on the relay, and its place has been taken here. */
  static moved(plane: DataPlane, { record, startMs, maxAgeMs, policyVersion, proof }: MovedSession): Session {
    const session = new Session(plane, record.listener, { address: record.client_ip, port: record.client_port }, { record, startMs });
    session.#phase = 'relaying';
    session.#outcome = 'allowed';
    session.#maxAgeMs = maxAgeMs;
    session.#policyVersion = policyVersion;
    session.proof = proof;
    return session;
  }

  get phase(): Phase {
    return this.#phase;
  }

  to(phase: Phase): void {
    this.#phase = step(this.#phase, phase);
  }

  /** Its allow has been recorded, and its end has not. */
  get isAllowed(): boolean {
    return this.#outcome === 'allowed';
  }

  /** Refused, or ended: its last line is written. */
  get isOver(): boolean {
    return this.#outcome === 'over';
  }

  /** What ended the session from outside while a stage was at work; null while nobody has. */
  get abortedBy(): EndedBy | null {
    return this.#abortedBy;
  }

  /** Final: the session's tenant does not change any more. */
  identified(tenant: Tenant, proof: Proof): void {
    this.tenant = tenant;
    this.proof = proof;
    this.record.tenant = tenant.id;
  }

  /** From here on the session has a tunnel's place in the limits, and in its tenant's, and is in the table, until its end. */
  takePlace(counted: TenantPlace | null): void {
    this.#counted = counted;
    this.#holdsPlace = true;
    this.#place = this.#plane.sessions.add(this);
  }

  /** Which it is of all that ever had one here. */
  get place(): number {
    return this.#place;
  }

  /** How the stage that is at work now is told to stop from outside. */
  abortWith(abort: () => void): void {
    this.#abort = abort;
  }

  wouldDeny(codes: readonly FaultCode[]): void {
    for (const code of codes) if (!this.record.would_deny.includes(code)) this.record.would_deny.push(code);
  }

  /** The outcome is final: refused. `status` is what the client was told over HTTP, if anything. */
  refused(code: FaultCode, status: number | null): void {
    if (this.#outcome !== 'undecided') return;
    this.record.reason = code;
    this.record.status = status;
    this.#plane.recorder.decision(this.record);
    this.#over();
  }

  /** The outcome is final: allowed. */
  allowed(): void {
    if (this.#outcome !== 'undecided') return;
    this.#outcome = 'allowed';
    this.#plane.recorder.decision(this.record);
    this.#plane.recorder.stage('total', (this.#plane.clock.nowMs() - this.startMs) / 1_000);
  }

  /** Hands both sockets to the relay engine; the session's end is the relay's end. */
  relay(job: Omit<RelayJob, 'ended'>, maxAgeMs: number): void {
    this.to('relaying');
    this.#abort = null;
    this.#maxAgeMs = maxAgeMs;
    let early: EndedBy | null = null;
    const relay = this.#plane.engine.start({
      ...job,
      ended: (by) => {
        if (this.#relay) this.ended(by, this.#relay);
        else early = by;
      },
    });
    this.#relay = relay;
    if (early) this.ended(early, relay);
    else this.#plane.sessions.watch(this);
  }

  /** Runs the tunnel that was received. */
  goOn(moves: RelayMoves, counted: TenantPlace | null): void {
    this.takePlace(counted);
    this.#plane.recorder.movedHere(this.record);
    this.#relay = moves.adopt(this.#plane.engine.limits, (by) => this.#relay && this.ended(by, this.#relay));
    if (this.#relay) return this.#plane.sessions.watch(this);
    moves.discard();
    this.ended('fault', { bytesUp: 0, bytesDown: 0 });
  }

  /** How it can be moved to another carrier, or why it cannot. */
  get movable(): MovableRelay | StayReason {
    if (this.#abortedBy !== null || this.#outcome === 'over') return 'ending';
    if (!this.#relay) return 'opening';
    return this.#relay.movable ?? 'bound';
  }

  /** What another carrier has to know of it. */
  identity(): MovedSession {
    const policyVersion = this.#policyVersion ?? this.#plane.settings.policyVersion;
    return { record: this.record, startMs: this.startMs, maxAgeMs: this.#maxAgeMs, policyVersion, proof: this.proof };
  }

  /** Another carrier has it, and will tell of its end. */
  movedAway(): void {
    if (this.#outcome !== 'allowed') return;
    this.#plane.recorder.movedAway(this.record);
    this.#over();
  }

  /** An allowed session is over, before or after its relay. Nothing where it is over already. */
  ended(by: EndedBy, counts: { readonly bytesUp: number; readonly bytesDown: number; idleMs?(): number }): void {
    if (this.#outcome !== 'allowed') return;
    const { recorder, clock } = this.#plane;
    const durationMs = Math.round(clock.nowMs() - this.startMs);
    // A relay's bytes are counted as they move, by the engine.
    if (!this.#relay) recorder.bytes(counts.bytesUp, counts.bytesDown);
    recorder.close(this.record, {
      bytesUp: counts.bytesUp,
      bytesDown: counts.bytesDown,
      durationMs,
      // The native engine counts from a moment of its own thread, which may lie before the tunnel's.
      idleMs: Math.min(durationMs, Math.max(0, Math.round(counts.idleMs?.() ?? 0))),
      endedBy: by,
      phaseAtEnd: this.#phase,
      upstreamStatus: this.upstreamStatus,
      policyVersion: this.#policyVersion,
    });
    this.#over();
  }

  /** Ends the session from outside; false where it is on its way already, to its end or to another carrier. */
  close(by: EndedBy): boolean {
    if (this.#abortedBy || this.#outcome === 'over') return false;
    this.#abortedBy = by;
    if (this.#relay) this.#relay.close(by);
    else this.#abort?.();
    return this.#relay?.movable?.isSent !== true;
  }

  /** A moment of the clock. */
  get endsMs(): number {
    return this.startMs + this.#maxAgeMs;
  }

  get isSwept(): boolean {
    return this.#relay?.sweep !== undefined;
  }

  sweep(): void {
    this.#relay?.sweep?.();
  }

  get bytes(): number {
    return this.#relay === null ? 0 : this.#relay.bytesUp + this.#relay.bytesDown;
  }

  row(): TunnelRow {
    const { record } = this;
    return {
      id: record.id,
      door: record.door,
      tenant: record.tenant,
      target: record.target_host === null ? null : `${record.target_host}:${record.target_port}`,
      endpoint: record.endpoint,
      kind: record.kind,
      client: renderAddress({ address: record.client_ip, port: record.client_port }),
      upstream: record.upstream_ip === null ? null : renderAddress({ address: record.upstream_ip, port: record.upstream_port ?? 0 }),
      phase: this.#phase,
      ageMs: Math.round(this.#plane.clock.nowMs() - this.startMs),
      idleMs: Math.max(0, Math.round(this.#relay?.idleMs() ?? 0)),
      bytesUp: this.#relay?.bytesUp ?? 0,
      bytesDown: this.#relay?.bytesDown ?? 0,
    };
  }

  detail(): TunnelDetail {
    return { ...this.row(), record: this.record };
  }

  #over(): void {
    this.#outcome = 'over';
    if (this.#phase !== 'closed') this.to('closed');
    this.#abort = null;
    if (!this.#holdsPlace) return;
    this.#holdsPlace = false;
    this.#plane.sessions.remove(this);
    this.#plane.limits.closed(this.#counted);
  }
}
