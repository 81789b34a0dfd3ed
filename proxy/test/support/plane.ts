// The whole data plane in one process on loopback: real sockets, counted limits, records in an array. No supervisor, no log.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { systemClock } from '../../core/clock.ts';
import type { FaultCode } from '../../core/fault.ts';
import type { SessionEnd, SessionRecord } from '../../core/record.ts';
import type { Settings } from '../../core/settings.ts';
import { createGateway } from '../../gateway/re-originate.ts';
import { createMachinery } from '../../machinery.ts';
import { AddressJudge } from '../../policy/address-rule.ts';
import { HostList } from '../../policy/host-list.ts';
import { rangeList } from '../../policy/ranges.ts';
import { TenantTable } from '../../policy/tenants.ts';
import { serveConnection } from '../../tunnel/accept.ts';
import type { Leg, Peer } from '../../tunnel/leg.ts';
import type { MoveLinks } from '../../tunnel/move-links.ts';
import { highWaterMarkFor } from '../../tunnel/node-relay.ts';
import { createOwn } from '../../tunnel/own.ts';
import type { DataPlane } from '../../tunnel/plane.ts';
import { NameResolver, type DnsQueries } from '../../tunnel/resolve.ts';
import { createIdSource } from '../../tunnel/session-id.ts';
import { Sessions } from '../../tunnel/sessions.ts';
import { createTlsTerminator } from '../../tunnel/terminate.ts';
import { testSettings } from './settings.ts';

export interface Recorded {
  readonly event: 'decision' | 'close';
  readonly record: SessionRecord;
  readonly end: SessionEnd | null;
}

export type TestClient = net.Socket & { readonly ownPort: number };

export interface TestNode {
  readonly port: number;
  readonly plane: DataPlane;
  /** Of the engine in JavaScript: when a tunnel last moved a byte is told by it. */
  readonly time: { aheadMs: number };
  readonly records: Recorded[];
  readonly bugs: Error[];
  readonly links: MoveLinks | null;
  /** Places taken and pending connections counted, as the limits saw them; tunnels that came from another carrier, less those that went to one. */
  readonly counts: { open: number; pending: number; refused: number; moved: number };
  /** What the limits say to the next open. */
  limit: FaultCode | null;
  /** What the limits of its tenant say to it. */
  tenantLimit: FaultCode | null;
  /** What the overload says to the next open, and towards which ports of upstreams it has no port left. */
  shed: FaultCode | null;
  readonly fullPorts: Set<number>;
  isDraining: boolean;
  isReady: boolean;
  /** The port of our own side is kept: a closed socket has forgotten it. */
  connect(): Promise<TestClient>;
  /** Waits for the record that `matches`. */
  recorded(matches: (recorded: Recorded) => boolean): Promise<Recorded>;
  close(): Promise<void>;
}

