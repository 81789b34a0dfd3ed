// The doctor's command line: text to options, or every problem at once. Opens nothing.

import { isIP } from 'node:net';
import { DOORS, type Door } from '../doors.ts';
import { parseProxies, type ProxyUrl } from '../proxy-url.ts';
import {
  filesOf,
  halfPairs,
  type ListPlace,
  type ParsedOptions,
  readFlags,
  readListPlace,
  SHARED_FILES,
  SHARED_FLAGS,
  textOf,
} from '../shared-options.ts';
import { regionOf } from '../sigv4.ts';
import { isServer } from './name-server.ts';

export interface DoctorOptions {
  readonly proxies: readonly ProxyUrl[];
  /** Null: the name in --proxy, or the list's. */
  readonly proxyName: string | null;
  readonly list: ListPlace | null;
  readonly doors: readonly Door[];
  readonly wantedDoors: readonly Door[];
  readonly gateway: string | null;
  readonly endpoint: string;
  readonly files: { readonly [name in FileOption]: string | null };
  readonly clientId: string | null;
  readonly role: {
    readonly credentialsEndpoint: string;
    readonly roleAlias: string;
    readonly thing: string;
    readonly region: string;
  } | null;
  /** `ADDRESS` or `ADDRESS:PORT`; null: as this machine asks. */
  readonly dns: string | null;
  readonly idleMs: number | null;
  readonly isJson: boolean;
}

export const FILE_OPTIONS = [...SHARED_FILES, 'login'] as const;
export type FileOption = (typeof FILE_OPTIONS)[number];

const FLAGS = {
  ...SHARED_FLAGS,
  'proxy-name': { type: 'string' },
  login: { type: 'string' },
  door: { type: 'string', multiple: true },
  dns: { type: 'string' },
  idle: { type: 'string' },
} as const;

/** MQTT itself speaks after 20 minutes, and the test is of silence. */
const IDLE_MAX_MS = 19 * 60_000;

export const USAGE = `usage: pinhole doctor --endpoint HOST (--addresses FILE|URL | --proxy HOST[:PORT] ...) [...]

Looks from where it runs at every address and every door of the proxy, up to AWS IoT and back, and says for what fails who has to
mend it, with the sentence to send them. Changes nothing, and prints nothing secret.

  --endpoint HOST              data endpoint of AWS IoT (describe-endpoint iot:Data-ATS)
  --addresses FILE             the operator's signed list of addresses; a URL too
  --addresses-key FILE         the public key that signs it; without it the list is taken on trust
  --proxy HOST                 HOST[:PORT], or https://[TENANT:TOKEN@]HOST[:PORT], instead of a list; 443 unless said. Repeat it for several
  --proxy-name NAME            the name in the proxy's certificate, where --proxy is an address
  --login FILE                 a file with TENANT:TOKEN, so that no token is on a command line
  --door NAME                  connect, connect-tls, sni or gateway; repeat it for several (default: all, and one that is not there is no fault)
  --gateway NAME               the gateway's name; without it that door is left out
  --proxy-ca FILE              roots for the proxy's own certificate instead of the public ones
  --proxy-cert FILE            client certificate for the proxy
  --proxy-key FILE             its key
  --ca FILE                    roots for AWS IoT instead of Amazon's
  --dns SERVER                 ask this name server (ADDRESS[:PORT]), as the devices do

With the device's own:
  --cert FILE                  device certificate (PEM)
  --key FILE                   its key
  --client-id ID               of the MQTT session (default: the thing's name). A device that is connected with it loses its session for a moment
  --credentials-endpoint HOST  credential provider (describe-endpoint iot:CredentialProvider)
  --role-alias NAME            role alias
  --thing NAME                 thing name
  --region NAME                only where the endpoint's name does not carry it
  --idle DURATION              hold a silent session for so long: 30s, 10m; 19m at most

  --json                       one JSON object
  -h, --help                   this

Exit codes: 0 all good, 1 something to mend, 64 wrong command line or files.
`;

