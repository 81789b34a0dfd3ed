import { Socket } from 'node:net';
import { KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES } from '../core/limits.ts';
import type { Leg } from './leg.ts';

/** TCP keep-alive for both legs, which a socket of the native front has from its beginning: Node's own interval of 1 s between probes gives up on a radio link within seconds. */
export function keepAlive(socket: Leg): void {
  if (!(socket instanceof Socket)) return;
  socket.setKeepAlive({
    enable: true,
    initialDelay: KEEPALIVE_IDLE_S * 1_000,
    interval: KEEPALIVE_INTERVAL_S * 1_000,
    count: KEEPALIVE_PROBES,
  });
}
