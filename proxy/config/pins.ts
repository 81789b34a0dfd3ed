// Entries under `resolve.pin`: an answer by hand makes sense for a listed name and one of its ports only.

import type { ResolvePin } from '../core/settings.ts';
import { classifyAddress } from '../policy/address-class.ts';
import { HostList } from '../policy/host-list.ts';
import type { Draft } from './draft.ts';
import type { Endpoints } from './endpoints.ts';
import type { ConfigPath, Report } from './problem.ts';

export function readPins(draft: Draft, endpoints: Endpoints, report: Report): ResolvePin[] {
  const list = new HostList(endpoints.hosts.map(({ listed }) => listed));
  const seen = new Set<string>();
  return draft.pins.flatMap(({ entry: { host, port, to } }, index) => {
    const at: ConfigPath = ['resolve', 'pin', index];
    if (host !== undefined && port !== undefined) {
      const listed = list.find(host);
      // With a wrong key under endpoints nobody can tell what would be listed there.
      if (listed === null && endpoints.isWhole) report.problem([...at, 'host'], `${host} is not listed under endpoints`);
      if (listed !== null && endpoints.isWhole && !listed.ports.includes(port)) {
        report.problem([...at, 'port'], `${port} is not a port of ${host}, which has ${listed.ports.join(', ')}`);
      }
      if (seen.has(`${host} ${port}`)) report.problem([...at, 'host'], `${host} port ${port} is pinned already`);
      seen.add(`${host} ${port}`);
    }
    const addresses = to === undefined ? [] : [to].flat();
    for (const { address } of addresses) {
      const kind = classifyAddress(address);
      if (kind === 'loopback' || kind === 'unspecified') {
        report.warning([...at, 'to'], `${host} goes to this machine: right for a sandbox only`);
      } else if (kind !== 'public') {
        report.warning([...at, 'to'], `${host} goes to ${address}, which is ${kind}: a pin passes every check of addresses`);
      }
    }
    return host === undefined || port === undefined ? [] : [{ host, port, to: addresses }];
  });
}
