// What a file means for a node that runs by an earlier one: which keys only a start takes, which others are different, and the settings that
// the node goes on with.

import { renderAddress } from '../core/address.ts';
import type { AtStartSettings, Settings, TenantsSettings } from '../core/settings.ts';
import type { AtStartChange } from '../core/supervision.ts';
import { assignPlaces } from '../policy/tenant-places.ts';

export function atStartChanges(running: AtStartSettings, wanted: AtStartSettings): AtStartChange[] {
  const changes: AtStartChange[] = [];
  const compare = (key: string, before: string, after: string): void => {
    if (before !== after) changes.push({ key, running: before, wanted: after });
  };
  compare('listen', entries(running.listen), entries(wanted.listen));
  for (const [index, after] of changes.length > 0 ? [] : wanted.listen.entries()) {
    const before = running.listen[index] ?? after;
    const at = `listen[${index}]`;
    compare(`${at}.address`, address(before), address(after));
    compare(`${at}.doors`, listed(before.doors, 'the default'), listed(after.doors, 'the default'));
    compare(`${at}.backlog`, String(before.backlog), String(after.backlog));
    compare(`${at}.proxyProtocol.trust`, listed(before.proxyProtocolTrust, 'off'), listed(after.proxyProtocolTrust, 'off'));
  }
  compare('carriers', String(running.carriers), String(wanted.carriers));
  compare('relay', running.relay, wanted.relay);
  compare('runtime', running.runtime, wanted.runtime);
  compare('tls.clientCa', presence(running.clientCa), presence(wanted.clientCa));
  compare('health.address', address(running.health), address(wanted.health));
  compare('admin.address', address(running.admin), address(wanted.admin));
  return changes;
}

/** A node of a version that knew no client certificates asks for none. */
function presence(isThere: boolean | undefined): string {
  return isThere === true ? 'given' : 'absent';
}

function entries(list: readonly unknown[]): string {
  return list.length === 1 ? '1 entry' : `${list.length} entries`;
}

function address({ host, port }: { readonly host: string; readonly port: number }): string {
  return renderAddress({ address: host, port });
}

function listed(items: readonly string[] | null, none: string): string {
  return items?.join(', ') ?? none;
}

/** The file's settings with what the start made of the others: bound ports, the number of carriers, the engine that was chosen. */
export function settingsBeside(running: Settings, wanted: Settings): Settings {
  return {
    ...wanted,
    runtime: running.runtime,
    listeners: wanted.listeners.map((listener, index) => ({ ...listener, port: running.listeners[index]?.port ?? listener.port })),
    tenants: wanted.tenants && withPlacesOf(running.tenants, wanted.tenants),
    carriers: running.carriers,
    relay: running.relay,
    health: running.health,
    admin: { ...wanted.admin, host: running.admin.host, port: running.admin.port },
  };
}

/** Whoever is counted already goes on in the same place. */
function withPlacesOf(running: TenantsSettings | null | undefined, { list, places }: TenantsSettings): TenantsSettings {
  const wanted = places === '' ? [] : places.split('\n');
  const before = running?.places ? running.places.split('\n') : [];
  return { list, places: assignPlaces(wanted, before).join('\n') };
}

/** Keys of the file by the parts of Settings that they become. A listener's doors may follow from the rest of the file. */
const KEY_OF = {
  node: 'node',
  listeners: 'listen[].doors',
  tls: 'tls',
  hosts: 'endpoints',
  gateways: 'gateway',
  tenants: 'tenants',
  policy: 'policy',
  resolve: 'resolve',
  limits: 'limits',
  timeouts: 'timeouts',
  drain: 'drain',
  probe: 'probe',
  admin: 'admin',
  addresses: 'addresses',
  log: 'log',
} as const satisfies Partial<Record<keyof Settings, string>>;

/** Keys whose values are different in what the node goes on with. */
export function changedKeys(running: Settings, next: Settings): string[] {
  return (Object.keys(KEY_OF) as (keyof typeof KEY_OF)[])
    .filter((part) => JSON.stringify(saidIn(running, part)) !== JSON.stringify(saidIn(next, part)))
    .map((part) => KEY_OF[part]);
}

/** Without what a node makes of it by itself. */
function saidIn(settings: Settings, part: keyof typeof KEY_OF): unknown {
  return part === 'tenants' ? (settings.tenants?.list ?? null) : settings[part];
}
