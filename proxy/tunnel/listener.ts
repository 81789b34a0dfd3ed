// Accepting. One server per listener, on the socket that the supervisor bound. Short of descriptors a carrier stops accepting before
// the kernel refuses: at EMFILE libuv would accept and drop.

import net from 'node:net';
import { acceptMarks } from '../core/capacity.ts';
import type { Clock } from '../core/clock.ts';
import type { ListenerSettings } from '../core/settings.ts';
import { isInRanges, rangeList } from '../policy/ranges.ts';
import { serveConnection } from './accept.ts';
import type { AcceptEvents, Acceptor } from './acceptor.ts';
import type { PlaneSource } from './plane.ts';

/** Between two tries to listen again. */
const REBIND_MS = 1_000;

export interface ListenersOptions {
  readonly planes: PlaneSource;
  readonly clock: Clock;
  readonly acceptor: Acceptor;
  readonly descriptors: number;
  /** One has come. */
  readonly onConnection?: () => void;
  /** Accepting stopped for lack of descriptors, and went on again. */
  readonly onFull: () => void;
  readonly onRoom: () => void;
  readonly onError: (error: Error) => void;
}

interface Slot {
  readonly settings: ListenerSettings;
  readonly events: AcceptEvents;
  close: () => void;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #marks: { readonly stop: number; readonly goOn: number };
  readonly #slots: Slot[] = [];
  #accepted = 0;
  #state: 'closed' | 'accepting' | 'full' | 'binding' = 'closed';

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#marks = acceptMarks(options.descriptors);
  }

  /** Client sockets that are open, whoever holds them. */
  get clients(): number {
    return this.#accepted + this.#options.planes.current.engine.held();
  }

  /** Descriptors of clients and upstreams that are open. */
  get held(): number {
    return this.clients + this.#options.planes.current.sessions.tunnels();
  }

  get isAccepting(): boolean {
    return this.#state === 'accepting';
  }

  /** Goes on accepting where there is room again. A tunnel of the native engine ends without an event of a socket: called again and again too. */
  look(): void {
    if (this.#state === 'full' && this.held < this.#marks.goOn) void this.#goOn();
  }

  /** Listens on the sockets that were inherited, one per listener of the settings, in their order. */
  async start(descriptors: readonly number[]): Promise<void> {
    const { planes, acceptor } = this.#options;
    this.#state = 'binding';
    for (const [index, listener] of planes.current.settings.listeners.entries()) {
      const events = this.#eventsOf(listener, index);
      const close = await acceptor.inherit(descriptors[index] ?? -1, listener.backlog, events);
      // Stopped meanwhile.
      if (!this.#isBinding()) return close();
      this.#slots.push({ settings: listener, events, close });
    }
    this.#state = 'accepting';
  }

  stop(): void {
    this.#state = 'closed';
    this.#closeAll();
  }

  #closeAll(): void {
    for (const slot of this.#slots) slot.close();
  }

  /** Address and trust of a listener stay while the node lives; its doors, and all else, are those of the moment. */
  #eventsOf(bound: ListenerSettings, index: number): AcceptEvents {
    const { planes, onConnection, onError } = this.#options;
    const isTrustedProxy = trustOf(bound);
    return {
      connection: (socket) => {
        this.#accepted += 1;
        onConnection?.();
        const { current } = planes;
        serveConnection(current, current.settings.listeners[index] ?? bound, socket, isTrustedProxy);
        if (this.#state === 'accepting' && this.held >= this.#marks.stop) this.#holdBack();
      },
      closed: () => {
        this.#accepted -= 1;
        this.look();
      },
      error: (error) => {
        onError(error);
        // The system has fewer descriptors than this process may hold: it would say so without end.
        if (this.#state === 'accepting') this.#holdBack();
      },
    };
  }

  #holdBack(): void {
    this.#state = 'full';
    this.#closeAll();
    this.#options.onFull();
  }

  // The inherited socket is gone with the server; a new one joins the same port beside the other carriers'.
  async #goOn(): Promise<void> {
    const { acceptor, clock, onError, onRoom } = this.#options;
    this.#state = 'binding';
    try {
      for (const slot of this.#slots) {
        const { host, port, backlog } = slot.settings;
        const alsoIpv4 = this.#slots.some(
          ({ settings }) => settings !== slot.settings && settings.port === port && net.isIPv4(settings.host),
        );
        const close = await acceptor.join({ host, port, ipv6Only: alsoIpv4 && net.isIPv6(host) }, backlog, slot.events);
        // Stopped meanwhile.
        if (!this.#isBinding()) return close();
        slot.close = close;
      }
      this.#state = 'accepting';
      onRoom();
    } catch (error) {
      onError(error as Error);
      this.#closeAll();
      clock.after(REBIND_MS, () => {
        if (!this.#isBinding()) return;
        this.#state = 'full';
        this.look();
      });
    }
  }

  #isBinding(): boolean {
    return this.#state === 'binding';
  }
}

function trustOf(listener: ListenerSettings): (address: string) => boolean {
  const trusted = rangeList(listener.proxyProtocolTrust ?? []);
  return (address) => isInRanges(trusted, address);
}
