// Whether the node in $RUNTIME_DIRECTORY lives, for whoever restarts what does not: 0 where a carrier has just answered control, else 1 and why. A node
// that drains lives. Asks the supervisor for the health address, so it knows no configuration.

import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';

/** Less than the health check that calls this gives it. */
const TIME_MS = 4_000;

interface HealthAddress {
  readonly host: string;
  readonly port: number;
}

function healthAddress(socketPath: string): Promise<HealthAddress> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath).setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('end', () => {
      const { health } = JSON.parse(text) as { health?: HealthAddress };
      if (health) resolve(health);
      else reject(new Error('the node is being started'));
    });
  });
}

function statusOf({ host, port }: HealthAddress): Promise<number | undefined> {
  // A listener on every address is on this machine's own too.
  const own = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return new Promise((resolve, reject) => {
    get({ host: own, port, path: '/live' }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

async function main(): Promise<number> {
  try {
    const status = await statusOf(await healthAddress(join(process.env['RUNTIME_DIRECTORY'] ?? '/run/pinhole', 'supervisor.sock')));
    if (status === 200) return 0;
    process.stderr.write(`not live: the health address answers ${status}\n`);
  } catch (error) {
    process.stderr.write(`not live: ${(error as Error).message}\n`);
  }
  return 1;
}

setTimeout(() => {
  process.stderr.write(`not live: no answer within ${TIME_MS / 1_000} s\n`);
  process.exit(1);
}, TIME_MS).unref();
process.exitCode = await main();
