// A configuration file's text to Settings, or to every problem in it. Opens nothing: files it names come through `readFile`, the
// environment and the machine by argument.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { AtStartSettings, GatewaySettings, ListenerSettings, ResolvePin, Settings, TenantsSettings } from '../core/settings.ts';
import type { TenantEntry } from '../core/tenant.ts';
import { assignPlaces } from '../policy/tenant-places.ts';
import { writeTenants } from '../policy/tenant-text.ts';
import { type Published, readAddresses, warnOfOtherNode } from './addresses.ts';
import { autoCarriers, type Machine, tunnelsPerCarrier } from './capacity.ts';
import { type OurTls, readTls, warnOfUncoveredNames } from './certificate.ts';
import { type Environment, readDocument } from './document.ts';
import { draftOf } from './draft.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { Files } from './files.ts';
import { readGateways } from './gateways.ts';
import { readListeners, refuseOpenAdmin } from './listeners.ts';
import { refuseSharedNames } from './names.ts';
import { fieldOf } from './part.ts';
import { refuseOwnPeers } from './peers.ts';
import { readPins } from './pins.ts';
import { inOrder, type Problem, Report } from './problem.ts';
import { readStrictly, withoutRepeats } from './read-strictly.ts';
import { type Config, configSchema } from './schema.ts';
import { readLogin, readSecret } from './secret.ts';
import { readTenants } from './tenants.ts';
import { warnOfSettings } from './warnings.ts';

export type { Machine } from './capacity.ts';
export { type Problem, renderProblem } from './problem.ts';

export type Loaded = { readonly settings: Settings; readonly warnings: Problem[] } | { readonly problems: Problem[] };

/** `file` is the path of the text: paths in it are relative to its folder. `nowMs` judges the certificate's dates. */
export function loadConfig(
  text: string,
  file: string,
  env: Environment,
  readFile: (path: string) => string,
  machine: Machine,
  nowMs: number = systemClock.wallMs(),
): Loaded {
  const read = readStrictly(text, env, { schema: configSchema, example: 'listen: and endpoints:' });
  if ('problems' in read) return read;
  const { document, found, value } = read;

  const report = new Report(document);
  const files = new Files(file, readFile, report);
  const parts = readParts(document.value, { files, env, nowMs }, report);
  if (parts.published) warnOfOtherNode(parts.published.list, value?.node.publicAddresses ?? [], report);
  if (value !== null) refuseOwnPeers(value, report);
  const token = readSecret(value?.admin.token, ['admin', 'token'], files, report);
  const login = readLogin(value?.probe?.login, files, report);
  const problems = withoutRepeats(document.problems, [...found, ...report.problems]);
  if (value === null || problems.length > 0) return { problems: inOrder(problems) };

  const settings = settingsOf(value, parts, { runtime: runtimeOf(value.runtime, files, env, machine), token, login, machine, files });
  if (tunnelsPerCarrier(machine) === 0) {
    report.problem(['limits', 'tunnels'], `${machine.nofile} descriptors for a process are too few for a single tunnel: raise LimitNOFILE`);
    return { problems: inOrder(report.problems) };
  }
  warnOfSettings(settings, machine, report);
  return { settings, warnings: inOrder(report.warnings) };
}

interface Parts {
  readonly listeners: readonly ListenerSettings[];
  readonly tls: OurTls | null;
  readonly endpoints: Endpoints;
  readonly gateways: readonly GatewaySettings[];
  readonly pins: readonly ResolvePin[];
  readonly published: Published | null;
  /** Null where anyone may use the node. */
  readonly tenants: readonly TenantEntry[] | null;
}

/** Everything that takes more than one key to judge. */
function readParts(
  value: unknown,
  { files, env, nowMs }: { readonly files: Files; readonly env: Environment; readonly nowMs: number },
  report: Report,
): Parts {
  const draft = draftOf(value);
  const tls = draft.tls ? readTls(draft.tls, files, report, nowMs) : null;
  const endpoints = readEndpoints(draft, files, report);
  refuseSharedNames(draft, endpoints.hosts, tls, report);
  refuseOpenAdmin(draft, report);
  const published = draft.addresses === undefined ? null : readAddresses(draft.addresses, files, report, nowMs);
  if (tls !== null) {
    const written = (draft.tls?.entry.names ?? []).map((name, index) => ({ name, at: ['tls', 'names', index] }));
    const gateways = draft.gateway.flatMap(({ entry: { name } }, index) =>
      name === undefined ? [] : [{ name, at: ['gateway', index, 'name'] }],
    );
    const dialled = published === null ? [] : [{ name: published.list.proxy.host, at: ['addresses'] }];
    warnOfUncoveredNames(tls, [...written, ...gateways, ...dialled], report);
  }
  return {
    listeners: readListeners(draft, report),
    tls,
    endpoints,
    gateways: readGateways(draft, endpoints, report),
    pins: readPins(draft, endpoints, report),
    published,
    tenants: readTenants(draft, endpoints, { files, env }, report),
  };
}

