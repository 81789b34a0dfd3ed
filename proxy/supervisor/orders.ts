// What operators order of the node, over a Unix socket that only the node's user can open: one line of JSON in, lines of JSON out: news,
// and the answer. Bounded in everything: nobody holds the supervisor up.

import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';

/** A path has up to 4,096 bytes. */
const ORDER_CHARS_MAX = 8_192;
const ORDER_MS = 5_000;
const CONNECTIONS_MAX = 64;

export interface Order {
  readonly order: string;
  /** Who gives it, for the log. */
  readonly by: string;
  /** Of `upgrade`: the folder of the installation, null is the one before. Of `dry-run`: the file, null is the node's own. */
  readonly to: string | null;
}

/** Gives back the answer. `say` is for news before it. */
export type Obey = (order: Order, say: (news: object) => void) => Promise<object>;

export interface Orders {
  /** Resolves when whoever has given an order has its answer. */
  answered(): Promise<void>;
  close(): void;
}

/** Rejects where the socket cannot be bound. */
export function listenForOrders(path: string, clock: Clock, obey: Obey): Promise<Orders> {
  const underWay = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const served = serve(socket, clock, obey).finally(() => underWay.delete(served));
    underWay.add(served);
  });
  server.maxConnections = CONNECTIONS_MAX;
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      server.off('error', reject);
      // Of an accept that failed, as for want of descriptors: whoever asked tries again.
      server.on('error', () => {});
      resolve({
        answered: async () => void (await Promise.all(underWay)),
        close: () => (rmSync(path, { force: true }), void server.close()),
      });
    });
  });
}

async function serve(socket: Socket, clock: Clock, obey: Obey): Promise<void> {
  socket.on('error', () => socket.destroy());
  const order = await readOrder(socket, clock);
  // What is thrown on the way must not end the process that holds the sockets.
  const obeyed = (order: Order): Promise<object> =>
    obey(order, (news) => write({ news })).catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }));
  const write = (line: object): void => {
    // Whoever asked may have gone; the order is obeyed all the same.
    if (socket.writable) socket.write(`${JSON.stringify(line)}\n`);
  };
  write(order ? await obeyed(order) : { error: 'expected one line of JSON with order and by' });
  socket.end();
  clock.after(ORDER_MS, () => socket.destroy());
}

/** Null where it is none, or does not come in time. */
function readOrder(socket: Socket, clock: Clock): Promise<Order | null> {
  return new Promise((resolve) => {
    let text = '';
    const settle = (): void => {
      cancel();
      resolve(parseOrder(text));
    };
    const cancel = clock.after(ORDER_MS, settle);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      if (text.length <= ORDER_CHARS_MAX) text += chunk;
      if (text.includes('\n') || text.length > ORDER_CHARS_MAX) settle();
    });
    socket.once('end', settle);
    socket.once('close', settle);
  });
}

function parseOrder(text: string): Order | null {
  if (text.length > ORDER_CHARS_MAX) return null;
  try {
    const { order, by, to = null } = JSON.parse(text) as Partial<Order>;
    if (typeof order !== 'string' || typeof by !== 'string') return null;
    return to === null || typeof to === 'string' ? { order, by, to } : null;
  } catch {
    return null;
  }
}
