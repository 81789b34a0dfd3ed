// What is legal and probably not meant. `check` prints these; nothing else changes.

import type { PolicySettings, Settings } from '../core/settings.ts';
import { TenantTable } from '../policy/tenants.ts';
import { type Machine, effectiveTunnels, tunnelsPerCarrier } from './capacity.ts';
import type { Report } from './problem.ts';

/** AWS IoT drops a client after 1.5 times its keep-alive of at most 1,200 s; the proxy must not be quicker (developer guide, MQTT). */
const MQTT_SILENCE_MS = 1_800_000;
/** Two directions of a chunk read and a chunk waiting, 64 KiB each (proxy/tunnel/node-relay.ts). */
const NODE_TUNNEL_BYTES = 256 * 1024;
/** WebSocket sessions with SigV4 last up to 24 h. */
const WEBSOCKET_AGE_MS = 86_400_000;

export function warnOfSettings(settings: Settings, machine: Machine, report: Report): void {
  const { limits, carriers } = settings;
  if (limits.idleMs < MQTT_SILENCE_MS) {
    report.warning(['limits', 'idle'], 'shorter than the 30m for which an MQTT session on AWS may be silent: healthy sessions will be cut');
  }
  if (limits.maxAgeMs !== null && limits.maxAgeMs < WEBSOCKET_AGE_MS) {
    report.warning(['limits', 'maxAge'], 'shorter than the 24h that a WebSocket session on AWS lasts: healthy sessions will be cut');
  }
  const held = effectiveTunnels(limits.tunnels, carriers, machine);
  if (held < limits.tunnels) {
    report.warning(
      ['limits', 'tunnels'],
      `${limits.tunnels} tunnels do not fit: ${carriers} carriers of ${machine.nofile} descriptors hold ${tunnelsPerCarrier(machine)} each, ${held} in all`,
    );
  }
  warnOfDrain(settings, report);
  for (const [index, { proxyProtocolTrust }] of settings.listeners.entries()) {
    if (proxyProtocolTrust?.some(isEverything)) {
      report.warning(
        ['listen', index, 'proxyProtocol', 'trust'],
        'everybody is trusted to say for whom they speak: sources mean nothing then',
      );
    }
  }
  for (const name of new Set(settings.hosts.filter(({ accept }) => accept.some(isEverything)).map(({ endpoint }) => endpoint))) {
    report.warning(['endpoints'], `${name} accepts every address: private ones are dialled too`);
  }
  if (limits.perTunnelBufferBytes < NODE_TUNNEL_BYTES) {
    report.warning(['limits', 'perTunnelBuffer'], 'less than the 256KiB that the node relay engine may hold: that much it may be');
  }
  if (settings.hosts.length === 0) report.warning(['endpoints'], 'the list is empty: everything is refused');
  if (settings.gateways.length > 0 && !settings.listeners.some(({ doors }) => doors.includes('gateway'))) {
    report.warning(['gateway'], 'no listener has the door gateway');
  }
  warnOfPolicy(settings.policy, report);
  warnOfTenants(settings, report);
}

function warnOfDrain({ limits, drain }: Settings, report: Report): void {
  const fullS = limits.tunnels / drain.rate;
  const deadlineS = drain.deadlineMs / 1_000;
  if (fullS <= deadlineS) return;
  const needed = `drain.rate ${drain.rate} closes ${limits.tunnels} tunnels in ${Math.ceil(fullS / 60)}m`;
  report.warning(
    ['drain', 'deadline'],
    `${needed}: a full node is closed at ${Math.ceil(limits.tunnels / deadlineS)} a second to be done by then`,
  );
}

function isEverything(range: string): boolean {
  return range.endsWith('/0');
}

function warnOfTenants({ tenants, listeners, probe, tls }: Settings, report: Report): void {
  if (tenants === null) {
    if (probe?.login) report.warning(['probe', 'login'], 'without effect: there are no tenants');
    return;
  }
  const table = TenantTable.of(tenants);
  const at = report.isWritten(['tenants']) ? ['tenants'] : ['tenantsFile'];
  if (table.size === 0) report.warning(at, 'the list is empty: nobody may use the node');
  const hasTlsDoor = listeners.some(({ doors }) => doors.includes('connect-tls'));
  if (table.hasTokens && !hasTlsDoor) report.warning(at, 'tokens without the door connect-tls: they travel in clear');
  if (tls?.clients?.isRequired === true && probe !== null) {
    report.warning(['tls', 'clientCertificates'], 'the probe has no certificate: it does not try the doors that require one');
  }
  if (probe !== null) warnOfProbe(probe.login, table, report);
}

/** A probe that is not let in says nothing about the way to AWS. */
function warnOfProbe(login: string | null, table: TenantTable, report: Report): void {
  if (login === null) {
    report.warning(['probe'], 'no login: where tenants are known by more than their sources the probe is refused, and tells nothing');
    return;
  }
  const [user = ''] = login.split(':', 1);
  if (table.byToken(user, Buffer.from(login.slice(user.length + 1))) === null)
    report.warning(['probe', 'login'], 'of no tenant, or with a token that is not its own: the probe is refused, and tells nothing');
}

function warnOfPolicy(policy: PolicySettings, report: Report): void {
  if (policy.sni === 'off' && policy.alpn === 'off') {
    report.warning(['policy', 'sni'], 'sni and alpn are both off: nothing is peeked at, and a tunnel may carry any bytes');
  }
  for (const key of ['sni', 'alpn', 'address'] as const) {
    if (policy[key] !== 'enforce') report.warning(['policy', key], `${policy[key]}, not enforce: this check refuses nothing`);
  }
  if (policy.allowMissingSni)
    report.warning(['policy', 'allowMissingSni'], 'without a server name AWS picks the account by the device’s certificate');
}
