// The command line of the agent: text to settings, or every problem at once. Opens nothing: files are read by main.ts.

import { isIP } from 'node:net';
import { DOORS, type Door } from './doors.ts';
import { parseProxies, type ProxyUrl } from './proxy-url.ts';
import {
  filesOf,
  halfPairs,
  type ListPlace,
  type ParsedOptions,
  readFlags,
  readListPlace,
  SHARED_FILES,
  SHARED_FLAGS,
  type SharedFile,
  textOf,
} from './shared-options.ts';
import { regionOf } from './sigv4.ts';

export interface AgentOptions {
  readonly door: Door;
  readonly proxies: readonly ProxyUrl[];
  readonly gateway: string | null;
  /** Where the signed list of addresses is, and where it is kept; null where --proxy alone says what to dial. */
  readonly addresses: AddressesOption | null;
  readonly endpoint: string;
  readonly port: number;
  readonly files: { readonly [name in SharedFile]: string | null };
  readonly thing: string | null;
  readonly roleAlias: string | null;
  readonly credentialsEndpoint: string | null;
  readonly region: string | null;
  readonly clientId: string | null;
  readonly topic: string;
  readonly message: string;
  /** 0: for ever. */
  readonly count: number;
  readonly intervalMs: number;
  /** Failed attempts in a row after which the agent gives up; 0: never. */
  readonly attempts: number;
  readonly keepAliveSeconds: number;
  readonly isJson: boolean;
}

export interface AddressesOption {
  readonly source: ListPlace;
  /** Null: the usual place. */
  readonly cache: string | null;
}

export const FLAGS = {
  ...SHARED_FLAGS,
  port: { type: 'string', default: '443' },
  topic: { type: 'string' },
  message: { type: 'string', default: 'Hello from Pinhole' },
  count: { type: 'string', default: '10' },
  interval: { type: 'string', default: '1' },
  attempts: { type: 'string', default: '0' },
  'keep-alive': { type: 'string', default: '60' },
  door: { type: 'string' },
  'addresses-cache': { type: 'string' },
} as const;

export const USAGE = `usage: ./pinhole agent --proxy URL --endpoint HOST --cert FILE --key FILE [...]

Connects a device to AWS IoT Core through the proxy, publishes messages and prints what comes back.
With --role-alias and --credentials-endpoint: temporary credentials, then MQTT over WebSocket with SigV4.
Without: MQTT with the device certificate.

  --endpoint HOST              data endpoint (describe-endpoint iot:Data-ATS)
  --port N                     443 (default); 8883 for MQTT with the device certificate
  --cert FILE, --key FILE      device certificate and its key (PEM)
  --ca FILE                    roots for AWS IoT instead of the public ones
  --thing NAME                 thing name; also the client id unless --client-id is given
  --role-alias NAME            role alias
  --credentials-endpoint HOST  credential provider (describe-endpoint iot:CredentialProvider)
  --region NAME                needed only where the endpoint's name does not carry it
  --client-id ID
  --topic NAME                 default: test/topic, as in AWS's samples
  --message TEXT               what to publish, numbered
  --count N                    messages to publish; 0: for ever (default 10)
  --interval SECONDS           between messages (default 1)
  --attempts N                 give up after so many failures in a row; 0: never (default)
  --keep-alive SECONDS         of MQTT, 30 to 1200 (default 60)

  --proxy URL                  http://HOST:PORT or https://[TENANT:TOKEN@]HOST:PORT; repeat it, or separate
                               by commas: every published address is tried in turn
  --door NAME                  connect, connect-tls, sni or gateway (default: connect for http, connect-tls for https)
  --gateway NAME               the gateway's name, where it is not the name in --proxy
  --proxy-ca FILE              roots for the proxy's own certificate instead of the public ones
  --proxy-cert, --proxy-key    client certificate for the proxy
  --addresses FILE|URL         the signed list of the proxy's addresses, which then stands for DNS; the name in --proxy stays
                               that of the proxy's certificate
  --addresses-key FILE         the public key that signs it, or several in one file
  --addresses-cache FILE       where the last good list is kept (default: in the user's cache folder)
  --json                       one JSON object a line
  --help
`;

