// One broken world on top of a site: boxes at its addresses, a name server, a list, and the doctor's command line for it.

import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DnsServer, startDns } from '../route53/dns/server.ts';
import { GATEWAY, PROXY } from '../world/config-file.ts';
import { HOST } from '../world/ports.ts';
import { startBlackHole } from './black-hole.ts';
import { type Break, type BreakName, breakOf } from './breaks.ts';
import { type Box, passAll, startBox } from './passage.ts';
import type { Site } from './site.ts';
import { startSiteProxy } from './site-proxy.ts';
import { signList } from './signed-list.ts';

export interface BrokenWorld {
  /** Of `pinhole doctor`. */
  readonly flags: readonly string[];
  /** What the environment says besides. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface WorldInput {
  readonly site: Site;
  readonly name: BreakName;
  readonly addresses: readonly string[];
  /** In place of what the table says. */
  readonly differs?: Partial<Break>;
}

export async function startBrokenWorld({ site, name, addresses, differs }: WorldInput): Promise<BrokenWorld> {
  const broken: Break = { ...breakOf(name), ...differs };
  const { dns: lie, hasSiteProxy, aheadMs = 0 } = broken;
  const started: { stop(): Promise<void> }[] = [];
  const keep = <T extends { stop(): Promise<void> }>(each: T): T => {
    started.push(each);
    return each;
  };
  const stop = async (): Promise<void> => {
    site.setAheadMs(0);
    await Promise.all(started.map((each) => each.stop()));
  };
  try {
    for (const [index, address] of addresses.entries()) {
      const box = await startAt(site, broken, address, index === addresses.length - 1);
      if (box !== null) keep(box);
    }
    const server = keep(await startNames(lie === undefined ? addresses : [lie]));
    const env: Record<string, string> = hasSiteProxy ? { HTTPS_PROXY: keep(await startSiteProxy(site.proxyPort)).url } : {};
    site.setAheadMs(aheadMs);
    return { flags: renderFlags({ site, name, addresses }, broken, server), env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAt(site: Site, { box, isAtOne }: Break, host: string, isLast: boolean): Promise<Box | null> {
  const at = { host, port: site.sitePort };
  const behave = box === undefined || (isAtOne && !isLast) ? passAll : box(site);
  if (behave === 'refused') return null;
  return behave === 'silent' ? await startBlackHole(at) : await startBox(at, site.proxyPort, behave);
}

function startNames(addresses: readonly string[]): Promise<DnsServer> {
  const name = `${PROXY}.`;
  const zone = { name, records: [{ name, type: 'A', ttl: 60, values: addresses }] };
  return startDns(() => ({ zones: [zone], isHealthy: () => true, random: Math.random }), HOST, 0);
}

function renderFlags({ site, name, addresses }: WorldInput, broken: Break, server: DnsServer): string[] {
  const { aws } = site.place;
  const folder = join(site.folder, name);
  mkdirSync(folder, { recursive: true });
  const list = signList({ host: PROXY, port: site.sitePort, addresses, nowMs: Date.now() });
  const [listFile, keyFile] = [join(folder, 'addresses.json'), join(folder, 'list.key.pub')];
  writeFileSync(listFile, list.text);
  writeFileSync(keyFile, list.publicKey);
  const flags: Readonly<Record<string, string | null>> = {
    '--endpoint': aws.data.host,
    '--addresses': listFile,
    '--addresses-key': keyFile,
    '--login': site.logins.good,
    '--gateway': GATEWAY,
    '--proxy-ca': site.proxyCa,
    '--ca': aws.files.ca,
    '--dns': `${HOST}:${server.port}`,
    ...(broken.hasDevice && deviceFlags(site, name)),
    ...broken.flags?.(site),
  };
  return Object.entries(flags).flatMap(([flag, value]) => (value === null ? [] : [flag, value]));
}

function deviceFlags({ place: { aws } }: Site, name: BreakName): Readonly<Record<string, string>> {
  return {
    '--cert': aws.files.deviceCertificate,
    '--key': aws.files.deviceKey,
    '--credentials-endpoint': aws.credentials.host,
    '--role-alias': aws.roleAlias,
    '--thing': aws.thing,
    // The stand-in’s policies allow it, and no world takes over another’s session.
    '--client-id': `test-${name}`,
  };
}
