// One tunnel through a carrier that does not serve yet: accepted, read, decided, dialled and relayed by everything that a device's would be, on
// loopback and to ourselves, so that it says nothing of AWS. What it throws is why this carrier must not take over.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { composePlane, type Standing } from './compose.ts';
import type { Clock } from './core/clock.ts';
import type { Limits, Recorder } from './core/ports.ts';
import type { ListenerSettings, Settings } from './core/settings.ts';
import { serveConnection } from './tunnel/accept.ts';
import type { Acceptor } from './tunnel/acceptor.ts';
import { Sessions } from './tunnel/sessions.ts';

const HOST = '127.0.0.1';
/** Not in DNS (RFC 6761 section 6.4), and pinned for this one plane only. */
const NAME = 'warm-up.invalid';
/** More than one read of any engine. */
const BYTES = 256 * 1024;
const WARM_UP_MS = 8_000;

/** Rejects with what went wrong. Leaves nothing behind: no record, no place in the limits, no listener. */
export async function warmUp(settings: Settings, standing: Standing, acceptor: Acceptor): Promise<void> {
  const upstream = net.createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => socket.destroy()).pipe(socket));
  upstream.listen(0, HOST);
  await once(upstream, 'listening');
  const { clock } = standing;
  const sessions = new Sessions(clock, standing.random);
  try {
    const { port } = upstream.address() as net.AddressInfo;
    const listener: ListenerSettings = { name: 'warm-up', host: HOST, port: 0, doors: ['connect'], backlog: 1, proxyProtocolTrust: null };
    const plane = composePlane(warmUpSettings(settings, listener, port), { ...standing, ...UNCOUNTED, sessions }, null);
    const door = await listenOnce(acceptor, (socket) => serveConnection(plane, listener, socket, () => false));
    try {
      await inTime(clock, talkThrough(door.port, port));
    } finally {
      door.close();
    }
  } finally {
    sessions.stop();
    upstream.close();
  }
}

function warmUpSettings(settings: Settings, listener: ListenerSettings, port: number): Settings {
  return {
    ...settings,
    listeners: [listener],
    hosts: [{ host: NAME, kind: 'data', endpoint: 'warm-up', ports: [port], accept: [], anyAccount: false }],
    gateways: [],
    // What goes through it is no TLS.
    policy: { ...settings.policy, sni: 'off', alpn: 'off' },
    resolve: { ...settings.resolve, pins: [{ host: NAME, port, to: [{ address: HOST, port }] }] },
  };
}

const NO_LIMITS: Limits = {
  tenantLimit: () => null,
  open: () => null,
  closed: () => {},
  movedHere: () => true,
  pendingStarted: () => true,
  isPendingFull: () => false,
  pendingEnded: () => {},
  refused: () => true,
};
const NO_RECORDS: Recorder = {
  decision: () => {},
  close: () => {},
  movedAway: () => {},
  movedHere: () => {},
  stage: () => {},
  bytes: () => {},
};

const UNCOUNTED: Pick<Standing, 'ledger' | 'recorder' | 'overload' | 'tenants' | 'isDraining'> = {
  ledger: { under: () => NO_LIMITS },
  recorder: { under: () => NO_RECORDS },
  overload: { shed: () => null, hasNoPort: () => false, foundNoPort: () => {} },
  tenants: { current: null },
  isDraining: () => false,
};

async function listenOnce(
  acceptor: Acceptor,
  connection: Parameters<Acceptor['join']>[2]['connection'],
): Promise<{ readonly port: number; close(): void }> {
  const bound = new net.BoundSocket({ host: HOST, port: 0, reusePort: true });
  try {
    const { port } = bound.address() as net.AddressInfo;
    const events = { connection, closed: () => {}, error: () => {} };
    return { port, close: await acceptor.join({ host: HOST, port, ipv6Only: false }, 1, events) };
  } finally {
    bound.close();
  }
}

async function talkThrough(door: number, port: number): Promise<void> {
  const socket = net.connect({ host: HOST, port: door });
  try {
    await once(socket, 'connect');
    socket.write(`CONNECT ${NAME}:${port} HTTP/1.1\r\nHost: ${NAME}:${port}\r\n\r\n`);
    const sent = randomBytes(BYTES);
    let isOpen = false;
    let head = Buffer.alloc(0);
    const echo: Buffer[] = [];
    let echoed = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      if (isOpen) {
        echo.push(chunk);
        echoed += chunk.length;
      } else {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) continue;
        const line = head.toString('latin1', 0, head.indexOf('\r\n'));
        if (line.split(' ')[1] !== '200') throw new Error(`a tunnel to itself was refused: ${line}`);
        isOpen = true;
        socket.write(sent);
      }
      if (echoed >= BYTES) break;
    }
    if (!Buffer.concat(echo).equals(sent)) throw new Error(`a tunnel to itself brought back ${echoed} of ${BYTES} bytes, or others`);
  } finally {
    socket.destroy();
  }
}

function inTime(clock: Clock, done: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(WARM_UP_MS, () => reject(new Error(`a tunnel to itself was not through within ${WARM_UP_MS / 1_000} s`)));
    done.then(resolve, reject).finally(cancel);
  });
}
