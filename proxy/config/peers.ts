// The other nodes of the fleet, whom the probe asks: never this one.

import type { Report } from './problem.ts';
import type { Config } from './schema.ts';

/** A node that is its own peer would vouch for itself, and fail its own vote. */
export function refuseOwnPeers({ node, probe }: Config, report: Report): void {
  for (const [index, { address }] of (probe?.peers ?? []).entries()) {
    if (node.publicAddresses.includes(address))
      report.problem(['probe', 'peers', index], `${address} is under node.publicAddresses: it is this node’s own`);
  }
}
