// Pinhole as a contestant: whole nodes of one carrier, measured with all their processes, with every check on. The listed name is pinned to
// the echo server, since no DNS is asked in a run.

import { join } from 'node:path';
import type { Contestant, Place } from './contestant.ts';

const PINHOLE = join(import.meta.dirname, '..', 'pinhole');

function contestant(door: 'connect' | 'sni', relay: 'native' | 'node'): Contestant {
  return {
    name: `pinhole ${door} ${relay}`,
    mode: door,
    needs: null,
    version: [PINHOLE, '--version'],
    target: ({ serverName }) => `${serverName}:443`,
    configFile: 'pinhole.yaml',
    command: (config) => [PINHOLE, 'serve', '-c', config],
    config: (place) => config(place, door, relay),
  };
}

function config({ folder, port, spare, echo, serverName, tunnels }: Place, door: string, relay: string): string {
  return `
runtime: ${folder}/run
carriers: 1
relay: ${relay}
listen:
  - { address: "127.0.0.1:${port}", doors: [${door}] }
endpoints:
  - { name: bench, data: ${serverName}, ports: [443] }
policy: { sni: enforce, alpn: enforce, address: enforce }
resolve:
  pin:
    - { host: ${serverName}, port: 443, to: "${echo.address}:${echo.port}" }
limits:
  tunnels: ${tunnels + 100}
  opensPerSecond: 100000
  idle: 1h
  perSource: { pending: 10000 }
health: { address: "127.0.0.1:${spare[0]}" }
admin: { address: "127.0.0.1:${spare[1]}" }
`;
}

export const PINHOLES: readonly Contestant[] = [
  contestant('connect', 'native'),
  contestant('connect', 'node'),
  contestant('sni', 'native'),
];
