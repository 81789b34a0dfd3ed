// Free ports below the range from which the kernel takes ports for what goes out, so that no tunnel can sit on them.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const FROM = 21_000;
const TO = 29_000;
// Somewhere: two programs that look at the same moment would find the same ones.
let next = randomInt(FROM, TO);

export async function freePort(address: string): Promise<number> {
  for (let left = TO - FROM; left > 0; left -= 1) {
    const port = next;
    next = port + 1 < TO ? port + 1 : FROM;
    if (await isFree(address, port)) return port;
  }
  throw new Error(`no free port from ${FROM} to ${TO}`);
}

function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.on('error', () => done(false));
    server.listen(port, address, () => server.close(() => done(true)));
  });
}
