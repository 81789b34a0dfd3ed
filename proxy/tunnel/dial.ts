// The connect seam: the only place that makes outgoing sockets, with every option they have.

import net from 'node:net';
import { ProxyError } from '../core/fault.ts';
import { renderAddress, type SocketAddress } from '../core/address.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { StopSignal } from '../core/interrupt.ts';
import { DIAL_ADDRESSES_MAX, DIAL_TIMEOUT_MS } from '../core/limits.ts';
import { keepAlive } from './keep-alive.ts';
import { own, type SocketOwner } from './owned-socket.ts';

export interface DialOptions {
  readonly clock: Clock;
  /** Bytes Node may hold in the socket before a write says "wait"; see tunnel/relay.ts. */
  readonly highWaterMark: number;
  /** A moment of the clock after which no further address is tried and the running attempt ends. */
  readonly deadlineMs: number;
  /** Ends the attempt, because the client has gone. */
  readonly signal: StopSignal;
}

export interface Dialled {
  readonly socket: net.Socket;
  /** The one of the addresses that answered. */
  readonly address: SocketAddress;
}

export type Dial = (addresses: readonly SocketAddress[], options: DialOptions) => Promise<Dialled>;

/**
 * Connects to the first address that answers, at most three tried in turn, 2.5 s each, all inside the deadline.
 * Throws DIAL_REFUSED, DIAL_TIMEOUT, DIAL_FAILED, PORTS_EXHAUSTED, NODE_FULL or, when aborted, CLIENT_GONE. The socket comes
 * paused and without an owner.
 */
export async function dial(addresses: readonly SocketAddress[], options: DialOptions): Promise<Dialled> {
  let last: ProxyError | null = null;
  for (const address of addresses.slice(0, DIAL_ADDRESSES_MAX)) {
    const leftMs = options.deadlineMs - options.clock.nowMs();
    if (leftMs <= 0) break;
    try {
      return { socket: await attempt(address, Math.min(leftMs, DIAL_TIMEOUT_MS), options), address };
    } catch (error) {
      last = error as ProxyError;
      if (last.code === 'CLIENT_GONE') break;
    }
  }
  throw last ?? new ProxyError('DIAL_TIMEOUT', 'no time was left to dial');
}

function attempt(to: SocketAddress, timeoutMs: number, options: DialOptions): Promise<net.Socket> {
  return new Promise((resolve, reject) => new Attempt(to, timeoutMs, options, resolve, reject));
}

class Attempt implements SocketOwner {
  readonly #to: SocketAddress;
  readonly #options: DialOptions;
  readonly #reject: (error: ProxyError) => void;
  readonly #socket: net.Socket;
  readonly #cancel: Cancel;
  readonly #onAbort = (): void => this.#fail(new ProxyError('CLIENT_GONE', `the client left while ${renderAddress(this.#to)} was dialled`));

  constructor(
    to: SocketAddress,
    timeoutMs: number,
    options: DialOptions,
    resolve: (socket: net.Socket) => void,
    reject: (error: ProxyError) => void,
  ) {
    this.#to = to;
    this.#options = options;
    this.#reject = reject;
    const socket = new net.Socket({ allowHalfOpen: true, highWaterMark: options.highWaterMark } as net.SocketConstructorOpts);
    this.#socket = socket;
    // Owned sockets begin paused: every byte the upstream sends waits in the kernel until somebody asks for it.
    own(socket, this);
    this.#cancel = options.clock.after(timeoutMs, () =>
      this.#fail(new ProxyError('DIAL_TIMEOUT', `no answer from ${renderAddress(to)} within ${Math.round(timeoutMs)} ms`)),
    );
    options.signal.addEventListener('abort', this.#onAbort);
    if (options.signal.aborted) {
      this.#onAbort();
      return;
    }
    socket.once('connect', () => {
      this.#settle();
      socket.setNoDelay(true);
      keepAlive(socket);
      resolve(socket);
    });
    // One judged address, never a name: nothing may resolve again between the judgement and the connection.
    socket.connect({ host: to.address, port: to.port, autoSelectFamily: false });
  }

  socketError(_socket: unknown, error: NodeJS.ErrnoException): void {
    this.#fail(asDialError(this.#to, error));
  }

  socketData(): void {}
  socketEnd(): void {}
  socketClose(): void {}

  #settle(): void {
    this.#cancel();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    own(this.#socket, null);
  }

  #fail(error: ProxyError): void {
    this.#settle();
    this.#socket.destroy();
    this.#reject(error);
  }
}

function asDialError(to: SocketAddress, error: NodeJS.ErrnoException): ProxyError {
  const detail = `${renderAddress(to)}: ${error.code ?? 'unknown'}`;
  if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') return new ProxyError('DIAL_REFUSED', detail, { cause: error });
  if (error.code === 'ETIMEDOUT') return new ProxyError('DIAL_TIMEOUT', detail, { cause: error });
  // EADDRNOTAVAIL is the kernel's word for "no local port left towards that address" (connect(2)).
  if (error.code === 'EADDRNOTAVAIL') return new ProxyError('PORTS_EXHAUSTED', detail, { cause: error });
  if (error.code === 'EMFILE' || error.code === 'ENFILE') return new ProxyError('NODE_FULL', detail, { cause: error });
  return new ProxyError('DIAL_FAILED', detail, { cause: error });
}
