// Accepting. One server per listener, on the socket that the supervisor bound. Short of descriptors a carrier stops accepting before
// the kernel refuses: at EMFILE libuv would accept and drop.

import net from 'node:net';
import { DESCRIPTORS_FLOOR, DESCRIPTORS_RESERVED } from '../core/limits.ts';
import type { ListenerSettings } from '../core/settings.ts';
import { isInRanges, rangeList } from '../policy/ranges.ts';
import { serveConnection } from './accept.ts';
import type { DataPlane } from './plane.ts';

/** Descriptors of a carrier that are neither a client nor an upstream: listeners, logs, ledger, resolver, event loop. */
const DESCRIPTORS_OF_PROCESS = 48;

/** Between two tries to listen again. */
const REBIND_MS = 1_000;

export interface ListenersOptions {
  readonly plane: DataPlane;
  readonly descriptors: number;
  /** Accepting stopped for lack of descriptors, and went on again. */
  readonly onFull: () => void;
  readonly onRoom: () => void;
  readonly onError: (error: Error) => void;
}

interface Slot {
  readonly settings: ListenerSettings;
  readonly isTrustedProxy: (address: string) => boolean;
  server: net.Server;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #slots: Slot[] = [];
  #accepted = 0;
  #state: 'closed' | 'accepting' | 'full' | 'rebinding' = 'closed';
  readonly #onSocketClosed = (): void => {
    this.#accepted -= 1;
    this.look();
  };

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  get isAccepting(): boolean {
    return this.#state === 'accepting';
  }

  /** Goes on accepting where there is room again. A tunnel of the native engine ends without an event of a socket: called once a second too. */
  look(): void {
    if (this.#state === 'full' && this.#used() < this.#options.descriptors - DESCRIPTORS_RESERVED) this.#goOn();
  }

  /** Client sockets that are open, whoever holds them. */
  get clients(): number {
    return this.#accepted + this.#options.plane.engine.held();
  }

  /** Listens on the sockets that were inherited, one per listener of the settings, in their order. */
  async start(descriptors: readonly number[]): Promise<void> {
    const { settings } = this.#options.plane;
    for (const [index, listener] of settings.listeners.entries()) {
      const slot = { settings: listener, isTrustedProxy: trustOf(listener), server: this.#createServer(index) };
      this.#slots.push(slot);
      await listenOn(slot.server, descriptors[index] ?? -1, listener.backlog);
    }
    this.#state = 'accepting';
  }

  stop(): void {
    this.#state = 'closed';
    for (const slot of this.#slots) slot.server.close();
  }

  #createServer(index: number): net.Server {
    const { plane, onError } = this.#options;
    const server = net.createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      highWaterMark: plane.highWaterMark,
    });
    server.on('error', (error) => {
      onError(error);
      if (this.#state === 'rebinding') this.#tryAgain();
    });
    server.on('connection', (socket) => this.#accept(index, socket));
    return server;
  }

  #accept(index: number, socket: net.Socket): void {
    const slot = this.#slots[index];
    if (!slot) return void socket.destroy();
    this.#accepted += 1;
    socket.on('close', this.#onSocketClosed);
    serveConnection(this.#options.plane, slot.settings, socket, slot.isTrustedProxy);
    if (this.#state === 'accepting' && this.#used() >= this.#options.descriptors - DESCRIPTORS_FLOOR) this.#holdBack();
  }

  #used(): number {
    const { engine, sessions } = this.#options.plane;
    return DESCRIPTORS_OF_PROCESS + this.#accepted + engine.held() + sessions.tunnels();
  }

  #holdBack(): void {
    this.#state = 'full';
    for (const slot of this.#slots) slot.server.close();
    this.#options.onFull();
  }

  // The inherited socket is gone with the server; a new one joins the same port beside the other carriers'.
  #goOn(): void {
    if (this.#state !== 'full') return;
    this.#state = 'rebinding';
    let silent = this.#slots.length;
    for (const [index, slot] of this.#slots.entries()) {
      slot.server = this.#createServer(index);
      const { host, port, backlog } = slot.settings;
      const ipv6Only = this.#slots.some(
        ({ settings }) => settings !== slot.settings && settings.port === port && net.isIPv4(settings.host),
      );
      slot.server.listen({ host, port, backlog, reusePort: true, ipv6Only: ipv6Only && net.isIPv6(host) }, () => {
        silent -= 1;
        if (silent > 0) return;
        this.#state = 'accepting';
        this.#options.onRoom();
      });
    }
  }

  #tryAgain(): void {
    this.#state = 'full';
    for (const slot of this.#slots) slot.server.close();
    this.#options.plane.clock.after(REBIND_MS, () => this.#goOn());
  }
}

/** `listen` takes the backlog beside the descriptor: as an option of its object Node does not look at it. */
function listenOn(server: net.Server, fd: number, backlog: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, backlog, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function trustOf(listener: ListenerSettings): (address: string) => boolean {
  const trusted = rangeList(listener.proxyProtocolTrust ?? []);
  return (address) => isInRanges(trusted, address);
}
