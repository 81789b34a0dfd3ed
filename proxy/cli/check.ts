// `check`: is this file right, and what does it allow? Opens nothing and changes nothing.

import { parseList } from '../addresses/list.ts';
import { effectiveTunnels } from '../config/capacity.ts';
import { type Problem, renderProblem } from '../config/load.ts';
import type { Door, ListedHost, Settings } from '../core/settings.ts';
import { countLines } from '../policy/tenant-text.ts';
import { SNI_DOOR_PORT } from '../policy/sni-route.ts';
import { textOf } from './arguments.ts';
import { CHECK } from './commands/node-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { type CliIo, EXIT_OK, EXIT_USAGE } from './io.ts';
import { readConfig } from './read-config.ts';
import { renderTable } from './table.ts';

export function runCheck(args: readonly string[], io: CliIo): number {
  const read = readCommand(CHECK, args, io);
  if (typeof read === 'number') return read;
  const file = textOf(read.values, 'config');
  if (file === undefined) return usageError('-c FILE is missing', io);

  const isJson = read.values['json'] === true;
  const config = readConfig(file, io);
  if (!config.ok) {
    if (isJson) io.stdout(`${JSON.stringify({ ok: false, problems: config.problems })}\n`);
    return EXIT_USAGE;
  }
  const tunnels = effectiveTunnels(config.settings.limits.tunnels, config.settings.carriers, io.machine);
  const fits = tunnels === config.settings.limits.tunnels;
  const isGood = fits || read.values['strict'] !== true;
  const summary = summarise(config.settings, tunnels, config.warnings);
  io.stdout(isJson ? `${JSON.stringify({ ok: isGood, ...summary })}\n` : renderSummary(file, summary));
  if (isGood) return EXIT_OK;
  io.stderr(`${file}: --strict: ${config.settings.limits.tunnels} tunnels do not fit into the descriptors of this machine\n`);
  return EXIT_USAGE;
}

function usageError(why: string, io: CliIo): number {
  io.stderr(`pinhole check: ${why}\n`);
  return EXIT_USAGE;
}

/** What an operator wants to see of Settings; no key, no token. */
function summarise(settings: Settings, effective: number, warnings: readonly Problem[]) {
  const { limits, carriers, relay, policyVersion, runtime, health, gateways, listeners } = settings;
  return {
    policyVersion,
    hosts: settings.hosts.map((listed) => ({ ...listed, doors: doorsTo(listed, settings) })),
    gateways: gateways.map(({ name, endpoint, target }) => ({ name, endpoint, target })),
    names: settings.tls?.names ?? [],
    listeners,
    carriers,
    relay,
    tunnels: { configured: limits.tunnels, effective },
    addresses: publishedIn(settings),
    tenants: settings.tenants && countLines(settings.tenants.list),
    revoked: settings.policy.revoked,
    runtime,
    health,
    admin: { host: settings.admin.host, port: settings.admin.port, hasToken: settings.admin.token !== null },
    warnings,
  };
}
type Summary = ReturnType<typeof summarise>;

/** The address list that the file names; null where it names none. */
function publishedIn({ addresses }: Settings) {
  const parsed = addresses === null ? null : parseList(addresses.text);
  if (!parsed?.ok) return null;
  const { fleet, proxy, issued, expires, addresses: entries } = parsed.list;
  return { fleet, proxy, issued, expires, addresses: entries };
}

/** Doors of any listener through which an agent can reach this host. */
function doorsTo(listed: ListedHost, settings: Settings): Door[] {
  const open = new Set(settings.listeners.flatMap(({ doors }) => doors));
  const leads: Readonly<Record<Door, boolean>> = {
    connect: true,
    'connect-tls': true,
    sni: listed.ports.includes(SNI_DOOR_PORT),
    gateway: settings.gateways.some(({ target }) => target.host === listed.host),
  };
  return [...open].filter((door) => leads[door]);
}

function renderSummary(file: string, summary: Summary): string {
  const hosts = summary.hosts.map((host) => [
    host.endpoint,
    host.kind,
    host.anyAccount ? `${host.host} (and any other account’s)` : host.host,
    host.ports.join(', '),
    host.doors.join(', '),
    host.accept.length > 0 ? `also ${host.accept.join(', ')}` : '',
  ]);
  const listeners = summary.listeners.map(({ name, doors, proxyProtocolTrust }) => [
    name,
    doors.join(', '),
    proxyProtocolTrust === null ? '' : `PROXY header from ${proxyProtocolTrust.join(', ')}`,
  ]);
  const gateways = summary.gateways.map(({ name, target }) => [name, `${target.host}:${target.port}`]);
  const { effective, configured } = summary.tunnels;
  const published = summary.addresses?.addresses.map(({ slot, address, state, date = '' }) => [slot, address, state, date]);
  const sections = [
    `${file} is good; policy version ${summary.policyVersion}`,
    hosts.length === 0
      ? 'Allow list: empty, everything is refused'
      : `Allow list\n${renderTable([['endpoint', 'kind', 'host', 'ports', 'doors', ''], ...hosts])}`,
    `Listeners\n${renderTable(listeners)}`,
    ...(gateways.length > 0 ? [`Gateways\n${renderTable(gateways)}`] : []),
    ...(published ? [`Address list of ${summary.addresses?.fleet}, until ${summary.addresses?.expires}\n${renderTable(published)}`] : []),
    `Tenants: ${summary.tenants === null ? 'none are named, anyone who comes may use the list' : `${summary.tenants}, and nobody else`}`,
    `Carriers ${summary.carriers}, relay ${summary.relay}, tunnels at most ${effective}${effective < configured ? ` (of ${configured} asked for)` : ''}`,
    ...(summary.warnings.length > 0
      ? [`Warnings\n${summary.warnings.map((warning) => `  ${renderProblem(file, warning)}`).join('\n')}`]
      : []),
  ];
  return `${sections.join('\n\n')}\n`;
}
