/** An MQTT client that does exactly what a test says, packet by packet. For what well-behaved clients would never send or show. */

import { connect as tcpConnect } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import type { World } from './harness.ts';

export class RawMqtt {
  readonly packets: Packet[] = [];
  readonly socket: TLSSocket;
  readonly closed: Promise<void>;
  readonly reset: () => void;
  readonly #version: 4 | 5;
  #wake = Promise.withResolvers<void>();

  constructor({ socket, reset }: Dialled, version: 4 | 5) {
    this.socket = socket;
    this.reset = reset;
    this.#version = version;
    const reader = parser({ protocolVersion: version });
    reader.on('packet', (packet) => {
      this.packets.push(packet);
      this.#signal();
    });
    socket.on('data', (chunk: Buffer) => reader.parse(chunk));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    void this.closed.then(() => this.#signal());
  }

  send(packet: Packet): void {
    this.socket.write(generate(packet, { protocolVersion: this.#version }));
  }

  /** The next packet of a kind; what came before it is dropped. */
  async next<Cmd extends Packet['cmd']>(cmd: Cmd): Promise<Extract<Packet, { cmd: Cmd }>> {
    for (;;) {
      const packet = this.packets.shift();
      if (packet?.cmd === cmd) return packet as Extract<Packet, { cmd: Cmd }>;
      if (packet) continue;
      if (this.socket.destroyed) throw new Error(`the connection closed before ${cmd} came`);
      await this.#wake.promise;
    }
  }

  #signal(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

export interface DialInput {
  readonly device?: 'device' | 'secondDevice' | 'inactiveDevice';
  readonly version?: 4 | 5;
  readonly tls?: ConnectionOptions;
}

export interface Dialled {
  readonly socket: TLSSocket;
  /** Breaks the connection with a TCP reset. */
  reset(): void;
}

/** TLS to a port with a device's certificate; port 8883 unless told otherwise. */
export async function dialTls(world: World, { device = 'device', tls = {} }: DialInput = {}): Promise<Dialled> {
  const [ca, cert, key] = await Promise.all([world.read('ca'), world.read(`${device}Certificate`), world.read(`${device}Key`)]);
  const { mqttPort, host: servername } = world.aws.data;
  const tcp = tcpConnect({ port: tls.port ?? mqttPort, host: '127.0.0.1', noDelay: true });
  const socket = connect({ servername, ca, cert, key, ...tls, socket: tcp });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  return { socket, reset: () => tcp.resetAndDestroy() };
}

/** The handshake is done, MQTT has not begun. */
export async function dial(world: World, input: DialInput = {}): Promise<RawMqtt> {
  return new RawMqtt(await dialTls(world, input), input.version ?? 5);
}

/** A client that has sent its CONNECT. */
export async function join(world: World, connectPacket: Partial<IConnectPacket> = {}, input: DialInput = {}): Promise<RawMqtt> {
  const client = await dial(world, input);
  client.send({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: input.version ?? 5,
    clientId: world.aws.thing,
    clean: true,
    keepalive: 60,
    ...connectPacket,
  });
  return client;
}
