// The connect seam: the only place that makes outgoing sockets, with every option they have.

import net from 'node:net';
import { ProxyError } from '../core/fault.ts';
import { renderAddress, type SocketAddress } from '../core/address.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { StopSignal } from '../core/interrupt.ts';
import { DIAL_ADDRESSES_MAX, DIAL_TIMEOUT_MS } from '../core/limits.ts';
import { keepAlive } from './keep-alive.ts';
import type { Leg } from './leg.ts';
import type { NativeFront } from './native-front.ts';
import { handData, own, type SocketOwner } from './owned-socket.ts';

export interface DialOptions {
  readonly clock: Clock;
  /** Bytes Node may hold in the socket before a write says "wait"; see tunnel/relay.ts. */
  readonly highWaterMark: number;
  /** A moment of the clock after which no further address is tried and the running attempt ends. */
  readonly deadlineMs: number;
  /** Ends the attempt, because the client has gone. */
  readonly signal: StopSignal;
  /** Hears of an address towards which the system has no local port left. */
  readonly noPort: (to: SocketAddress) => void;
}

/** A connection under way; `connected` is called once it is up. */
export type Connect = (to: SocketAddress, highWaterMark: number, owner: SocketOwner, connected: () => void) => DialledLeg;

export type DialledLeg = Leg & { readonly localAddress?: string | undefined; readonly localPort?: number | undefined };

export interface Dialled {
  readonly socket: DialledLeg;
  /** The one of the addresses that answered. */
  readonly address: SocketAddress;
}

export type Dial = (addresses: readonly SocketAddress[], options: DialOptions) => Promise<Dialled>;

/** What one read of Node's sockets brings at most; libuv's own measure. */
const READ_ROOM = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Connections as Node's sockets. All of them read into the same memory, and what came is copied for their owner, who alone is told: there is no `data`
 * event. A stream's own way is memory for each read, and an event and a tick behind it; so a message there and back through the node engine takes
 * up to a tenth less CPU (0, 6, 8 and 10 % in four runs in alternation). Node has this for sockets that connect, and not for those that it accepts.
 */
export const connectStream: Connect = (to, highWaterMark, owner, connected) => {
  const socket: net.Socket = new net.Socket({
    allowHalfOpen: true,
    highWaterMark,
    onread: {
      buffer: READ_ROOM,
      callback(length) {
        handData(socket, Buffer.from(READ_ROOM.subarray(0, length)));
        return true;
      },
    },
  } as net.SocketConstructorOpts);
  // Owned sockets begin paused: every byte the upstream sends waits in the kernel until somebody asks for it.
  own(socket, owner);
  socket.once('connect', () => {
    socket.setNoDelay(true);
    keepAlive(socket);
    connected();
  });
  // One judged address, never a name: nothing may resolve again between the judgement and the connection.
  socket.connect({ host: to.address, port: to.port, autoSelectFamily: false });
  return socket;
};

/** Connections of the native front. */
export function connectNative(front: NativeFront): Connect {
  return (to, _highWaterMark, owner, connected) => {
    const socket = front.connect(to);
    own(socket, owner);
    socket.onConnect = connected;
    return socket;
  };
}

/**
 * Connects to the first address that answers, at most three tried in turn, 2.5 s each, all inside the deadline.
 * Throws DIAL_REFUSED, DIAL_TIMEOUT, DIAL_FAILED, PORTS_EXHAUSTED, NODE_FULL or, when aborted, CLIENT_GONE. The socket comes
 * paused and without an owner.
 */
export function createDial(connect: Connect): Dial {
  return (addresses, options) => dialInTurn(addresses, options, connect);
}

async function dialInTurn(addresses: readonly SocketAddress[], options: DialOptions, connect: Connect): Promise<Dialled> {
  let last: ProxyError | null = null;
  for (const address of addresses.slice(0, DIAL_ADDRESSES_MAX)) {
    const leftMs = options.deadlineMs - options.clock.nowMs();
    if (leftMs <= 0) break;
    try {
      return { socket: await attempt(address, Math.min(leftMs, DIAL_TIMEOUT_MS), options, connect), address };
    } catch (error) {
      last = error as ProxyError;
      if (last.code === 'CLIENT_GONE') break;
    }
  }
  throw last ?? new ProxyError('DIAL_TIMEOUT', 'no time was left to dial');
}

function attempt(to: SocketAddress, timeoutMs: number, options: DialOptions, connect: Connect): Promise<DialledLeg> {
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) reject(leftWhileDialled(to));
    else new Attempt({ to, timeoutMs, options, connect, resolve, reject });
  });
}

interface AttemptDeps {
  readonly to: SocketAddress;
  readonly timeoutMs: number;
  readonly options: DialOptions;
  readonly connect: Connect;
  readonly resolve: (socket: DialledLeg) => void;
  readonly reject: (error: ProxyError) => void;
}

class Attempt implements SocketOwner {
  readonly #deps: AttemptDeps;
  readonly #socket: DialledLeg;
  readonly #cancel: Cancel;
  readonly #onAbort = (): void => this.#fail(leftWhileDialled(this.#deps.to));

  constructor(deps: AttemptDeps) {
    this.#deps = deps;
    const { to, timeoutMs, options } = deps;
    this.#cancel = options.clock.after(timeoutMs, () =>
      this.#fail(new ProxyError('DIAL_TIMEOUT', `no answer from ${renderAddress(to)} within ${Math.round(timeoutMs)} ms`)),
    );
    options.signal.addEventListener('abort', this.#onAbort);
    this.#socket = deps.connect(to, options.highWaterMark, this, () => {
      this.#settle();
      deps.resolve(this.#socket);
    });
  }

  socketError(_socket: unknown, error: NodeJS.ErrnoException): void {
    const fault = asDialError(this.#deps.to, error);
    if (fault.code === 'PORTS_EXHAUSTED') this.#deps.options.noPort(this.#deps.to);
    this.#fail(fault);
  }

  socketData(): void {}
  socketEnd(): void {}
  socketClose(): void {}

  #settle(): void {
    this.#cancel();
    this.#deps.options.signal.removeEventListener('abort', this.#onAbort);
    own(this.#socket, null);
  }

  #fail(error: ProxyError): void {
    this.#settle();
    this.#socket.destroy();
    this.#deps.reject(error);
  }
}

function leftWhileDialled(to: SocketAddress): ProxyError {
  return new ProxyError('CLIENT_GONE', `the client left while ${renderAddress(to)} was dialled`);
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
