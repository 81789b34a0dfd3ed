// A job for tests, and the states of its one endpoint.

import type { EndpointState, PeerView, ProbeJob } from '../contract.ts';
import { firstState } from '../counts.ts';

export const HOST = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';

export const PLACE = { address: '127.0.0.1', port: 443, wantsProxyHeader: false };

export function testJob(changes: Partial<ProbeJob> = {}): ProbeJob {
  return {
    file: '/nonexistent/probe.json',
    schedule: '*/15 * * * * *',
    failures: 3,
    places: { connect: PLACE },
    endpoints: [{ name: 'production', hosts: [{ host: HOST, port: 443 }], ca: null }],
    gateways: [],
    tls: null,
    peers: [],
    login: null,
    ownAddresses: [],
    ...changes,
  };
}

export function state(changes: Partial<EndpointState> = {}): EndpointState {
  return { ...firstState('production'), ...changes };
}

/** A peer at 203.0.113.N. */
export function peer(last: number, ready: PeerView['ready'], through: boolean | null): PeerView {
  return { peer: { address: `203.0.113.${last}`, port: 443 }, ready, through: { production: through } };
}