export function parseDoctorOptions(args: readonly string[]): ParsedOptions<DoctorOptions> {
  const read = readFlags(args, FLAGS);
  if (!read.ok) return { kind: 'problems', problems: [read.problem] };
  const { values } = read;
  if (values.help) return { kind: 'help' };

  const problems: string[] = [];
  const given = (name: keyof typeof values): string | null => textOf(values, name);
  const proxies = parseProxies((values.proxy ?? []).flatMap((text) => text.split(',')).map(withScheme));
  if (!proxies.ok) problems.push(...proxies.problems);
  const wantedDoors = readDoors(values.door ?? [], problems);
  const gateway = given('gateway');
  const options: DoctorOptions = {
    proxies: proxies.ok ? proxies.proxies : [],
    proxyName: given('proxy-name'),
    list: readListPlace(given('addresses'), problems),
    doors: (wantedDoors.length > 0 ? wantedDoors : DOORS).filter((door) => door !== 'gateway' || gateway !== null),
    wantedDoors,
    gateway,
    endpoint: given('endpoint') ?? '',
    files: filesOf(values, FILE_OPTIONS),
    clientId: given('client-id') ?? given('thing'),
    role: null,
    dns: given('dns'),
    idleMs: readIdle(given('idle'), problems),
    isJson: values.json,
  };
  const role = readRole({ ...values }, options.endpoint, problems);
  problems.push(...contradictions(options, proxies.ok));
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'options', options: { ...options, role } };
}

/** `HOST` alone is what a firewall admin types: plain, on 443, whatever the scheme’s own port is. */
function withScheme(text: string): string {
  const { scheme = 'http://', rest = '' } = /^(?<scheme>https?:\/\/)?(?<rest>.*?)\/?$/i.exec(text.trim())?.groups ?? {};
  const host = isIP(rest) === 6 ? `[${rest}]` : rest;
  return /:[0-9]+$/.test(host) ? `${scheme}${host}` : `${scheme}${host}:443`;
}

function readDoors(texts: readonly string[], problems: string[]): Door[] {
  const names = texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  for (const name of names) if (!DOORS.some((door) => door === name)) problems.push(`--door: expected ${DOORS.join(', ')}, got ${name}`);
  return DOORS.filter((door) => names.includes(door));
}

function readIdle(text: string | null, problems: string[]): number | null {
  if (text === null) return null;
  const [, digits, unit] = /^([0-9]{1,4})(s|m)$/.exec(text) ?? [];
  const ms = Number(digits) * (unit === 'm' ? 60_000 : 1_000);
  if (ms > 0 && ms <= IDLE_MAX_MS) return ms;
  problems.push(`--idle ${text}: expected a time such as 30s or 10m, 19m at most`);
  return null;
}

type RoleWords = Readonly<Partial<Record<'credentials-endpoint' | 'role-alias' | 'thing' | 'region', string | undefined>>>;

function readRole(words: RoleWords, endpoint: string, problems: string[]): DoctorOptions['role'] {
  const { 'credentials-endpoint': credentialsEndpoint, 'role-alias': roleAlias, thing } = words;
  if (!credentialsEndpoint && !roleAlias) return null;
  if (!credentialsEndpoint || !roleAlias || !thing) {
    problems.push('--credentials-endpoint, --role-alias and --thing belong together');
    return null;
  }
  const region = words.region ?? regionOf(endpoint);
  if (region !== null) return { credentialsEndpoint, roleAlias, thing, region };
  problems.push(`--region: ${endpoint} does not carry one`);
  return null;
}

function contradictions(options: DoctorOptions, areProxiesGood: boolean): string[] {
  const { proxies, list, endpoint, files, wantedDoors, gateway, idleMs, clientId, role, dns } = options;
  const found: string[] = [];
  if (dns !== null && !isServer(dns)) found.push(`--dns ${dns}: expected the address of a name server`);
  if (endpoint === '') found.push('--endpoint: is needed');
  if (areProxiesGood && proxies.length === 0 && list === null) found.push('--addresses or --proxy: one of them is needed');
  if (files['addresses-key'] !== null && list === null) found.push('--addresses-key: is for --addresses');
  found.push(...halfPairs(files));
  if (wantedDoors.includes('gateway') && gateway === null) found.push('--door gateway: needs --gateway');
  if (files.cert === null && (role !== null || idleMs !== null)) found.push('--idle and --credentials-endpoint need --cert and --key');
  if (files.cert !== null && clientId === null) found.push('--client-id: is needed with --cert, or --thing');
  return found;
}
