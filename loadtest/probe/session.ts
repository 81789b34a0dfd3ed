// An MQTT session of the probe over a WebSocket: it pings, and times the answers.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { systemClock, withinDeadline } from '../../agent/clock.ts';
import { ACCEPTED, encodeConnect, encodeEmpty, PacketReader, type Packet } from '../shared/mqtt.ts';
import { Pings, type Took } from './pings.ts';

/** For an upgrade, a CONNACK and the answer to a ping, each. */
export const ANSWER_MS = 10_000;
const KEEP_ALIVE_SECONDS = 60;
const PINGREQ = encodeEmpty('pingreq');
const DISCONNECT = encodeEmpty('disconnect');

export async function upgrade(stream: Duplex, host: string): Promise<WebSocket> {
  const webSocket = new WebSocket(`ws://${host}/mqtt`, ['mqtt'], {
    // `ws` types this as net's function; it calls it once, and a connection is what it gets.
    createConnection: (() => stream) as never,
    perMessageDeflate: false,
  });
  const late = (): Error => new Error(`no answer to the upgrade within ${ANSWER_MS} ms`);
  try {
    await withinDeadline(systemClock, ANSWER_MS, late, async (signal) => void (await once(webSocket, 'open', { signal })));
    return webSocket;
  } catch (error) {
    webSocket.on('error', () => {});
    webSocket.terminate();
    stream.destroy();
    throw error;
  }
}

export async function connectMqtt(webSocket: WebSocket, clientId: string): Promise<Session> {
  const session = new Session(webSocket);
  const late = (): Error => new Error(`no answer to CONNECT within ${ANSWER_MS} ms`);
  webSocket.send(encodeConnect(clientId, KEEP_ALIVE_SECONDS));
  try {
    await withinDeadline(systemClock, ANSWER_MS, late, () => session.accepted);
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

export class Session {
  readonly #webSocket: WebSocket;
  readonly #reader = new PacketReader();
  readonly #accepted = Promise.withResolvers<void>();
  readonly #pings = new Pings(ANSWER_MS);
  readonly ended: Promise<void>;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('close', () => {
      this.#accepted.reject(new Error('the far end closed instead of answering CONNECT'));
      this.#pings.lose();
      resolve();
    });
    // A session that ends later has nobody who waits for this.
    this.#accepted.promise.catch(() => {});
    webSocket.on('message', (data: Buffer) => {
      const { packets, fault } = this.#reader.read(data);
      for (const packet of packets) this.#hear(packet);
      if (fault !== null) webSocket.terminate();
    });
  }

  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /** Meant for that moment (of `performance.now`). A ping that is never answered ends the session when the next one after ten seconds is due. */
  ping(intendedMs: number, took: Took): void {
    if (this.#pings.isOverdue(performance.now())) this.#webSocket.terminate();
    if (this.#webSocket.readyState !== WebSocket.OPEN) return took(null);
    this.#pings.add(intendedMs, took);
    this.#webSocket.send(PINGREQ);
  }

  close(): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.send(DISCONNECT);
    this.#webSocket.close();
  }

  #hear(packet: Packet): void {
    if (packet.type === 'pingresp') this.#pings.answered(performance.now());
    else if (packet.type === 'connack') {
      if (packet.code === ACCEPTED) this.#accepted.resolve();
      else this.#accepted.reject(new Error(`the far end refused CONNECT with ${packet.code}`));
    }
  }
}