export async function startTestNode(overrides: Partial<Settings> = {}, dns?: DnsQueries): Promise<TestNode> {
  const settings = testSettings(overrides);
  const [listener] = settings.listeners;
  if (!listener) throw new Error('a test node has one listener');
  const records: Recorded[] = [];
  const waiting: (() => void)[] = [];
  const record = (recorded: Recorded): void => {
    records.push({ ...recorded, record: structuredClone(recorded.record) });
    for (const wake of waiting.splice(0)) wake();
  };
  const node = {
    limit: null as FaultCode | null,
    tenantLimit: null as FaultCode | null,
    shed: null as FaultCode | null,
    fullPorts: new Set<number>(),
    isDraining: false,
    isReady: true,
  };
  const counts = { open: 0, pending: 0, refused: 0, moved: 0 };
  const bugs: Error[] = [];
  /** By how much the relays' clock is ahead. */
  const time = { aheadMs: 0 };
  const own = createOwn(settings, () => []);
  const fail = (error: Error): never => {
    throw error;
  };
  const highWaterMark = highWaterMarkFor(settings.limits.perTunnelBufferBytes);
  const machinery = createMachinery(settings, {
    descriptors: 1_000,
    clock: { nowMs: () => systemClock.nowMs() + time.aheadMs, after: systemClock.after },
    highWaterMark: () => highWaterMark,
    onBug: (error) => bugs.push(error),
    onFailed: fail,
  });
  const plane: DataPlane = {
    settings,
    clock: systemClock,
    list: new HostList(settings.hosts),
    tenants: { current: settings.tenants && (await TenantTable.build(settings.tenants, () => Promise.resolve())) },
    gateways: new Map(settings.gateways.map((gateway) => [gateway.name, gateway])),
    gatewayNames: new Set(settings.gateways.map((gateway) => gateway.name)),
    judge: new AddressJudge({ own: own.isAddress, mode: settings.policy.address }),
    acceptOf: (listed) => (listed.accept.length > 0 ? rangeList(listed.accept) : null),
    isOurs: own.isName,
    resolver: new NameResolver({ dns: dns ?? noDns, clock: systemClock, family: settings.resolve.family }),
    dial: machinery.dial,
    limits: {
      tenantLimit: () => node.tenantLimit,
      open: () => {
        if (node.limit) return node.limit;
        counts.open += 1;
        return null;
      },
      closed: () => void (counts.open -= 1),
      movedHere: () => node.limit === null && ((counts.open += 1), true),
      pendingStarted: () => (counts.pending < settings.limits.pending ? ((counts.pending += 1), true) : false),
      isPendingFull: () => counts.pending >= settings.limits.pending,
      pendingEnded: () => void (counts.pending -= 1),
      refused: () => ((counts.refused += 1), counts.refused <= settings.limits.perSource.refusalsPerSecond),
    },
    overload: {
      shed: () => node.shed,
      hasNoPort: ({ port }) => node.fullPorts.has(port),
      foundNoPort: ({ port }) => void node.fullPorts.add(port),
    },
    sourceKey: (address) => address,
    recorder: {
      decision: (recorded) => record({ event: 'decision', record: recorded, end: null }),
      close: (recorded, end) => record({ event: 'close', record: recorded, end }),
      movedAway: () => void (counts.moved -= 1),
      movedHere: () => void (counts.moved += 1),
      stage: () => {},
      bytes: () => {},
    },
    sessions: new Sessions(systemClock, Math.random),
    engine: machinery.engineFor(settings),
    highWaterMark,
    terminator: settings.tls ? createTlsTerminator(settings.tls, systemClock) : null,
    upgrade: createGateway(systemClock),
    isReady: () => node.isReady,
    isDraining: () => node.isDraining,
    onBug: (error) => bugs.push(error),
    newId: createIdSource(randomBytes),
    random: Math.random,
  };
  const open = new Set<Leg>();
  const events = {
    connection: (socket: Leg & Peer) => {
      open.add(socket);
      serveConnection(plane, listener, socket, (address) => address === '127.0.0.1');
    },
    closed: () => {},
    error: fail,
  };
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0, reusePort: true });
  const { port } = bound.address() as net.AddressInfo;
  const stop = await machinery.acceptor.join({ host: '127.0.0.1', port, ipv6Only: false }, 128, events);
  bound.close();

  return Object.assign(node, {
    port,
    plane,
    time,
    records,
    bugs,
    links: machinery.links,
    counts,
    connect: async () => {
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {});
      await once(socket, 'connect');
      return Object.assign(socket, { ownPort: socket.localPort ?? 0 });
    },
    recorded: async (matches: (recorded: Recorded) => boolean) => {
      for (;;) {
        const found = records.find(matches);
        if (found) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    close: async () => {
      plane.sessions.stop();
      for (const socket of open) socket.destroy();
      stop();
    },
  });
}

const refuse = (): Promise<never> => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
const noDns: DnsQueries = { resolve4: refuse, resolve6: refuse };

/** Everything the far end sends until it closes, or until `enough` says so. */
export function readAll(socket: net.Socket, enough: (text: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const done = (): void => {
      socket.off('data', onData);
      resolve(text);
    };
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (enough(text)) done();
    };
    socket.on('data', onData);
    socket.once('end', done);
    socket.once('close', done);
  });
}
