// A TCP connection to one address of the proxy.

import { connect, type Socket } from 'node:net';
import { type Clock, withinDeadline } from './clock.ts';
import { AgentFailure, codeOf, messageOf, type Fixer } from './failure.ts';

/** Far above any round trip; a firewall that drops packets costs this much per address. */
const TCP_TIMEOUT_MS = 5_000;
/** NATs forget silent flows at 350 s (EC2 guide, connection tracking); MQTT may be silent for 1,200 s. */
const KEEPALIVE_MS = 60_000;

export function openTcp(address: { readonly host: string; readonly port: number }, clock: Clock): Promise<Socket> {
  const label = `${address.host}:${address.port}`;
  const socket = connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS });
  const late = (): AgentFailure => {
    socket.destroy();
    return new AgentFailure({
      leg: 'proxy-tcp',
      code: 'TIMEOUT',
      fixer: 'site',
      detail: `no answer from ${label} within ${TCP_TIMEOUT_MS} ms`,
      hint: `let TCP connections to ${label} out`,
    });
  };
  return withinDeadline(
    clock,
    TCP_TIMEOUT_MS,
    late,
    () =>
      new Promise((resolve, reject) => {
        const onError = (error: Error): void => reject(tcpFailure(error, label));
        socket.once('error', onError);
        // Whoever owns the stream later hears of its end by `close`; a reset in between must not end the process.
        socket.on('error', () => {});
        socket.once('connect', () => {
          socket.off('error', onError);
          resolve(socket);
        });
      }),
  );
}

function tcpFailure(error: Error, label: string): AgentFailure {
  const code = codeOf(error);
  const [fixer, hint] = HINTS[code] ?? ['site', `let TCP connections to ${label} out`];
  return new AgentFailure({ leg: 'proxy-tcp', code, fixer, detail: messageOf(error), hint }, { cause: error });
}

const HINTS: Readonly<Record<string, readonly [Fixer, string]>> = {
  ECONNREFUSED: ['operator', 'nothing listens there: is the node running, and is this its port?'],
  ECONNRESET: ['site', 'something on the way cuts the connection: a firewall?'],
  EHOSTUNREACH: ['site', 'there is no route to this address'],
  ENETUNREACH: ['site', 'there is no route to this address'],
};