export function parseOptions(args: readonly string[]): ParsedOptions<AgentOptions> {
  const read = readFlags(args, FLAGS);
  if (!read.ok) return { kind: 'problems', problems: [read.problem] };
  const { values } = read;
  if (values.help) return { kind: 'help' };
  const problems: string[] = [];

  const number = (name: 'port' | 'count' | 'interval' | 'attempts' | 'keep-alive', min: number, max: number): number => {
    const value = Number(values[name]);
    if (!/^[0-9]+(\.[0-9]+)?$/.test(values[name]) || value < min || value > max)
      problems.push(`--${name}: expected a number from ${min} to ${max}, got ${values[name]}`);
    return value;
  };
  const given = (name: keyof typeof values): string | null => textOf(values, name);

  const proxies = parseProxies(values.proxy ?? []);
  if (!proxies.ok) problems.push(...proxies.problems);
  const list = proxies.ok ? proxies.proxies : [];
  if (proxies.ok && list.length === 0) problems.push('--proxy: at least one address of the proxy is needed');

  for (const name of ['endpoint', 'cert', 'key'] as const) if (given(name) === null) problems.push(`--${name}: is needed`);
  const thing = given('thing');
  const options: AgentOptions = {
    door: parseDoor(given('door'), list, problems),
    proxies: list,
    gateway: given('gateway'),
    addresses: parseAddresses(given('addresses'), given('addresses-cache'), problems),
    endpoint: given('endpoint') ?? '',
    port: number('port', 1, 65_535),
    files: filesOf(values, SHARED_FILES),
    thing,
    roleAlias: given('role-alias'),
    credentialsEndpoint: given('credentials-endpoint'),
    region: given('region'),
    clientId: given('client-id'),
    topic: given('topic') ?? 'test/topic',
    message: values.message,
    count: Math.floor(number('count', 0, 1e9)),
    intervalMs: number('interval', 0, 86_400) * 1_000,
    attempts: Math.floor(number('attempts', 0, 1e6)),
    keepAliveSeconds: Math.floor(number('keep-alive', 30, 1_200)),
    isJson: values.json,
  };
  problems.push(...contradictions(options));
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'options', options };
}

function parseDoor(text: string | null, proxies: readonly ProxyUrl[], problems: string[]): Door {
  const door = DOORS.find((name) => name === text);
  if (text !== null && !door) problems.push(`--door: expected ${DOORS.join(', ')}, got ${text}`);
  if (door) return door;
  if (proxies.some((proxy) => proxy.isTls !== proxies[0]?.isTls)) problems.push('--proxy: mixes http:// and https://; give --door');
  return proxies[0]?.isTls ? 'connect-tls' : 'connect';
}

function parseAddresses(text: string | null, cache: string | null, problems: string[]): AddressesOption | null {
  if (text === null && cache !== null) problems.push('--addresses-cache: is for --addresses');
  const source = readListPlace(text, problems);
  return source && { source, cache };
}

function contradictions(options: AgentOptions): string[] {
  const { door, port, roleAlias, credentialsEndpoint, thing, files, endpoint, region, addresses, proxies } = options;
  const found: string[] = [];
  const isSigned = roleAlias !== null || credentialsEndpoint !== null;
  if (isSigned && (roleAlias === null || credentialsEndpoint === null || thing === null)) {
    found.push('--role-alias, --credentials-endpoint and --thing belong together');
  }
  if (isSigned && port !== 443) found.push('--port: MQTT over WebSocket is served on 443 only');
  if (isSigned && endpoint !== '' && regionOf(endpoint) === null && region === null) found.push(`--region: ${endpoint} does not carry one`);
  if (!isSigned && door === 'gateway')
    found.push('--door gateway: needs --role-alias and --credentials-endpoint (it carries WebSockets only)');
  if (door === 'sni' && port !== 443) found.push('--door sni: reaches port 443 only');
  if ((addresses === null) !== (files['addresses-key'] === null)) found.push('--addresses and --addresses-key belong together');
  if (addresses !== null && proxies.length > 1) found.push('--addresses: stands for the addresses of one --proxy; give its name alone');
  if (addresses !== null && proxies.some(({ host }) => isIP(host) !== 0))
    found.push('--addresses: --proxy has to be the name that the list is for, not an address');
  found.push(...halfPairs(files));
  return found;
}
