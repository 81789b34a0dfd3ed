// AWS as the nodes see it: the IoT stand-in, and how each node comes to it. Usually by ways of its own, so that AWS can be away for one node
// alone; or by DNS, so that the resolver can die.

import { networkInterfaces } from 'node:os';
import { type AwsIot, startAwsIot } from '../aws-iot/start.ts';
import { type DnsServer, startDns } from '../route53/dns/server.ts';
import { HOST } from '../world/ports.ts';
import type { WayToAws } from './files.ts';
import { closeAll, cutAll, type Gates, mendAll, openGates } from './gate.ts';
import type { SlotPlace } from './layout.ts';

export interface AwsSide {
  readonly iot: AwsIot;
  /** What agents ask for behind the proxy. */
  readonly port: number;
  readonly ports: readonly number[];
  readonly credentials: string | null;
  wayOf(slot: SlotPlace): WayToAws;
  /** AWS is away for this slot; where nodes go by DNS there is no such thing. */
  cut(slot: string): void;
  mend(slot: string): Promise<void>;
  /** The DNS server that nodes ask; null where they ask none. */
  readonly names: NameServer | null;
  stop(): Promise<void>;
}

export interface NameServer {
  kill(): Promise<void>;
  revive(): Promise<void>;
}

export interface AwsSideInput {
  readonly dir: string;
  readonly slots: readonly SlotPlace[];
  readonly log: (line: string) => void;
}

export async function awsByGates({ dir, slots, log }: AwsSideInput): Promise<AwsSide> {
  const iot = await startAwsIot({ dir, log, host: HOST });
  const { data, credentials } = iot;
  const at = (port: number) => ({ host: HOST, port });
  const gates = new Map<string, Gates>();
  for (const { id } of slots) {
    const targets = { wss: at(data.wssPort), https: at(data.httpsPort), mqtt: at(data.mqttPort), credentials: at(credentials.port) };
    gates.set(id, await openGates(targets));
  }
  const gatesOf = (slot: string): Gates => gates.get(slot) ?? fail(`no slot ${slot}`);
  return {
    ...{ iot, port: 443, ports: [443, 8443, 8883], credentials: credentials.host, names: null },
    wayOf({ id }) {
      const { wss, https, mqtt, credentials: provider } = gatesOf(id);
      const pin = (host: string, port: number, gate: { readonly port: number }) => ({ host, port, to: `${HOST}:${gate.port}` });
      return {
        pins: [pin(data.host, 443, wss), pin(data.host, 8443, https), pin(data.host, 8883, mqtt), pin(credentials.host, 443, provider)],
      };
    },
    cut: (slot) => cutAll(gatesOf(slot)),
    mend: (slot) => mendAll(gatesOf(slot)),
    async stop() {
      for (const ways of gates.values()) closeAll(ways);
      await iot.stop();
    },
  };
}

/** The shortest that the nodes keep an answer for (proxy/core/limits.ts bounds it below). */
const NAME_TTL_S = 5;

/** An address that nothing else uses: while the server is killed nobody takes its port. */
const NAMES_HOST = '127.0.53.1';

/** Loopback is never dialled by what DNS says: the stand-in has to be on another address of this machine. */
export function addressForDns(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return all.find(({ internal, family, address }) => !internal && family === 'IPv4' && !address.startsWith('169.254.'))?.address ?? null;
}

export async function awsByDns({ dir, log }: AwsSideInput, address: string): Promise<AwsSide> {
  const iot = await startAwsIot({ dir, log, host: address });
  const name = `${iot.data.host}.`;
  const zone = { name, records: [{ name, type: 'A' as const, ttl: NAME_TTL_S, values: [address] }] };
  const start = (port: number): Promise<DnsServer> =>
    startDns(() => ({ zones: [zone], isHealthy: () => true, random: Math.random }), NAMES_HOST, port);
  let server: DnsServer | null = await start(0);
  const { port } = server;
  const kill = async (): Promise<void> => {
    await server?.stop();
    server = null;
  };
  return {
    ...{ iot, port: iot.data.mqttPort, ports: [iot.data.mqttPort], credentials: null },
    wayOf: () => ({ dnsServer: `${NAMES_HOST}:${port}`, accept: `${address}/32` }),
    cut: () => fail('nodes that go by DNS have no way of their own'),
    mend: () => fail('nodes that go by DNS have no way of their own'),
    names: {
      kill,
      async revive() {
        server ??= await start(port);
      },
    },
    async stop() {
      await kill();
      await iot.stop();
    },
  };
}

function fail(why: string): never {
  throw new Error(why);
}
