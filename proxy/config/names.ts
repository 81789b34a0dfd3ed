// Names of ours: they must not be endpoints too, or nobody could say whose a ClientHello is.

import type { PlacedHost } from './endpoints.ts';
import type { OurTls } from './certificate.ts';
import type { Draft } from './draft.ts';
import type { Report } from './problem.ts';

export function refuseSharedNames(draft: Draft, hosts: readonly PlacedHost[], tls: OurTls | null, report: Report): void {
  const ours = new Map<string, string>();
  for (const name of tls?.settings.names ?? draft.tls?.entry.names ?? []) {
    ours.set(name, tls?.namesFrom === 'certificate' ? 'in the certificate; set tls.names to leave it out' : 'in tls.names');
  }
  for (const { entry } of draft.gateway) if (entry.name !== undefined) ours.set(entry.name, 'under gateway');
  for (const { listed, at } of hosts) {
    const where = ours.get(listed.host);
    if (where !== undefined) report.problem(at, `${listed.host} is a name of ours too (${where})`);
  }
}
