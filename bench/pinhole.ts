// Pinhole as a contestant: whole nodes of one carrier, measured with all their processes, with every check on. The listed name is pinned to
// the echo server, since no DNS is asked in a run.

import { join } from 'node:path';
import { OUR_NAMES } from './certificates.ts';
import type { Contestant, Place } from './contestant.ts';
import { OPENSSL_HEADER } from './programs.ts';

const PINHOLE = join(import.meta.dirname, '..', 'pinhole');

type Door = 'connect' | 'connect-tls' | 'sni' | 'gateway';
type Relay = 'auto' | 'native' | 'node';

interface DoorTraits extends Pick<Contestant, 'mode' | 'ourName'> {
  readonly target: (place: Place) => string;
}

const listedName = ({ serverName }: Place): string => `${serverName}:443`;

const TRAITS: Readonly<Record<Door, DoorTraits>> = {
  connect: { mode: 'connect', ourName: null, target: listedName },
  'connect-tls': { mode: 'connect', ourName: OUR_NAMES.proxy, target: listedName },
  sni: { mode: 'sni', ourName: null, target: listedName },
  gateway: { mode: 'upgrade', ourName: OUR_NAMES.gateway, target: () => OUR_NAMES.gateway },
};

/** For the load's own TLS, not for Pinhole. */
const NEEDS_TLS = { files: [OPENSSL_HEADER, 'openssl'], how: 'apt install libssl-dev openssl' };

function contestant(name: string, door: Door, relay: Relay): Contestant {
  return {
    name,
    ...TRAITS[door],
    needs: TRAITS[door].ourName === null ? null : NEEDS_TLS,
    version: [PINHOLE, '--version'],
    config: { file: 'pinhole.yaml', text: (place) => config(place, door, relay) },
    command: ({ configPath }) => [PINHOLE, 'serve', '-c', configPath],
  };
}

function config(place: Place, door: Door, relay: Relay): string {
  const { folder, port, spare, echo, serverName, tunnels, certificates } = place;
  return `
runtime: ${folder}/run
carriers: 1
relay: ${relay}
listen:
  - { address: "127.0.0.1:${port}", doors: [${door}] }
${certificates === null ? '' : `tls: { certificate: ${certificates.ours.certificate}, key: ${certificates.ours.key} }\n`}endpoints:
  - { name: bench, data: ${serverName}, ports: [443]${certificates === null ? '' : `, ca: ${certificates.far.certificate}`} }
${door === 'gateway' ? `gateway:\n  - { name: ${OUR_NAMES.gateway}, endpoint: bench }\n` : ''}policy: { sni: enforce, alpn: enforce, address: enforce }
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
probe: off
`;
}

export const PINHOLES: readonly Contestant[] = [
  contestant('pinhole connect native', 'connect', 'native'),
  contestant('pinhole connect node', 'connect', 'node'),
  contestant('pinhole sni native', 'sni', 'native'),
  contestant('pinhole connect-tls', 'connect-tls', 'auto'),
  contestant('pinhole gateway', 'gateway', 'auto'),
];
