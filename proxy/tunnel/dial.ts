// The connect seam: the only place that makes outgoing sockets, with every option they have.

import net from 'node:net';
import { ProxyError } from '../core/fault.ts';
import { renderAddress, type SocketAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { DIAL_ADDRESSES_MAX, DIAL_TIMEOUT_MS } from '../core/limits.ts';
import { keepAlive } from './keep-alive.ts';

export interface DialOptions {
  readonly clock: Clock;
  /** Bytes Node may hold in the socket before a write says "wait"; see tunnel/relay.ts. */
  readonly highWaterMark: number;
  /** A moment of the clock after which no further address is tried and the running attempt ends. */
  readonly deadlineMs: number;
  /** Ends the attempt, because the client has gone. */
  readonly signal: AbortSignal;
}

export type Dial = (addresses: readonly SocketAddress[], options: DialOptions) => Promise<net.Socket>;

/**
 * Connects to the first address that answers, at most three tried in turn, 2.5 s each, all inside the deadline.
 * Throws DIAL_REFUSED, DIAL_TIMEOUT, DIAL_FAILED, PORTS_EXHAUSTED, NODE_FULL or, when aborted, CLIENT_GONE. The socket comes paused,
 * without a listener for errors.
 */
export async function dial(addresses: readonly SocketAddress[], options: DialOptions): Promise<net.Socket> {
  let last: ProxyError | null = null;
  for (const address of addresses.slice(0, DIAL_ADDRESSES_MAX)) {
    const leftMs = options.deadlineMs - options.clock.nowMs();
    if (leftMs <= 0) break;
    try {
      return await attempt(address, Math.min(leftMs, DIAL_TIMEOUT_MS), options);
    } catch (error) {
      last = error as ProxyError;
      if (last.code === 'CLIENT_GONE') break;
    }
  }
  throw last ?? new ProxyError('DIAL_TIMEOUT', 'no time was left to dial');
}

function attempt(to: SocketAddress, timeoutMs: number, options: DialOptions): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = new net.Socket({ allowHalfOpen: true, highWaterMark: options.highWaterMark } as net.SocketConstructorOpts);
    const settle = (): void => {
      cancel();
      options.signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
    };
    const fail = (error: ProxyError): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(new ProxyError('CLIENT_GONE', `the client left while ${renderAddress(to)} was dialled`));
    const cancel = options.clock.after(timeoutMs, () =>
      fail(new ProxyError('DIAL_TIMEOUT', `no answer from ${renderAddress(to)} within ${Math.round(timeoutMs)} ms`)),
    );
    if (options.signal.aborted) return onAbort();
    options.signal.addEventListener('abort', onAbort);
    socket.once('error', (error: NodeJS.ErrnoException) => fail(asDialError(to, error)));
    socket.once('connect', () => {
      settle();
      socket.setNoDelay(true);
      keepAlive(socket);
      resolve(socket);
    });
    // `pause` before `connect`: every byte the upstream sends waits in the kernel until the relay asks for it.
    socket.pause();
    // One judged address, never a name: nothing may resolve again between the judgement and the connection.
    socket.connect({ host: to.address, port: to.port, autoSelectFamily: false });
  });
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
