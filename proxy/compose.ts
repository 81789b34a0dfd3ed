// A data plane from accepted settings, and from what lives as long as the process. Composed whole before the first connection walks it: a
// configuration that is taken over while tunnels are open is another plane beside the one that they began with.

import { promises as dns } from 'node:dns';
import type { BlockList } from 'node:net';
import type { Clock } from './core/clock.ts';
import type { Limits, OpenSession, Overload, Recorder } from './core/ports.ts';
import type { RevokedReason } from './core/revoked.ts';
import type { ListedHost, Settings } from './core/settings.ts';
import { ledgerLimits, type LedgerLimits } from './limits/ledger.ts';
import { sourceKey } from './limits/source-key.ts';
import type { Machinery } from './machinery.ts';
import { AddressJudge } from './policy/address-rule.ts';
import { HostList } from './policy/host-list.ts';
import { rangeList } from './policy/ranges.ts';
import { whyRevoked } from './policy/still-allowed.ts';
import type { TenantTable } from './policy/tenants.ts';
import { highWaterMarkFor } from './tunnel/node-relay.ts';
import { createOwn } from './tunnel/own.ts';
import type { DataPlane } from './tunnel/plane.ts';
import { NameResolver } from './tunnel/resolve.ts';
import { createTlsTerminator } from './tunnel/terminate.ts';

/** What no configuration changes. */
export interface Standing extends Pick<
  DataPlane,
  'clock' | 'sessions' | 'tenants' | 'upgrade' | 'isReady' | 'isDraining' | 'onBug' | 'newId' | 'random'
> {
  readonly machinery: Machinery;
  readonly ledger: { under(limits: LedgerLimits): Limits };
  readonly overload: Overload;
  readonly recorder: { under(policyVersion: string): Recorder };
  /** Descriptors this process may hold. */
  readonly descriptors: number;
  /** Every address of this machine, as of now. */
  readonly interfaces: () => readonly string[];
}

/** Throws where OpenSSL does not take the certificate. What `before` has of the same settings goes on, with what it has learnt. */
export function composePlane(settings: Settings, standing: Standing, before: DataPlane | null): DataPlane {
  const { clock, sessions, tenants, upgrade, isReady, isDraining, onBug, newId, random } = standing;
  const own = createOwn(settings, standing.interfaces);
  return {
    settings,
    clock,
    list: new HostList(settings.hosts),
    tenants,
    gateways: new Map(settings.gateways.map((gateway) => [gateway.name, gateway])),
    gatewayNames: new Set(settings.gateways.map((gateway) => gateway.name)),
    judge: new AddressJudge({ own: own.isAddress, mode: settings.policy.address }),
    acceptOf: acceptedRanges(),
    isOurs: own.isName,
    resolver: resolverFor(settings, before, clock),
    dial: standing.machinery.dial,
    limits: standing.ledger.under(ledgerLimits(settings, standing.descriptors)),
    overload: standing.overload,
    sourceKey,
    recorder: standing.recorder.under(settings.policyVersion),
    sessions,
    engine: standing.machinery.engineFor(settings),
    highWaterMark: highWaterMarkFor(settings.limits.perTunnelBufferBytes),
    terminator: terminatorFor(settings, before, clock),
    upgrade,
    isReady,
    isDraining,
    onBug,
    newId,
    random,
  };
}

/** Why an open tunnel would not be let in by another configuration, or null; `tenants` is null where that has none. */
export function whyRevokedBy({ record, proof }: OpenSession, list: HostList, tenants: TenantTable | null): RevokedReason | null {
  const { door, tenant, client_ip: address, target_host: host, target_port: port } = record;
  return whyRevoked({ door, tenant, proof, address, host, port }, list, tenants);
}

/** The same by settings that are not in use, and perhaps never will be. */
export function judgeBy({ hosts }: Pick<Settings, 'hosts'>, tenants: TenantTable | null): (session: OpenSession) => RevokedReason | null {
  const list = new HostList(hosts);
  return (session) => whyRevokedBy(session, list, tenants);
}

function acceptedRanges(): DataPlane['acceptOf'] {
  const known = new Map<string, BlockList>();
  return ({ accept, endpoint }: ListedHost) => {
    if (accept.length === 0) return null;
    const ranges = known.get(endpoint) ?? rangeList(accept);
    known.set(endpoint, ranges);
    return ranges;
  };
}

/** The answers it has, stale ones too, must not be lost to a change of something else. */
function resolverFor({ resolve }: Settings, before: DataPlane | null, clock: Clock): NameResolver {
  const { servers, family } = resolve;
  if (before && isSame([servers, family], [before.settings.resolve.servers, before.settings.resolve.family])) return before.resolver;
  const resolver = new dns.Resolver({ timeout: 1_500, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return new NameResolver({ dns: resolver, clock, family });
}

function terminatorFor({ tls }: Settings, before: DataPlane | null, clock: Clock): DataPlane['terminator'] {
  if (before && isSame(tls, before.settings.tls)) return before.terminator;
  return tls ? createTlsTerminator(tls, clock) : null;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
