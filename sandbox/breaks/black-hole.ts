// An address that is silent, as behind a firewall that drops: no RST, no SYN-ACK. On loopback there is no way to drop a packet without being root;
// the kernel itself does it where a listener's queue is full and nobody accepts (listen(2)).

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Box } from './passage.ts';

/** A thread of its own, whose loop stops once it listens: Node's would accept. */
const LISTENER = `
  const { workerData, parentPort } = require('node:worker_threads');
  require('node:net').createServer().listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage('listening');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;
/** A queue for one holds two on Linux; a connection more shows that it is full. */
const FILLERS = 4;
const SETTLE_MS = 100;

export async function startBlackHole(at: { readonly host: string; readonly port: number }): Promise<Box> {
  const worker = new Worker(LISTENER, { eval: true, workerData: at });
  await once(worker, 'message');
  const fillers = Array.from({ length: FILLERS }, () => connect(at).on('error', () => {}));
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return {
    async stop() {
      for (const filler of fillers satisfies Socket[]) filler.destroy();
      await worker.terminate();
    },
  };
}
