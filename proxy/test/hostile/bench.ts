// What the scripted cases run against: three nodes (the fixture's with short deadlines and several listeners, one that lets a missing SNI
// pass, one that looks at no hello), and upstreams and names that misbehave in one way each.

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DnsReply, Question } from './dns-stub.ts';
import type { Door } from './door-client.ts';
import { ACCEPTED_RANGE, GATEWAY_NAME, PROXY_HOST } from './fixture.ts';
import { NodeProcess, nextPort } from './node-process.ts';
import { type OddUpstreams, startOddUpstreams } from './odd-upstreams.ts';
import { endpointOf, gatewayNameOf, hostOf, type Scenario } from './scenario.ts';
import { buildWorld, configOf, type Doors, doorsAt, ENDPOINT, listedOnly, type World } from './world.ts';

/** Deadlines of the main node: long enough for two slow cores, short enough to be waited for. */
export const DEADLINE_MS = { head: 6_000, hello: 6_000, handshake: 6_000, proxyHeader: 6_000, upgrade: 6_000 } as const;
/** Sources that one listener wants a PROXY header from. */
const TRUSTED_PEERS = '127.40.0.0/16';

export interface Bench {
  readonly world: World;
  readonly odd: OddUpstreams;
  readonly main: NodeProcess;
  readonly nodes: readonly NodeProcess[];
  /** All doors. */
  readonly doors: Doors;
  readonly sniOnly: Door;
  readonly gatewayOnly: Door;
  readonly proxied: Door;
  /** `allowMissingSni`. */
  readonly lenient: { readonly node: NodeProcess; readonly door: Door };
  /** `sni: off` and `alpn: off`. */
  readonly unpeeked: { readonly node: NodeProcess; readonly door: Door };
}

type Owner = Scenario & { readonly own: NonNullable<Scenario['own']> };

export async function buildBench(hasIpv6: boolean, scenarios: readonly Scenario[], things: AsyncDisposableStack): Promise<Bench> {
  const owners = scenarios.filter((scenario): scenario is Owner => scenario.own !== undefined);
  const names = owners.map(({ id }) => hostOf(id));
  const world = await buildWorld({ hasIpv6, names, replyTo: replierFor(owners), things });
  const odd = await startOddUpstreams(world.upstreamCertificate, names);
  things.defer(() => odd.close());
  appendFileSync(join(world.folder, 'upstream.crt'), odd.wrongNameCa);

  const ports = {
    all: nextPort(),
    sniOnly: nextPort(),
    gatewayOnly: nextPort(),
    proxied: nextPort(),
    lenient: nextPort(),
    unpeeked: nextPort(),
  };
  const alone = (port: number, policy: object): object => configOf([{ address: `${PROXY_HOST}:${port}` }], { policy, carriers: 1 });
  const start = (name: string, config: object): Promise<NodeProcess> => NodeProcess.start({ folder: world.folder, name, config, things });
  const nodes = await Promise.all([
    start('main', mainConfig(ports, owners)),
    start('lenient', alone(ports.lenient, { allowMissingSni: true })),
    start('unpeeked', alone(ports.unpeeked, { sni: 'off', alpn: 'off' })),
  ]);
  const [main, lenient, unpeeked] = nodes;
  const clear = (port: number): Door => doorsAt(port, world.proxyCa).clear;
  return {
    world,
    odd,
    main,
    nodes,
    doors: doorsAt(ports.all, world.proxyCa),
    sniOnly: clear(ports.sniOnly),
    gatewayOnly: doorsAt(ports.gatewayOnly, world.proxyCa).gateway,
    proxied: clear(ports.proxied),
    lenient: { node: lenient, door: clear(ports.lenient) },
    unpeeked: { node: unpeeked, door: clear(ports.unpeeked) },
  };
}

function mainConfig(ports: Readonly<Record<'all' | 'sniOnly' | 'gatewayOnly' | 'proxied', number>>, owners: readonly Owner[]): object {
  const listen = [
    { address: `${PROXY_HOST}:${ports.all}` },
    { address: `${PROXY_HOST}:${ports.sniOnly}`, doors: ['sni'] },
    { address: `${PROXY_HOST}:${ports.gatewayOnly}`, doors: ['gateway'] },
    { address: `${PROXY_HOST}:${ports.proxied}`, proxyProtocol: { trust: [TRUSTED_PEERS] } },
  ];
  const endpoints = owners.map(({ id, own }) => ({
    name: endpointOf(id),
    data: hostOf(id),
    accept: [own.accept ?? ACCEPTED_RANGE],
    ca: 'upstream.crt',
  }));
  const gateway = owners.filter(({ own }) => own.gateway).map(({ id }) => ({ name: gatewayNameOf(id), endpoint: endpointOf(id) }));
  return configOf(listen, {
    endpoints: [ENDPOINT, ...endpoints],
    gateway: [{ name: GATEWAY_NAME, endpoint: ENDPOINT.name }, ...gateway],
    timeouts: Object.fromEntries(Object.entries(DEADLINE_MS).map(([name, ms]) => [name, `${ms}ms`])),
  });
}

function replierFor(owners: readonly Owner[]): (question: Question) => DnsReply {
  const replies = new Map(owners.map(({ id, own }) => [hostOf(id), own.dns]));
  return (question) => {
    const reply = replies.get(question.name);
    if (reply === undefined) return listedOnly(question);
    if (typeof reply !== 'function') return reply;
    return question.type === 'other' ? { rcode: 0 } : reply(question.type);
  };
}
