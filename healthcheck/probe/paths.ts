// Which attempts make a round: every host of every endpoint once, CONNECT by its other way once, and every gateway. `sni` is tried only where a
// node serves no CONNECT. Each way with each host would be more tunnels for no more knowledge.

import type { ProbedEndpoint, ProbeJob, Way } from './contract.ts';

/** One attempt that could be made, here or through another node. */
export interface Path {
  readonly way: Way;
  readonly endpoint: string;
  /** The endpoint's host; on the gateway the gateway's name. */
  readonly host: string;
  readonly port: number;
  /** Roots in PEM for the endpoint; null for the public ones. */
  readonly ca: string | null;
}

/** The first of them that is served is the way of every host. On `sni` a refusal says least, and it goes to one port only. */
const WAYS = ['connect', 'connect-tls', 'sni'] as const;
const SNI_PORT = 443;

export function pathsOf({ places, endpoints, gateways, tls }: ProbeJob): Path[] {
  const served = WAYS.filter((way) => places[way] !== undefined && (way !== 'connect-tls' || tls !== null));
  const [first, ...others] = served;
  const hosts = first === undefined ? [] : endpoints.flatMap((endpoint) => throughAll(endpoint, first));
  const [main] = endpoints.filter((endpoint) => endpoint.hosts.length > 0);
  // Not `sni`: what it refuses it cannot say why.
  const ways = main === undefined ? [] : others.filter((way) => way !== 'sni').flatMap((way) => throughAll(main, way).slice(0, 1));
  const throughGateways =
    places.gateway === undefined || tls === null
      ? []
      : gateways.map(({ name, endpoint }): Path => ({ way: 'gateway', endpoint, host: name, port: SNI_PORT, ca: null }));
  return [...hosts, ...ways, ...throughGateways];
}

function throughAll({ name, hosts, ca }: ProbedEndpoint, way: Way): Path[] {
  return hosts
    .filter(({ port }) => way !== 'sni' || port === SNI_PORT)
    .map(({ host, port }): Path => ({ way, endpoint: name, host, port, ca }));
}
