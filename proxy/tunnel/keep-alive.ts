import type { Socket } from 'node:net';
import { KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES } from '../core/limits.ts';

/** TCP keep-alive for both legs: Node's own interval of 1 s between probes gives up on a radio link within seconds. */
export function keepAlive(socket: Socket): void {
  socket.setKeepAlive({
    enable: true,
    initialDelay: KEEPALIVE_IDLE_S * 1_000,
    interval: KEEPALIVE_INTERVAL_S * 1_000,
    count: KEEPALIVE_PROBES,
  });
}
