// A client of a far end that is not ours: ws with mqtt-packet.

import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { generate, parser, type Packet } from 'mqtt-packet';
import { WebSocket } from 'ws';

export class Client {
  readonly socket: WebSocket;
  readonly #packets: Packet[] = [];
  #wake: () => void = () => {};

  constructor(context: TestContext, port: number, host = '127.0.0.1') {
    this.socket = new WebSocket(`ws://${host}:${port}/mqtt`, ['mqtt']);
    this.socket.on('error', () => {});
    context.after(() => this.socket.terminate());
    const reader = parser();
    reader.on('packet', (packet) => {
      this.#packets.push(packet);
      this.#wake();
    });
    this.socket.on('message', (data: Buffer) => reader.parse(data));
  }

  static async connected(context: TestContext, port: number, host = '127.0.0.1'): Promise<Client> {
    const client = new Client(context, port, host);
    await once(client.socket, 'open');
    return client;
  }

  send(packet: Packet): void {
    this.socket.send(generate(packet));
  }

  connect(clientId = 'c'): void {
    this.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId, keepalive: 60 });
  }

  async next(): Promise<Packet> {
    for (;;) {
      const packet = this.#packets.shift();
      if (packet !== undefined) return packet;
      await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  /** The code with which the far end closed. */
  async closed(): Promise<number> {
    if (this.socket.readyState === WebSocket.CLOSED) return 0;
    const [code] = (await once(this.socket, 'close')) as [number];
    return code;
  }
}
