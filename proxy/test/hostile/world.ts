// Everything around a node under test: upstreams, resolver, tripwires, certificates, and a folder that goes with it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../support/certificate.ts';
import { type DnsReply, type DnsStub, type Question, startDnsStub } from './dns-stub.ts';
import { type Door } from './door-client.ts';
import { type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import {
  ACCEPTED_RANGE,
  CREDENTIALS,
  DATA,
  DNS_SERVER,
  GATEWAY_NAME,
  LISTED_ORIGIN,
  PROXY_HOST,
  PROXY_NAME,
  TRIPWIRES,
  UPSTREAM,
  UPSTREAM_PORTS,
} from './fixture.ts';
import { layTripwires, type Tripwires } from './tripwires.ts';

export interface World {
  readonly folder: string;
  readonly upstream: EchoUpstream;
  readonly dns: DnsStub;
  readonly tripwires: Tripwires;
  /** Roots of the proxy's certificate, and of the upstream's. */
  readonly proxyCa: string;
  readonly upstreamCa: string;
  readonly upstreamCertificate: { readonly certPem: string; readonly keyPem: string };
}

export interface WorldOptions {
  readonly hasIpv6: boolean;
  /** Names besides the two that the echo upstream has a certificate for. */
  readonly names?: readonly string[];
  readonly replyTo?: (question: Question) => DnsReply;
  /** Takes whatever has to be closed in the end, also where building fails half-way. */
  readonly things: AsyncDisposableStack;
}

const NXDOMAIN: DnsReply = { rcode: 3 };

/** The listed names live at the upstream's address, and nothing else exists. */
export function listedOnly({ name }: Question): DnsReply {
  return name === DATA || name === CREDENTIALS ? { addresses: [UPSTREAM] } : NXDOMAIN;
}

export async function buildWorld({ hasIpv6, names = [], replyTo = listedOnly, things }: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-hostile-'));
  things.defer(() => rmSync(folder, { recursive: true, force: true }));
  const ours = makeCertificate([PROXY_NAME, GATEWAY_NAME, `*.${PROXY_NAME}`]);
  const theirs = makeCertificate([DATA, CREDENTIALS, ...names]);
  for (const [name, text] of [
    ['proxy.crt', ours.certPem],
    ['proxy.key', ours.keyPem],
    ['upstream.crt', theirs.certPem],
  ] as const) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
  const addresses = hasIpv6 ? [...TRIPWIRES.ipv4, ...TRIPWIRES.ipv6] : TRIPWIRES.ipv4;
  const tripwires = await layTripwires(addresses, TRIPWIRES.ports);
  things.defer(() => tripwires.close());
  const dns = await startDnsStub(DNS_SERVER, replyTo);
  things.defer(() => dns.close());
  const upstream = await startEchoUpstream(
    theirs,
    UPSTREAM_PORTS.map((port) => ({ host: UPSTREAM, port })),
  );
  things.defer(() => upstream.close());
  return {
    folder,
    upstream,
    dns,
    tripwires,
    proxyCa: ours.certPem,
    upstreamCa: theirs.certPem,
    upstreamCertificate: theirs,
  };
}

export const ENDPOINT = {
  name: 'production',
  data: DATA,
  credentials: CREDENTIALS,
  ports: [...UPSTREAM_PORTS],
  accept: [ACCEPTED_RANGE],
  ca: 'upstream.crt',
};

/** The fixture's node, every check enforced, with as many listeners as are given. */
export function configOf(listen: readonly object[], overrides: object = {}): object {
  return {
    listen,
    tls: { certificate: 'proxy.crt', key: 'proxy.key' },
    endpoints: [ENDPOINT],
    gateway: [{ name: GATEWAY_NAME, endpoint: 'production', origins: [LISTED_ORIGIN] }],
    policy: { sni: 'enforce', alpn: 'enforce', address: 'enforce', allowMissingSni: false },
    resolve: { servers: [`${DNS_SERVER.host}:${DNS_SERVER.port}`], family: 'any' },
    limits: { tunnels: 2_000 },
    drain: { stop: '2s' },
    carriers: 2,
    ...overrides,
  };
}

export interface Doors {
  readonly clear: Door;
  readonly tls: Door;
  readonly gateway: Door;
}

export function doorsAt(port: number, ca: string): Doors {
  const door = (serverName: string | null): Door => ({ host: PROXY_HOST, port, serverName, ca });
  return { clear: door(null), tls: door(PROXY_NAME), gateway: door(GATEWAY_NAME) };
}
