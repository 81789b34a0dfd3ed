// One run of the doctor, from options to a verdict. For main.ts, and for whoever runs it in a program.

import { parseKeys } from '../address-list.ts';
import { AddressBook } from '../addresses.ts';
import type { Clock } from '../clock.ts';
import type { ProxyTls } from '../doors.ts';
import type { ListSource } from '../list-keeper.ts';
import { fileSource, urlSource } from '../list-source.ts';
import { findAddresses } from './addresses.ts';
import { examine } from './examine.ts';
import type { Texts } from './files.ts';
import { reach, type Verdict } from './findings.ts';
import { lookAtEnvironment, siteProxyIn } from './look-at-name.ts';
import { askServer } from './name-server.ts';
import type { DoctorOptions } from './options.ts';
import { type Plan, SMALL_GROUPS } from './plan.ts';

export interface DiagnoseDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As this machine asks. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly readFile: (path: string) => string;
}

export async function diagnose(options: DoctorOptions, texts: Texts, deps: DiagnoseDeps): Promise<Verdict> {
  const { clock } = deps;
  const lookup = options.dns === null ? deps.lookup : askServer(options.dns);
  const proxyTls = { ca: texts['proxy-ca'], cert: texts['proxy-cert'], key: texts['proxy-key'], groups: SMALL_GROUPS };
  const found = await findAddresses({
    source: sourceOf(options, proxyTls, { ...deps, lookup }),
    keys: texts['addresses-key'] === undefined ? null : parseKeys(texts['addresses-key']),
    proxies: options.proxies,
    proxyName: options.proxyName,
    authorization: texts.login === undefined ? null : `Basic ${Buffer.from(texts.login.trim(), 'utf8').toString('base64')}`,
    ...{ lookup, clock },
  });
  const { proxyHost, addresses } = found;
  const siteProxy = siteProxyIn(deps.env, [proxyHost, ...addresses.map(({ address }) => address)]);
  const question = { proxyHost, endpoint: options.endpoint, wantedDoors: options.wantedDoors, hasOwnRoots: texts.ca !== undefined };
  const { doors, gateway, endpoint, idleMs } = options;
  const plan: Plan = {
    addresses,
    doors,
    gateway,
    endpoint,
    ca: texts.ca,
    proxyTls,
    device: deviceOf(options, texts),
    siteProxy,
    idleMs,
    question,
  };
  return reach([...found.sights, lookAtEnvironment(siteProxy), ...(await examine(plan, clock))], question);
}

function deviceOf({ clientId, role }: DoctorOptions, { cert, key }: Texts): Plan['device'] {
  return cert === undefined || key === undefined || clientId === null ? null : { cert, key, clientId, role };
}

function sourceOf({ list }: DoctorOptions, proxyTls: ProxyTls, deps: DiagnoseDeps): ListSource | null {
  if (list === null) return null;
  if ('file' in list) return fileSource(list.file, deps.readFile);
  const { clock, random, lookup } = deps;
  const book = new AddressBook([{ ...list.url, authorization: null }], { clock, random, lookup });
  // The signature counts and not the way; a client certificate is the proxy's business alone.
  return urlSource(list.url, { book, tls: { ...proxyTls, cert: undefined, key: undefined }, clock });
}