/** The runtime folder that a text names, whatever else is wrong with it, so that the node which runs by it can still be found. */
export function runtimeNamedBy(text: string, file: string, env: Environment, machine: Machine): string {
  const document = readDocument(text, env);
  const written = fieldOf(document.value, 'runtime');
  const files = new Files(file, () => '', new Report(document));
  return runtimeOf(typeof written === 'string' && written !== '' ? written : undefined, files, env, machine);
}

/** systemd gives a list where a unit has several folders; the first is ours. */
function runtimeOf(written: string | undefined, files: Files, env: Environment, machine: Machine): string {
  if (written !== undefined) return files.resolve(written);
  const [fromSystemd = ''] = (env['RUNTIME_DIRECTORY'] ?? '').split(':');
  if (fromSystemd !== '') return fromSystemd;
  const xdg = env['XDG_RUNTIME_DIR'] ?? '';
  return xdg === '' ? `/tmp/pinhole-${machine.uid}` : join(xdg, 'pinhole');
}

function settingsOf(
  config: Config,
  parts: Parts,
  found: {
    readonly runtime: string;
    readonly token: string | null;
    readonly login: string | null;
    readonly machine: Machine;
    readonly files: Files;
  },
): Settings {
  const { limits, timeouts, drain, health, admin, log } = config;
  const carriers = config.carriers === 'auto' ? autoCarriers(limits.tunnels, found.machine) : config.carriers;
  const settings = {
    node: config.node,
    runtime: found.runtime,
    listeners: parts.listeners,
    tls: parts.tls?.settings ?? null,
    hosts: parts.endpoints.hosts.map(({ listed }) => listed),
    gateways: parts.gateways,
    tenants: parts.tenants && tenantsOf(parts.tenants),
    policy: config.policy,
    resolve: { servers: config.resolve.servers, family: config.resolve.family, pins: parts.pins },
    limits: {
      tunnels: limits.tunnels,
      opensPerSecond: limits.opensPerSecond,
      idleMs: limits.idle,
      maxAgeMs: limits.maxAge,
      perTunnelBufferBytes: limits.perTunnelBuffer,
      pending: limits.pending,
      perSource: limits.perSource,
    },
    timeouts: {
      headMs: timeouts.head,
      helloMs: timeouts.hello,
      handshakeMs: timeouts.handshake,
      answerMs: timeouts.answer,
      upgradeMs: timeouts.upgrade,
      halfClosedMs: timeouts.halfClosed,
      proxyHeaderMs: timeouts.proxyHeader,
    },
    drain: { settleMs: drain.settle, rate: drain.rate, deadlineMs: drain.deadline, stopMs: drain.stop },
    carriers,
    relay: config.relay,
    health: { host: health.address.host, port: health.address.port },
    probe: config.probe === null ? null : { ...config.probe, roots: Object.fromEntries(parts.endpoints.roots), login: found.login },
    admin: { host: admin.address.host, port: admin.address.port, token: found.token, names: admin.names, peers: admin.peers },
    addresses: parts.published?.settings ?? null,
    log: { level: log.level, file: log.file === undefined ? null : found.files.resolve(log.file) },
    atStart: atStartOf(config, found.runtime),
  };
  // How many carriers `auto` comes to is the machine's: the same files have the same version.
  const said = { ...settings, carriers: null };
  const policyVersion = createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 12);
  return { ...settings, policyVersion };
}

/** Of a node that begins: one that runs has places already (config/live.ts). */
function tenantsOf(tenants: readonly TenantEntry[]): TenantsSettings {
  const places = assignPlaces(
    tenants.map(({ id }) => id),
    [],
  );
  return { list: writeTenants(tenants), places: places.join('\n') };
}

function atStartOf({ listen, tls, carriers, relay, health, admin }: Config, runtime: string): AtStartSettings {
  return {
    listen: listen.map(({ address: { host, port }, backlog, doors = null, proxyProtocol }) => {
      return { host, port, backlog, doors, proxyProtocolTrust: proxyProtocol?.trust ?? null };
    }),
    carriers,
    relay,
    runtime,
    clientCa: tls?.clientCa !== undefined,
    health: { host: health.address.host, port: health.address.port },
    admin: { host: admin.address.host, port: admin.address.port },
  };
}
