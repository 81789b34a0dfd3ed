// What AWS IoT is in a load run: MQTT over WebSocket, a quota of CONNECTs, and every message back to whoever sent it. Cheap for each connection: no
// compression, no timer, no list of subscribers.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { PROCESS_SOCKETS_MAX } from '../plan.ts';
import type { FarEndSeen } from '../run-record.ts';
import {
  ACCEPTED,
  encodeConnack,
  encodeEmpty,
  encodeSuback,
  PACKET_BYTES_MAX,
  PacketReader,
  UNAVAILABLE,
  type Packet,
} from '../shared/mqtt.ts';
import type { SharedCount } from './shared-count.ts';

/** A ramp or a storm comes faster than one process accepts. */
const BACKLOG = 4_096;
/** Of WebSocket (RFC 6455 section 7.4.1). */
const PROTOCOL_ERROR = 1_002;
const TRY_AGAIN = 1_013;

const PINGRESP = encodeEmpty('pingresp');
const CONNACK_OK = encodeConnack(ACCEPTED);
/**
 * No document says what AWS IoT answers a CONNECT beyond the quota over MQTT 3.1.1, which has no word for it. This is the one of its codes that
 * asks a client to come back.
 */
const CONNACK_LATER = encodeConnack(UNAVAILABLE);

export interface FarEndDeps {
  readonly address: string;
  readonly port: number;
  readonly quota: number | null;
  readonly count: SharedCount;
  /** Unix ms. */
  readonly nowMs: () => number;
}

export class FarEnd {
  readonly #deps: FarEndDeps;
  readonly #sockets = new Set<Socket>();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: PACKET_BYTES_MAX + 16,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  });
  #server: Server | null = null;
  #port: number;
  #throttle = Infinity;
  #connects = 0;
  #overQuota = 0;
  #messages = 0;

  constructor(deps: FarEndDeps) {
    this.#deps = deps;
    this.#port = deps.port;
    this.#webSockets.on('connection', (webSocket) => this.#take(webSocket));
  }

  /** Where it listens, or did before it died: the port may have been 0. */
  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    const server = createServer((_request, response) => response.writeHead(426, { upgrade: 'websocket' }).end());
    server.maxConnections = PROCESS_SOCKETS_MAX;
    server.on('connection', (socket: Socket) => this.#keep(socket));
    server.on('upgrade', (request, socket, head) => {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#webSockets.emit('connection', webSocket, request));
    });
    server.listen({ host: this.#deps.address, port: this.#port, backlog: BACKLOG });
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    this.#server = server;
  }

  /** As a service that is gone: every connection is reset, and nothing listens. */
  die(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) {
      // libuv resets nothing that is being shut down (EINVAL), and the handle would stay open for good.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  /** From now on CONNECTs beyond this rate of all far ends are refused; null: beyond the quota only. */
  throttle(connectsPerSecond: number | null): void {
    this.#throttle = connectsPerSecond ?? Infinity;
  }

  /** Since it was asked before. */
  take(): FarEndSeen {
    const seen = { connects: this.#connects, overQuota: this.#overQuota, messages: this.#messages };
    this.#connects = 0;
    this.#overQuota = 0;
    this.#messages = 0;
    return seen;
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #take(webSocket: WebSocket): void {
    const reader = new PacketReader();
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('message', (data: Buffer) => {
      const { packets, fault } = reader.read(data);
      for (const packet of packets) this.#answer(webSocket, packet);
      if (fault !== null) webSocket.close(PROTOCOL_ERROR, fault);
    });
  }

  #answer(webSocket: WebSocket, packet: Packet): void {
    switch (packet.type) {
      case 'connect':
        return this.#connect(webSocket);
      case 'pingreq':
        this.#messages += 1;
        return webSocket.send(PINGRESP);
      case 'publish':
        this.#messages += 1;
        return webSocket.send(packet.bytes);
      case 'subscribe':
        return webSocket.send(encodeSuback(packet.id, packet.topics.length));
      case 'disconnect':
        return webSocket.close();
      case 'connack':
      case 'suback':
      case 'pingresp':
        return webSocket.close(PROTOCOL_ERROR, `a ${packet.type} from a client`);
    }
  }

  #connect(webSocket: WebSocket): void {
    const { count, nowMs } = this.#deps;
    const quota = this.#deps.quota ?? Infinity;
    const place = count.add(Math.floor(nowMs() / 1_000));
    this.#connects += 1;
    if (place > quota) this.#overQuota += 1;
    if (place <= Math.min(quota, this.#throttle)) return webSocket.send(CONNACK_OK);
    webSocket.send(CONNACK_LATER);
    webSocket.close(TRY_AGAIN, 'CONNECT quota');
  }
}
