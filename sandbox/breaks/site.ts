// A customer's site on this machine: the sandbox's proxy with tenants, and the files that somebody on the site has been given. Shared by all broken
// worlds; each is a few boxes on top.

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../agent/clock.ts';
import type { MqttSession } from '../../agent/mqtt.ts';
import { Agent } from '../../agent/session.ts';
import { certificatePem, type Identity } from '../aws-iot/pki/authority.ts';
import { GATEWAY, PROXY } from '../world/config-file.ts';
import type { Place } from '../world/place.ts';
import { pickPort } from '../world/ports.ts';
import { startWorld, type World } from '../world/world.ts';
import { createAuthority } from './remade-tls.ts';

/** What a world may need to know of the site. */
export interface Site {
  readonly place: Place;
  readonly folder: string;
  readonly proxyPort: number;
  /** One port for the addresses of every world. */
  readonly sitePort: number;
  /** The proxy’s own names. */
  readonly names: readonly string[];
  readonly deadEndpoint: string;
  readonly unlistedEndpoint: string;
  readonly logins: { readonly good: string; readonly wrong: string; readonly full: string };
  readonly inactive: { readonly cert: string; readonly key: string };
  /** Who breaks TLS open. */
  readonly inspector: Identity;
  /** Another authority of the proxy’s, that the site knows as well. */
  readonly fleetAuthority: Identity;
  /** The roots for the proxy’s certificates. */
  readonly proxyCa: string;
  /** AWS’s clock less this machine’s, from now on. */
  setAheadMs(ms: number): void;
  stop(): Promise<void>;
}

export interface SiteOptions {
  readonly dir: string;
  /** Every address that a world will listen on. */
  readonly addresses: readonly [string, ...string[]];
  readonly tell: (line: string) => void;
}

const DEAD_ENDPOINT = 'd0d0d0d0d0d0d0-ats.iot.eu-west-1.amazonaws.com';
const UNLISTED_ENDPOINT = 'f0f0f0f0f0f0f0-ats.iot.eu-west-1.amazonaws.com';
const TENANT = 'site';
const FULL_TENANT = 'full';

export async function startSite({ dir, addresses, tell }: SiteOptions): Promise<Site> {
  const tokens = { good: randomBytes(12).toString('hex'), full: randomBytes(12).toString('hex') };
  let aheadMs = 0;
  const world = await startWorld({
    ...{ dir, usualPorts: false, probe: false, tell },
    now: () => Date.now() + aheadMs,
    config: renderTenants(tokens),
    deadEndpoint: DEAD_ENDPOINT,
  });
  let session: MqttSession | null = null;
  try {
    const folder = join(dir, 'site');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const [inspector, fleetAuthority] = await Promise.all([
      createAuthority('Example Corp TLS Inspection'),
      createAuthority('Sandbox Fleet'),
    ]);
    const { place } = world;
    const proxyCa = join(folder, 'proxy-ca.pem');
    writeFileSync(proxyCa, `${readFileSync(place.aws.files.ca, 'utf8')}${certificatePem(fleetAuthority)}`);
    const login = (name: string, tenant: string, token: string): string => {
      const file = join(folder, name);
      writeFileSync(file, `${tenant}:${token}\n`, { mode: 0o600 });
      return file;
    };
    session = await fillTenant(place, `${FULL_TENANT}:${tokens.full}`);
    return {
      ...{ place, folder, proxyCa, inspector, fleetAuthority },
      proxyPort: place.ports.proxy.number,
      sitePort: (await pickPort(0, addresses)).number,
      names: [PROXY, GATEWAY],
      deadEndpoint: DEAD_ENDPOINT,
      unlistedEndpoint: UNLISTED_ENDPOINT,
      logins: {
        good: login('login', TENANT, tokens.good),
        wrong: login('login-wrong', TENANT, randomBytes(12).toString('hex')),
        full: login('login-full', FULL_TENANT, tokens.full),
      },
      inactive: { cert: place.aws.files.inactiveDeviceCertificate, key: place.aws.files.inactiveDeviceKey },
      setAheadMs: (ms) => (aheadMs = ms),
      stop: () => stop(world, session),
    };
  } catch (error) {
    await stop(world, session);
    throw error;
  }
}

async function stop(world: World, session: MqttSession | null): Promise<void> {
  await session?.end();
  await world.stop();
}

/** The one tunnel that this tenant may have, with the second device in it. */
async function fillTenant({ aws, ports }: Place, login: string): Promise<MqttSession> {
  const read = (path: string): string => readFileSync(path, 'utf8');
  const { ca, secondDeviceCertificate, secondDeviceKey } = aws.files;
  const authorization = `Basic ${Buffer.from(login, 'utf8').toString('base64')}`;
  const agent = new Agent(
    {
      door: 'connect',
      proxies: [{ isTls: false, host: '127.0.0.1', port: ports.proxy.number, authorization }],
      proxyTls: { ca: undefined, cert: undefined, key: undefined },
      gateway: null,
      endpoint: aws.data.host,
      port: 443,
      ...{ ca: read(ca), cert: read(secondDeviceCertificate), key: read(secondDeviceKey) },
      clientId: aws.secondThing,
      keepAliveSeconds: 60,
      role: null,
    },
    { clock: systemClock, random: Math.random, lookup: (host) => Promise.resolve([host]) },
  );
  return await agent.openSession();
}

/** Everybody here is on loopback; the sni door knows nothing but that. */
function renderTenants(tokens: { readonly good: string; readonly full: string }): string {
  const hash = (token: string): string => `sha256:${createHash('sha256').update(token).digest('hex')}`;
  return `tenants:
  - { id: ${TENANT}, tokens: ["${hash(tokens.good)}"], sources: [127.0.0.0/8], sniBySource: true }
  - { id: ${FULL_TENANT}, tokens: ["${hash(tokens.full)}"], limits: { tunnels: 1 } }
`;
}
