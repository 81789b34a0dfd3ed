// What the stages of one connection share while it walks the line: the socket as it is now, the bytes read so far, and the one way to
// refuse. It is gone once the relay runs; only the session stays.

import { asProxyError, REASONS, type FaultCode } from '../core/fault.ts';
import { RETRY_AFTER_DRAINING_S, RETRY_AFTER_S } from '../core/limits.ts';
import type { SourceKey } from '../core/ports.ts';
import type { ListenerSettings } from '../core/settings.ts';
import type { ClientCertificate } from '../core/tenant.ts';
import { renderRefusal } from '../wire/reply.ts';
import { unrecognizedName } from '../wire/tls-alert.ts';
import type { Inbox } from './inbox.ts';
import type { Leg } from './leg.ts';
import type { DataPlane } from './plane.ts';
import { sayAndClose } from './refuse.ts';
import type { Session } from './session.ts';

/** In which form a refusal can be told at this moment: not at all, as an HTTP answer, or as a TLS alert. */
export type Voice = 'none' | 'http' | 'alert';

export class Walk {
  readonly plane: DataPlane;
  readonly listener: ListenerSettings;
  readonly session: Session;
  /** The accepted connection; stays the same under TLS. */
  readonly raw: Leg;
  readonly acceptMs: number;
  /** What is talked to now: the accepted connection, or its TLS form. */
  socket: Leg;
  inbox: Inbox;
  voice: Voice = 'none';
  /** The node has no room for this connection: its head is read only because it may ask for health, and refused with this otherwise. */
  limited: FaultCode | null = null;
  /** Set once TLS to one of our names is up: the gateway that its SNI names, if any, and the certificate that the client has shown, if any. */
  secure: { readonly gateway: string | null; readonly certificate: ClientCertificate | null } | null = null;
  #pendingUnder: SourceKey | null = null;
  #established = false;
  #leaveReserve: (() => void) | null = null;

  constructor(plane: DataPlane, listener: ListenerSettings, raw: Leg, session: Session, inbox: Inbox) {
    this.plane = plane;
    this.listener = listener;
    this.raw = raw;
    this.socket = raw;
    this.session = session;
    this.inbox = inbox;
    this.acceptMs = session.startMs;
  }

  /** Counts this connection as one without a head; false where there are too many of them. */
  pendingStarted(key: SourceKey): boolean {
    if (!this.plane.limits.pendingStarted(key)) return false;
    this.#pendingUnder = key;
    this.plane.sessions.pendingStarted(this);
    return true;
  }

  /** The process is about to end, and what was asked has not been said yet. Who has sent nothing gets no record. */
  sendAway(): void {
    if (this.session.phase === 'sniffing' && this.inbox.bytes.length === 0) this.leave(null);
    else this.refuse('DRAINING');
  }

  /**
   * Over the limits: its head is read all the same, since it may ask for health, and it is refused with `code` otherwise. There are few such
   * places, and the newest gets one at the cost of the oldest: whoever holds them without asking cannot silence a health check.
   */
  joinReserve(code: FaultCode): void {
    this.limited = code;
    this.#leaveReserve = this.plane.sessions.joinReserve(() => this.refuseLimited());
  }

  /** Too many connections of one source are closed without an answer; a full node says so where it still can. */
  refuseLimited(): void {
    if (this.limited === 'SOURCE_LIMITED') this.voice = 'none';
    this.refuse(this.limited ?? 'NODE_FULL');
  }

  pendingEnded(): void {
    this.#leaveReserve?.();
    this.#leaveReserve = null;
    if (this.#pendingUnder === null) return;
    this.plane.limits.pendingEnded(this.#pendingUnder);
    this.plane.sessions.pendingEnded(this);
    this.#pendingUnder = null;
  }

  /** The 200 is out: from here on a refusal is an alert. */
  established(): void {
    this.#established = true;
    this.voice = 'alert';
  }

  /** Final: tells the client in the form that it can read now, records, and closes. `status` overrides the code's own (426). */
  refuse(code: FaultCode, status?: number): void {
    // Refused already, by somebody who closes it in his own way: what a stage that was waiting makes of that is late.
    if (this.session.isOver) return;
    this.pendingEnded();
    const { plane, session, socket } = this;
    const isOneTooMany = countsAgainstSource(code) && !plane.limits.refused(plane.sourceKey(session.record.client_ip));
    if (socket.destroyed || code === 'CLIENT_GONE') return this.#closeUnheard(code);
    if (isOneTooMany) return this.#closeUnheard('SOURCE_LIMITED');
    this.inbox.detach();
    const answer = status ?? REASONS[code].answer;
    if (this.voice === 'http' && typeof answer === 'number') {
      const retryAfterS = answer === 429 || answer === 503 ? this.#retryAfterS(code) : undefined;
      const gateway = session.record.door === 'gateway';
      const reply = renderRefusal({ code, id: session.record.id, gateway, ...(status && { status }), ...(retryAfterS && { retryAfterS }) });
      session.refused(code, reply.status);
      return sayAndClose(socket, reply.bytes, plane.clock);
    }
    session.refused(code, this.#established ? 200 : null);
    if (this.voice === 'alert') sayAndClose(socket, unrecognizedName(), plane.clock);
    else socket.destroy();
  }

  /**
   * For what was thrown by a stage: a known fault is refused as such, anything else is a bug of ours, refused as INTERNAL. Behind an allow
   * nothing can be refused any more: then the session ends, with its place and both its sockets (the door closes the upstream).
   */
  fail(thrown: unknown): void {
    const error = asProxyError(thrown);
    if (error.code === 'INTERNAL') this.plane.onBug(error);
    const { session } = this;
    if (session.isAllowed) {
      this.socket.destroy();
      session.ended('fault', { bytesUp: 0, bytesDown: 0 });
      return;
    }
    // A client that was sent away by a drain did not leave.
    this.refuse(error.code === 'CLIENT_GONE' && session.abortedBy !== null ? 'DRAINING' : error.code);
  }

  /** Ends without a record: nothing was asked (health), or nothing was ever sent. */
  leave(bytes: Buffer | null): void {
    this.pendingEnded();
    this.inbox.detach();
    if (bytes) sayAndClose(this.socket, bytes, this.plane.clock);
    else this.socket.destroy();
  }

  #closeUnheard(code: FaultCode): void {
    this.session.refused(code, this.#established ? 200 : null);
    this.inbox.detach();
    this.socket.destroy();
  }

  #retryAfterS(code: FaultCode): number {
    const { min, max } = code === 'DRAINING' ? RETRY_AFTER_DRAINING_S : RETRY_AFTER_S;
    return min + Math.floor(this.plane.random() * (max - min + 1));
  }
}

/** What the client itself brought about; never what the upstream or this node did to it, nor that it left. */
function countsAgainstSource(code: FaultCode): boolean {
  return REASONS[code].blame === 'client' && code !== 'CLIENT_GONE';
}
