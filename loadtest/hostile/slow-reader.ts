// Clients that have a good tunnel, ask for a lot, and read it a byte a second, or not at all. What they asked for has to wait somewhere.

import { connect, type Socket } from 'node:net';
import { encodeConnect, encodePublish, PacketReader } from '../shared/mqtt.ts';
import { type HostilePlan, type HostileSummary, ASKED, ENDED, STOOD } from './orders.ts';

type Slow = Extract<HostilePlan['work'], { kind: 'slow-readers' }>;

/**
 * Each asks for so much, and the far end sends it at once. On the way to the reader, in a network with small buffers (rig/namespace.ts), the
 * kernel holds 64 KiB before the node and 64 behind it, the reader's own stream 64, and the node may hold 256 (`limits.perTunnelBuffer`): 448
 * at most. The other 576 wait in the far ends, 500 MiB at most for 500 readers. A node that holds nothing back from its reader has all but what
 * the kernel and the reader have: 896 KiB.
 */
const ASKED_BYTES = 1_024 * 1_024;
const MESSAGE_BYTES = 16 * 1024;
/** 25 MiB a second of what they ask for: more at once would be a load of its own. */
const OPENS_PER_SECOND = 25;
const HANDSHAKE_MS = 15_000;

/** Resolves at the end of its time: how many tunnels stood, and how they ended. */
export async function readSlowly(plan: Omit<HostilePlan, 'work'>, work: Slow, stop: AbortSignal): Promise<HostileSummary> {
  const summary: Record<string, number> = {};
  const count = (how: string): void => void (summary[how] = (summary[how] ?? 0) + 1);
  const open = new Set<Socket>();
  const timers: NodeJS.Timeout[] = [];
  for (let number = 0; number < work.count; number += 1) {
    const begin = async (): Promise<void> => {
      const { host = '', port = 0 } = plan.proxies[number % plan.proxies.length] ?? {};
      const socket = connect({ host, port, localAddress: plan.localAddress });
      open.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => open.delete(socket));
      try {
        await openSession(socket, plan.target, `slow-${number}`);
        count(STOOD);
        socket.once('close', () => count(ENDED));
        if (work.bytesPerSecond > 0) timers.push(setInterval(() => socket.read(work.bytesPerSecond), 1_000));
        askForALot(socket, () => count(ASKED));
      } catch (error) {
        count(`did not open: ${(error as Error).message}`);
        socket.destroy();
      }
    };
    timers.push(setTimeout(() => void begin(), (number / OPENS_PER_SECOND) * 1_000));
  }
  await new Promise<void>((resolve) => {
    timers.push(setTimeout(resolve, work.seconds * 1_000));
    stop.addEventListener('abort', () => resolve(), { once: true });
    if (stop.aborted) resolve();
  });
  for (const timer of timers) clearTimeout(timer);
  for (const socket of open) socket.removeAllListeners('close').resetAndDestroy();
  return summary;
}

/** CONNECT, the upgrade and an MQTT session; from then on nothing is read by itself. */
async function openSession(socket: Socket, target: string, clientId: string): Promise<void> {
  const answers = new Answers(socket);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  await answers.head(200);
  const key = Buffer.alloc(16, clientId).toString('base64');
  socket.write(
    `GET /mqtt HTTP/1.1\r\nHost: ${target}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`,
  );
  await answers.head(101);
  socket.write(frame(encodeConnect(clientId, 0)));
  await answers.connack();
  answers.end();
}

/** The far end sends each message back. Waits for nobody: what the kernel does not take, it does not get. */
function askForALot(socket: Socket, asked: () => void): void {
  const message = frame(encodePublish('slow', new Uint8Array(MESSAGE_BYTES)));
  let bytes = 0;
  const ask = (): void => {
    while (bytes < ASKED_BYTES) {
      bytes += MESSAGE_BYTES;
      if (!socket.write(message)) return void socket.once('drain', ask);
    }
    asked();
  };
  ask();
}

class Answers {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #wake: (() => void) | null = null;
  #fail: ((error: Error) => void) | null = null;
  readonly #timer: NodeJS.Timeout;
  readonly #hear = (chunk: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake?.();
  };
  readonly #end = (): void => this.#fail?.(new Error('closed'));

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', this.#hear).once('close', this.#end);
    this.#timer = setTimeout(() => this.#fail?.(new Error('no answer')), HANDSHAKE_MS);
  }

  async head(status: number): Promise<void> {
    const head = await this.#until(() => {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return null;
      const text = this.#bytes.subarray(0, end).toString('latin1');
      this.#bytes = this.#bytes.subarray(end + 4);
      return text;
    });
    if (!head.startsWith(`HTTP/1.1 ${status}`)) throw new Error(head.split('\r\n')[0]);
  }

  /** A small frame of a server has no mask and two bytes before its payload (RFC 6455 section 5.2). */
  async connack(): Promise<void> {
    const packets = await this.#until(() => (this.#bytes.length < 6 ? null : new PacketReader().read(this.#bytes.subarray(2)).packets));
    const [first] = packets;
    if (first?.type !== 'connack' || first.code !== 0) throw new Error('no session');
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#socket.off('data', this.#hear).off('close', this.#end);
    this.#socket.pause();
  }

  #until<T>(read: () => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = read();
        if (found !== null) resolve(found);
      };
      this.#wake = look;
      this.#fail = (error) => {
        clearTimeout(this.#timer);
        reject(error);
      };
      look();
    });
  }
}

/** One masked binary frame of a client; a mask of zeros leaves the bytes as they are (RFC 6455 section 5.3 asks for one, and for chance in it). */
function frame(payload: Uint8Array): Buffer {
  const length = payload.length;
  const head = length < 126 ? [0x82, 0x80 | length] : [0x82, 0x80 | 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}
