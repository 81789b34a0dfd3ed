// The world that real clients come to: the AWS IoT stand-in, a real node in front of it, and a stranger who turns everybody away, for proof
// that a client's success came through the node.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld, type World } from '../../../sandbox/world/world.ts';
import type { Place } from '../../../sandbox/world/place.ts';
import type { Spot } from './client-case.ts';
import { NodeLog } from './node-log.ts';

const LOOPBACK = '127.0.0.1';

export class ClientWorld {
  readonly place: Place;
  readonly log: NodeLog;
  readonly node: Spot;
  readonly stranger: Stranger;
  /** Texts of the device's files. */
  readonly device: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly #world: World;
  #names = 0;
  #stopped: Promise<number | null> | null = null;
  readonly #guard: Guard;

  private constructor(world: World, stranger: Stranger, guard: Guard) {
    this.#world = world;
    this.#guard = guard;
    this.place = world.place;
    this.log = new NodeLog(this.place.logs.proxy);
    this.node = { host: LOOPBACK, port: this.place.ports.proxy.number };
    this.stranger = stranger;
    const { files } = this.place.aws;
    const read = (file: string): string => readFileSync(file, 'utf8');
    this.device = { ca: read(files.ca), cert: read(files.deviceCertificate), key: read(files.deviceKey) };
  }

  static async start(): Promise<ClientWorld> {
    const guard = new Guard(mkdtempSync(join(tmpdir(), 'pinhole-clients-')));
    try {
      const stranger = await Stranger.start();
      return new ClientWorld(await startWorld({ dir: guard.dir, usualPorts: false, probe: false, tell: () => {} }), stranger, guard);
    } catch (error) {
      guard.end();
      throw error;
    }
  }

  /** A client id that the device's policy allows, and nobody else has. */
  newClientId(): string {
    this.#names += 1;
    return `test-${this.#names}`;
  }

  /** What the stand-in has written so far. */
  awsLog(): string {
    return readFileSync(this.place.logs.aws, 'utf8');
  }

  /** The node's exit code; asking again is the same as asking once. */
  stop(): Promise<number | null> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<number | null> {
    this.stranger.stop();
    await this.#world.stop();
    return (await this.#world.proxy.ended).code;
  }

  /** After `stop`, or instead of it. */
  remove(): void {
    this.#guard.end();
  }
}

/** A run that is cut short leaves nothing behind: neither processes, whatever group they are in, nor the folder that they were given. */
class Guard {
  readonly dir: string;
  readonly #atExit = (): void => this.end();
  readonly #atSignal = (): void => process.exit(1);

  constructor(dir: string) {
    this.dir = dir;
    process.on('exit', this.#atExit);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, this.#atSignal);
  }

  end(): void {
    process.off('exit', this.#atExit);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.off(signal, this.#atSignal);
    for (const pid of readdirSync('/proc')) if (/^[0-9]+$/.test(pid) && this.#isOurs(pid)) killIfThere(Number(pid));
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Its name is like no other, and every process of this world has it in its command line. */
  #isOurs(pid: string): boolean {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(this.dir);
    } catch {
      return false;
    }
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended by itself meanwhile.
  }
}

/** TLS 1.2 section 7.2: a fatal alert, handshake_failure. */
const ALERT = Buffer.from('15030300020228', 'hex');

/** Listens where a proxy might, and has nothing for anybody. It says so properly: to a close without a word some clients only wait. */
export class Stranger implements Spot {
  readonly host = LOOPBACK;
  readonly port: number;
  visits = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.visits += 1;
      socket.on('error', () => {});
      socket.once('data', (first: Buffer) => socket.end(first[0] === 0x16 ? ALERT : 'HTTP/1.1 502 Not Here\r\nContent-Length: 0\r\n\r\n'));
    });
  }

  static async start(): Promise<Stranger> {
    const server = createServer().listen(0, LOOPBACK);
    await once(server, 'listening');
    return new Stranger(server);
  }

  stop(): void {
    this.#server.close();
  }
}
