/**
 * The broker behind the gates: aedes, which routes messages and keeps sessions. It never sees a client's bytes: gates speak
 * clean MQTT 5 to it whatever the client speaks, with AWS's rules already applied.
 */

import { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import { decodePacket, encodePacket } from './codec.ts';
import { FrameReader } from './frames.ts';

export interface LinkHandlers {
  onPacket(packet: Packet): void;
  /** The broker takes packets again after `send` said no. */
  onDrain(): void;
  /** The broker has ended the connection, or it was ended. */
  onClose(): void;
}

/** Our own messages and the gates' may be large; only clients are bounded. */
const LINK_FRAME_BYTES_MAX = 1_048_576;

/** The broker reads what it was sent within a few turns of the loop; this only keeps a fault of its own from holding a client id. */
const LEAVE_TIMEOUT_MS = 1_000;

export type Message = Pick<IPublishPacket, 'topic' | 'payload' | 'qos' | 'retain'>;

export interface RetainedMessage {
  readonly payload: Buffer;
  readonly qos: number;
  readonly storedAtMs: number;
}

export class Broker {
  readonly #aedes: Aedes;
  readonly #links = new WeakMap<Duplex, BrokerLink>();
  readonly #retained = new Map<string, RetainedMessage>();
  readonly #log: (line: string) => void;

  private constructor(aedes: Aedes, log: (line: string) => void) {
    this.#aedes = aedes;
    this.#log = log;
    // `broker.clients[id]` on a plain object finds `constructor` and its like, and calls what it finds.
    Object.assign(aedes, { clients: Object.create(null) as object });
    aedes.on('clientDisconnect', (client) => this.#links.get(client.conn)?.hasLeft());
    aedes.on('clientError', (client, error) => log(`broker: client ${JSON.stringify(client.id)}: ${error.message}`));
    aedes.on('connectionError', (_, error) => log(`broker: ${error.message}`));
    aedes.on('publish', (packet) => this.#keepRetained(packet));
    (aedes as NodeJS.EventEmitter).on('error', (error: Error) => log(`broker: ${error.message}`));
  }

  static async create(log: (line: string) => void): Promise<Broker> {
    const aedes = await Aedes.createBroker({
      drainTimeout: 0,
      // The gates have authorized every packet; aedes' own default would only refuse `$SYS`, which they refuse too.
      authorizePublish: (_client, _packet, done) => done(null),
    });
    return new Broker(aedes, log);
  }

  connect(handlers: LinkHandlers): BrokerLink {
    const link = new BrokerLink(this.#aedes, handlers, this.#log);
    this.#links.set(link.stream, link);
    return link;
  }

  /** Publishes as AWS itself: from HTTPS, from the shadow service. Fulfilled when subscribers and retained messages have it. */
  publish(message: Message): Promise<void> {
    return new Promise((resolve) => {
      this.#aedes.publish({ cmd: 'publish', dup: false, ...message }, (error) => {
        if (error) this.#log(`broker: publish failed: ${error.message}`);
        resolve();
      });
    });
  }

  /** Every message on the filter's topics, whoever sent it. */
  async listen(filter: string, onMessage: (topic: string, payload: Buffer) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      const deliver = (packet: IPublishPacket, done: () => void) => {
        onMessage(packet.topic, Buffer.from(packet.payload));
        done();
      };
      this.#aedes.subscribe(filter, deliver, resolve);
    });
  }

  retained(topic: string): RetainedMessage | undefined {
    return this.#retained.get(topic);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#aedes.close(resolve));
  }

  #keepRetained(packet: IPublishPacket): void {
    if (!packet.retain) return;
    const payload = Buffer.from(packet.payload);
    if (payload.length === 0) this.#retained.delete(packet.topic);
    else this.#retained.set(packet.topic, { payload, qos: packet.qos, storedAtMs: Date.now() });
  }
}

/** One gate's connection to the broker. */
export class BrokerLink {
  readonly stream: Duplex;
  readonly #client: Client;
  readonly #left = Promise.withResolvers<void>();
  #isRegistered = false;

  constructor(aedes: Aedes, handlers: LinkHandlers, log: (line: string) => void) {
    const frames = new FrameReader(LINK_FRAME_BYTES_MAX);
    const receive = (chunk: Buffer) => {
      for (const frame of frames.push(chunk).frames) {
        const packet = decodePacket(frame, 5);
        if (!packet) throw new Error('the broker wrote a packet that does not read');
        if (packet.cmd === 'connack') this.#isRegistered = true;
        handlers.onPacket(packet);
      }
    };
    this.stream = new Duplex({
      read: () => handlers.onDrain(),
      // Always taken at once: a client that does not read is the gate's business and must not hold up the others.
      write: (chunk: Buffer, _encoding, done) => {
        try {
          receive(chunk);
          done();
        } catch (error) {
          log(`broker: ${String(error)}`);
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
      destroy: (error, done) => {
        // Before its CONNACK aedes has not entered the client id, and will not announce that it has left.
        if (!this.#isRegistered) this.hasLeft();
        handlers.onClose();
        done(error);
      },
    });
    this.stream.on('error', () => {});
    this.#client = aedes.handle(this.stream);
    // The same as above: filters and broker ids are keys that come from the wire.
    Object.assign(this.#client, { subscriptions: Object.create(null) as object, duplicates: Object.create(null) as object });
  }

  /** False: the broker is busy; wait for `onDrain`. */
  send(packet: Packet): boolean {
    const bytes = encodePacket(packet, 5);
    if (!bytes) throw new Error(`cannot write ${packet.cmd} for the broker`);
    return this.stream.destroyed || this.stream.push(bytes);
  }

  /**
   * Ends the connection as the network would: what was sent is still read, then the will goes out, unless a DISCONNECT came
   * before. Fulfilled when the broker holds nothing of this connection any more.
   */
  leave(): Promise<void> {
    if (!this.stream.destroyed && !this.stream.readableEnded) this.stream.push(null);
    const timer = setTimeout(() => this.#client.close(() => this.hasLeft()), LEAVE_TIMEOUT_MS);
    return this.#left.promise.finally(() => clearTimeout(timer));
  }

  hasLeft(): void {
    this.#left.resolve();
  }
}
