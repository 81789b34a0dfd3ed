// What the tunnel asks of the gateway: one upgrade, re-originated to a socket that was judged and dialled here. proxy/gateway answers it.

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { StopSignal } from '../core/interrupt.ts';
import type { GatewaySettings } from '../core/settings.ts';
import type { Upgrade } from '../wire/upgrade.ts';

export interface UpgradeRequest {
  readonly client: Duplex;
  readonly upstream: Socket;
  readonly gateway: GatewaySettings;
  readonly upgrade: Upgrade;
  /** A moment of the clock for TLS and the upstream's answer together. */
  readonly deadlineMs: number;
  readonly signal: StopSignal;
}

/**
 * `open`: the 101 has been written to the client and both sockets are paused, ready for a relay. `answered`: the upstream gave another
 * status, which has been passed on to the client. Throws UPSTREAM_TLS_FAILED, UPSTREAM_CLOSED, UPGRADE_TIMEOUT or CLIENT_GONE, with
 * nothing written to the client.
 */
export type UpgradeOutcome =
  | { readonly kind: 'open'; readonly upstream: Socket; readonly status: 101 }
  | { readonly kind: 'answered'; readonly status: number };

export type UpgradeThroughGateway = (request: UpgradeRequest) => Promise<UpgradeOutcome>;
