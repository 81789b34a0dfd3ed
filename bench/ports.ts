// Free ports below the range from which the kernel takes ports for what goes out, so that no tunnel can sit on them.

import { createServer } from 'node:net';

const FROM = 21_000;
const TO = 29_000;
let next = FROM;

export async function freePort(address: string): Promise<number> {
  for (; next < TO; next++) if (await isFree(address, next)) return next++;
  throw new Error(`no free port from ${FROM} to ${TO}`);
}

function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.on('error', () => done(false));
    server.listen(port, address, () => server.close(() => done(true)));
  });
}
