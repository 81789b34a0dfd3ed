// Connections at a rate that want nothing good: a target that is not listed, no byte at all, or a head that never ends.

import { connect, type Socket } from 'node:net';
import { AT_ONCE, type HostilePlan, type HostileSummary, UNCONNECTED } from './orders.ts';

type Flood = Exclude<HostilePlan['work'], { kind: 'slow-readers' }>;

/** A name that no configuration lists (RFC 2606). */
const UNLISTED = 'not-listed.example.com:443';
const FIRST_BYTES: Readonly<Record<Flood['kind'], string>> = {
  refused: `CONNECT ${UNLISTED} HTTP/1.1\r\nHost: ${UNLISTED}\r\n\r\n`,
  'half-open': '',
  'stalled-head': `CONNECT ${UNLISTED} HTTP/1.1\r\nHost: `,
};
/** A connection that ends sooner was not held. */
const HELD_MS = 1_000;
/** A timer that is late makes up for it with the next. */
const TURN_MS = 20;

/** Resolves at the end of its time with how the connections ended; those that still stand are reset. */
export async function flood(
  plan: Omit<HostilePlan, 'work'>,
  { kind, perSecond, seconds }: Flood,
  stop: AbortSignal,
): Promise<HostileSummary> {
  const summary: Record<string, number> = {};
  const open = new Set<Socket>();
  const startedMs = performance.now();
  let sent = 0;
  const turn = (): void => {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - startedMs) / 1_000) * perSecond));
    for (; sent < due; sent += 1) one(sent);
  };
  const one = (number: number): void => {
    const { host = '', port = 0 } = plan.proxies[number % plan.proxies.length] ?? {};
    const socket = connect({ host, port, localAddress: plan.localAddress });
    open.add(socket);
    let answer = '';
    let connectedMs: number | null = null;
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer = (answer + chunk).slice(0, 64)));
    socket.on('connect', () => {
      connectedMs = performance.now();
      socket.write(FIRST_BYTES[kind]);
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      open.delete(socket);
      const ended = /^HTTP\/1\.1 (\d+ \S+)/.exec(answer)?.[1] ?? 'closed without an answer';
      const isHeld = connectedMs !== null && performance.now() - connectedMs >= HELD_MS;
      count(summary, connectedMs === null ? UNCONNECTED : `${ended}${isHeld ? '' : AT_ONCE}`);
    });
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(turn, TURN_MS);
    const end = (): void => {
      clearInterval(timer);
      clearTimeout(last);
      resolve();
    };
    const last = setTimeout(end, seconds * 1_000);
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();
  });
  for (const socket of open) {
    count(summary, socket.connecting ? UNCONNECTED : 'still open at the end');
    socket.removeAllListeners('close').resetAndDestroy();
  }
  return summary;
}

function count(summary: Record<string, number>, how: string): void {
  summary[how] = (summary[how] ?? 0) + 1;
}
