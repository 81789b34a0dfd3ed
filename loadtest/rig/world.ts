// Everything between the agents and the end of their tunnels: far ends, nodes or another proxy in their place, and the names that lead there.
// Started in order; what fails half-way is ended by whoever holds the processes.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RigPlan } from '../plan.ts';
import type { FarEndSeen } from '../run-record.ts';
import type { Scenario } from '../scenario.ts';
import { makeCertificate } from './certificate.ts';
import type { RolePids } from './collector.ts';
import { doorOf } from './door.ts';
import { startFarEnds } from './far-ends.ts';
import { FLEET_NAME, type Names } from './names.ts';
import type { Certificate, EndpointPlace } from './node-config.ts';
import { Fleet } from './nodes.ts';
import type { FarEnds } from './parts.ts';
import { startPeer } from './peers.ts';
import { DATA_NAME, findPlaces, type Places } from './places.ts';
import { type Processes, type Started, wordsOf } from './processes.ts';
import { endpointOf, signedUrl, startSandbox } from './sandbox.ts';

const PINHOLE = join(import.meta.dirname, '..', '..', 'pinhole');

export interface World {
  readonly places: Places;
  /** What agents open, and by which proxy. */
  readonly url: string;
  readonly proxy: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly fleet: Fleet | null;
  readonly farEnds: FarEnds | null;
  readonly tls: Certificate | null;
  readonly roles: () => Readonly<Record<string, RolePids>>;
  /** Rejects where a part of it ends that nobody ended. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export interface WorldInput {
  readonly scenario: Scenario;
  readonly plan: RigPlan;
  readonly folder: string;
  readonly processes: Processes;
  /** Null: no hosts file of our own, so only addresses lead anywhere. */
  readonly names: Names | null;
  readonly env: NodeJS.ProcessEnv;
  /** Ctrl-C: no start is waited for after it. */
  readonly stop: AbortSignal;
  readonly heardFarEnd: (atS: number, seen: FarEndSeen) => void;
}

/** How the agents get to the far end, beside the nodes or through them. */
interface Way {
  readonly endpoint: EndpointPlace;
  readonly farEnds: FarEnds | null;
  readonly failed: Promise<never>;
  readonly roles: () => Readonly<Record<string, RolePids>>;
  readonly tls: Certificate | null;
  readonly env: Readonly<Record<string, string>>;
  /** Where a session needs a signature; the proxy it is fetched through. */
  readonly url: ((proxy: { host: string; port: number }) => Promise<string>) | null;
  stop(): Promise<void>;
}

export async function startWorld(input: WorldInput): Promise<World> {
  const { scenario, plan, folder, names } = input;
  const places = await findPlaces({ nodes: scenario.nodes, farEnds: plan.farEnds, isIsolated: names !== null, folder });
  for (const place of places.nodes) mkdirSync(place.folder, { recursive: true, mode: 0o700 });
  const way = scenario.to === 'sandbox' ? await sandboxWay(input) : await farEndWay(input, places);
  const door = doorOf(scenario.through, places, names !== null);
  if (door.leads.length > 0) names?.set(DATA_NAME, door.leads);
  const common = { places, env: way.env, farEnds: way.farEnds, tls: way.tls, url: door.url, proxy: door.proxy };
  const first = places.nodes[0];
  if (first === undefined) throw new Error('a run without a place for a proxy');
  switch (scenario.through) {
    case 'pinhole': {
      const fleet = await startFleet(input, places, way);
      return {
        ...common,
        url: (await way.url?.({ host: first.address, port: first.ports.agents })) ?? door.url,
        fleet,
        roles: () => ({ ...way.roles(), pinhole: { groups: fleet.groups } }),
        failed: Promise.race([way.failed, fleet.failed]),
        stop: async () => {
          await fleet.stop();
          await way.stop();
        },
      };
    }
    case 'direct':
      return { ...common, fleet: null, roles: way.roles, failed: way.failed, stop: way.stop };
    case 'squid':
    case 'haproxy': {
      const { through } = scenario;
      const peer = await startPeer(through, { place: first, tunnels: plan.tunnelsPerNode, endpoint: way.endpoint }, input);
      return {
        ...common,
        fleet: null,
        roles: () => ({ ...way.roles(), [through]: { groups: [peer.pid] } }),
        failed: Promise.race([way.failed, endedUnasked(peer)]),
        stop: async () => {
          stopped.add(peer);
          await input.processes.stop(peer);
          await way.stop();
        },
      };
    }
  }
}

/** Ended by us: no failure. */
const stopped = new WeakSet<Started>();

function endedUnasked(started: Started): Promise<never> {
  const failed = started.ended.then(async (ended): Promise<never> => {
    if (stopped.has(started)) return await new Promise<never>(() => {});
    throw new Error(`${started.name} ended unasked: it ${wordsOf(ended)}`);
  });
  failed.catch(() => {});
  return failed;
}

async function farEndWay({ scenario, folder, processes, heardFarEnd }: WorldInput, places: Places): Promise<Way> {
  const farEnds = await startFarEnds(
    {
      ...{ addresses: places.farEnds, port: places.farEndPort, quota: scenario.quota, folder: join(folder, 'far-end'), heard: heardFarEnd },
    },
    processes,
  );
  return {
    endpoint: { data: DATA_NAME, to: farEnds.addresses, credentials: null, ca: null },
    farEnds,
    failed: farEnds.failed,
    roles: () => ({ 'far-end': { pids: farEnds.pids } }),
    tls: makeCertificate(folder, FLEET_NAME),
    env: {},
    url: null,
    stop: () => farEnds.stop(),
  };
}

async function sandboxWay({ folder, processes, stop }: WorldInput): Promise<Way> {
  const { place, started } = await startSandbox(folder, processes, stop);
  const { files } = place;
  return {
    endpoint: endpointOf(place),
    farEnds: null,
    failed: endedUnasked(started),
    roles: () => ({ 'far-end': { groups: [started.pid] } }),
    // The stand-in's certificate for a proxy has a name of its own.
    tls: { certificate: files.proxyCertificate, key: files.proxyKey, name: 'proxy.sandbox.test' },
    env: { SSL_CERT_FILE: files.ca },
    url: (proxy) => signedUrl(place, proxy),
    stop: async () => {
      stopped.add(started);
      await processes.stop(started);
    },
  };
}

async function startFleet({ scenario, plan, processes, names, env, stop }: WorldInput, places: Places, way: Way): Promise<Fleet> {
  const fleet = new Fleet({
    pinhole: PINHOLE,
    inputs: places.nodes.map((place) => ({ place, scenario, plan, endpoint: way.endpoint, tls: way.tls })),
    processes,
    env,
    stop,
    lead: (addresses) => names?.set(FLEET_NAME, addresses),
  });
  await fleet.startAll();
  return fleet;
}

/** A fleet that others run: nothing of it is ours to start, to see or to end. */
export function worldOutside(url: string, proxy: string, env: Readonly<Record<string, string>>): World {
  return {
    ...{ places: { nodes: [], farEnds: [], farEndPort: 0 }, url, proxy, env, fleet: null, farEnds: null, tls: null },
    roles: () => ({}),
    failed: new Promise<never>(() => {}),
    stop: () => Promise.resolve(),
  };
}
