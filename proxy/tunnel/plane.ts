// Everything a session needs from outside, made in compose.ts and handed in: no stage reaches for a global. A session keeps the plane that it
// began with, whatever configuration the carrier takes over meanwhile.

import type { BlockList } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Limits, Overload, Recorder, SourceKey } from '../core/ports.ts';
import type { GatewaySettings, ListedHost, Settings } from '../core/settings.ts';
import type { AddressJudge } from '../policy/address-rule.ts';
import type { HostList } from '../policy/host-list.ts';
import type { TenantSource } from './tenant-roll.ts';
import type { Dial } from './dial.ts';
import type { NameResolver } from './resolve.ts';
import type { RelayEngine } from './relay.ts';
import type { Sessions } from './sessions.ts';
import type { TlsTerminator } from './terminate.ts';
import type { UpgradeThroughGateway } from './gateway-port.ts';

/** Where the next connection finds its plane. */
export interface PlaneSource {
  readonly current: DataPlane;
}

export interface DataPlane {
  /** Without the tenants, of whom there may be many: those are in `tenants`, the same for every plane. */
  readonly settings: Settings;
  readonly clock: Clock;
  readonly list: HostList;
  readonly tenants: TenantSource;
  readonly gateways: ReadonlyMap<string, GatewaySettings>;
  readonly gatewayNames: ReadonlySet<string>;
  readonly judge: AddressJudge;
  readonly acceptOf: (listed: ListedHost) => BlockList | null;
  readonly isOurs: (host: string) => boolean;
  readonly resolver: NameResolver;
  readonly dial: Dial;
  readonly limits: Limits;
  readonly overload: Overload;
  readonly sourceKey: (address: string) => SourceKey;
  readonly recorder: Recorder;
  readonly sessions: Sessions;
  readonly engine: RelayEngine;
  readonly highWaterMark: number;
  readonly terminator: TlsTerminator | null;
  readonly upgrade: UpgradeThroughGateway;
  /** `/live` and `/ready` in public: nothing but yes or no. */
  readonly isReady: () => boolean;
  readonly isDraining: () => boolean;
  /** A failure that no fault of the catalogue explains. */
  readonly onBug: (error: Error) => void;
  readonly newId: () => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}
