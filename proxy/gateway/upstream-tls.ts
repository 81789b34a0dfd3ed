import type { Socket } from 'node:net';
import tls from 'node:tls';
import { ProxyError } from '../core/fault.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import type { StopSignal } from '../core/interrupt.ts';
import type { GatewaySettings } from '../core/settings.ts';

/**
 * TLS over the dialled socket, with the endpoint's certificate and name verified (CVE-2022-32210 was a proxy client that did not).
 * Throws UPSTREAM_TLS_FAILED, UPGRADE_TIMEOUT or CLIENT_GONE; the socket is then destroyed.
 */
export function secureUpstream(
  socket: Socket,
  gateway: GatewaySettings,
  until: { readonly clock: Clock; readonly deadlineMs: number; readonly signal: StopSignal },
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = tls.connect({
      socket,
      servername: gateway.target.host,
      minVersion: 'TLSv1.2',
      // Null: the public roots and NODE_EXTRA_CA_CERTS.
      ...(gateway.caPem !== null && { ca: gateway.caPem }),
    });
    secure.on('error', (error) => fail(new ProxyError('UPSTREAM_TLS_FAILED', `TLS with ${gateway.target.host} failed`, { cause: error })));
    secure.once('close', () => fail(new ProxyError('UPSTREAM_TLS_FAILED', `${gateway.target.host} left during the TLS handshake`)));
    const onAbort = (): void => fail(new ProxyError('CLIENT_GONE', 'the client left during the upgrade'));
    until.signal.addEventListener('abort', onAbort);
    const cancel: Cancel = until.clock.after(until.deadlineMs - until.clock.nowMs(), () =>
      fail(new ProxyError('UPGRADE_TIMEOUT', `no TLS with ${gateway.target.host} in time`)),
    );
    let isSettled = false;
    function settle(): void {
      isSettled = true;
      cancel();
      until.signal.removeEventListener('abort', onAbort);
    }
    function fail(error: ProxyError): void {
      if (isSettled) return;
      settle();
      secure.destroy();
      reject(error);
    }
    secure.once('secureConnect', () => {
      if (isSettled) return;
      settle();
      resolve(secure);
    });
    if (until.signal.aborted) onAbort();
  });
}
