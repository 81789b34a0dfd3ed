// The capacity card as Markdown. Pure: the same reports give the same page.

import { grouped } from '../report/figure.ts';
import type { Summary } from '../report/summary.ts';
import {
  BANDWIDTH_SHARE,
  capacityOf,
  CPU_SHARE,
  FILL_SHARE,
  IOT,
  KERNEL_KIB,
  MEMORY_SHARE,
  nodesFor,
  PING_BYTES,
  PORTS,
  safePerUnit,
  SOCKET_BYTES,
  SOCKETS_PER_TUNNEL,
  SYSTEM_MIB,
} from './arithmetic.ts';
import { EC2_SIZES, READ, SOURCES } from './ec2.ts';
import type { CardInputs } from './inputs.ts';
import { plain } from './markdown.ts';

/** An MQTT ping a minute: below every idle timer on the way (docs/fleet.md). */
const KEEP_ALIVE_S = 60;
const FLEETS = [1_000, 10_000, 50_000, 100_000, 500_000, 1_000_000] as const;
const MILLION = 1_000_000;
/** Whose plan to a million is worked out. */
const PLANNED = 'm6g.xlarge';

export function renderCard({ costs, from, isSynthetic }: CardInputs, summaries: readonly Summary[]): string {
  const { perGib, perCore } = safePerUnit(costs, KEEP_ALIVE_S);
  const sections = [
    ...(isSynthetic ? ['**SYNTHETIC: made of a run that never was. Buy nothing by this.**'] : []),
    '# Capacity',
    'What a tunnel costs, what a node holds, and how many nodes a fleet needs. Made by `./pinhole loadtest card` from the reports named below; do not edit it.',
    `All of it was measured on one machine on loopback (${machineOf(summaries)}). Memory of a tunnel is much the same anywhere; CPU is that machine’s. Sizes of EC2 are **arithmetic, not measured**: load-test your own fleet before you rely on a row ([how](loadtest.md#load-test-your-own-fleet)).`,
    '## What a tunnel costs',
    table(
      ['', 'value', 'from'],
      [
        ['user memory', `${costs.userKib.toFixed(2)} KiB`, plain(from.userKib)],
        ['kernel memory, idle', `${KERNEL_KIB.toFixed(2)} KiB`, kernelWords()],
        ['a node without a tunnel', `${costs.emptyMib.toFixed(0)} MiB`, plain(from.emptyMib)],
        ['CPU of a message there and back', `${costs.cpuUsPerMessage.toFixed(1)} µs`, plain(from.cpuUsPerMessage)],
        ['CPU of an open', `${costs.cpuUsPerOpen.toFixed(0)} µs`, plain(from.cpuUsPerOpen)],
        ['safe tunnels in a GiB', grouped(perGib), `${MEMORY_SHARE} × 1 GiB / (user + kernel)`],
        [
          'safe tunnels on a core',
          grouped(perCore),
          `${CPU_SHARE} × 1 s × ${KEEP_ALIVE_S} s / CPU of a message: a ping each ${KEEP_ALIVE_S} s and nothing else`,
        ],
      ],
    ),
    'A reader that stalls may hold up to `limits.perTunnelBuffer` more for each direction of its tunnel; agents that only ping never do.',
    '## What a node holds',
    nodeTable(costs),
    nodeWords(costs),
    '## How many nodes',
    `Agents / (${FILL_SHARE} × tunnels of a node), rounded up, **and one more**, which may be lost; at least two. In brackets how long the agents of the lost node take to come back at AWS IoT’s default of ${IOT.connectsPerSecond} CONNECTs a second.`,
    fleetTable(costs),
    `An account has ${grouped(IOT.connections)} connections by default: beyond that, ask AWS for more, or use two accounts.`,
    '## To a million agents, on paper',
    'Nobody has run this. It is what the numbers above come to, in the order in which things have to be arranged.',
    millionPlan(costs),
    '## Sources',
    [...new Set(EC2_SIZES.flatMap(({ sources }) => sources))]
      .map((source) => `- ${SOURCES[source]} (a stored copy, read ${READ})`)
      .join('\n'),
    `- ports, kernel objects of a socket, bytes of a ping: measured and worked out on Linux 6.18; the [load test](loadtest.md) says how\n- quotas of AWS IoT Core: ${IOT.connectsPerSecond} CONNECTs a second and ${grouped(IOT.connections)} connections an account, AWS’s defaults; they differ by region and can be raised`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function machineOf(summaries: readonly Summary[]): string {
  const machines = summaries.map(({ honesty: { machine } }) => {
    const pages = machine.hugePages === undefined ? '' : `, transparent huge pages: ${machine.hugePages}`;
    return `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}${pages}`;
  });
  return plain([...new Set(machines)].join('; '));
}

function kernelWords(): string {
  const parts = Object.entries(SOCKET_BYTES).map(([name, bytes]) => `${name} ${grouped(bytes)}`);
  return `${SOCKETS_PER_TUNNEL} sockets × (${parts.join(' + ')}) bytes; by arithmetic`;
}

function nodeTable(costs: CardInputs['costs']): string {
  const rows = EC2_SIZES.map((size) => {
    const { limits, binding, tunnels } = capacityOf(size, costs, KEEP_ALIVE_S);
    return [
      size.name,
      String(size.cores),
      `${size.memoryGib} GiB`,
      grouped(limits.memory ?? 0),
      grouped(limits.ports ?? 0),
      grouped(limits.CPU ?? 0),
      limits.bandwidth === null ? 'not sourced' : grouped(limits.bandwidth),
      `**${grouped(tunnels)}**`,
      binding,
    ];
  });
  return table(['size', 'vCPU', 'memory', 'by memory', 'by ports', 'by CPU', 'by bandwidth', 'tunnels', 'what binds'], rows);
}

function nodeWords({ emptyMib, userKib, cpuUsPerMessage, cpuUsPerOpen }: CardInputs['costs']): string {
  const example = EC2_SIZES[0];
  const memory =
    example === undefined
      ? ''
      : ` (${example.name}: (${example.memoryGib} × 1,024 × ${MEMORY_SHARE} − ${SYSTEM_MIB} − ${emptyMib.toFixed(0)}) MiB / ${(userKib + KERNEL_KIB).toFixed(2)} KiB)`;
  return [
    `- **by memory**: (memory × ${MEMORY_SHARE} − ${SYSTEM_MIB} MiB for the system − a node without a tunnel) / (user + kernel)${memory}.`,
    `- **by ports**: ${grouped(PORTS.widened)} with \`net.ipv4.ip_local_port_range = 1024 65535\`, ${grouped(PORTS.standard)} as Linux comes; for each address that the endpoint’s name resolves to, and one is counted. Pinhole binds upstream sockets to no address, so this is the kernel’s whole range.`,
    `- **by CPU**: vCPU × ${CPU_SHARE} × ${KEEP_ALIVE_S} s / ${cpuUsPerMessage.toFixed(1)} µs. A storm at ${IOT.connectsPerSecond} opens a second adds ${((cpuUsPerOpen * IOT.connectsPerSecond) / 1e6).toFixed(2)} of a core. A vCPU of EC2 is not a core of the machine that was measured.`,
    `- **by bandwidth**: the baseline × ${BANDWIDTH_SHARE} × ${KEEP_ALIVE_S} s / ${PING_BYTES} bytes each way for a ping. Messages of yours come on top: divide by their bytes.`,
    '- **conntrack**: AWS does not publish how many tracked connections a size has. A tunnel is one entry where the inbound rule is open to all, else two. Watch `conntrack_allowance_available`; it may bind before anything here.',
    '- **descriptors**: two a tunnel; `serve` says what its limit allows, and `check --strict` fails where that is less than `limits.tunnels`.',
    '- t4g earns CPU by credits: what is by CPU there is a burst.',
  ].join('\n');
}

function fleetTable(costs: CardInputs['costs']): string {
  const rows = EC2_SIZES.map((size) => {
    const { tunnels } = capacityOf(size, costs, KEEP_ALIVE_S);
    if (tunnels === 0) return [size.name, ...FLEETS.map(() => 'too small')];
    return [
      size.name,
      ...FLEETS.map((agents) => {
        const nodes = nodesFor(agents, tunnels);
        return `${nodes} (${seconds(agents / nodes / IOT.connectsPerSecond)})`;
      }),
    ];
  });
  return table(['agents', ...FLEETS.map(grouped)], rows);
}

function millionPlan(costs: CardInputs['costs']): string {
  const size = EC2_SIZES.find(({ name }) => name === PLANNED);
  if (size === undefined) throw new Error(`${PLANNED} is planned with, and is no size of card/ec2.ts`);
  const { tunnels, binding } = capacityOf(size, costs, KEEP_ALIVE_S);
  const nodes = nodesFor(MILLION, tunnels);
  const each = Math.ceil(MILLION / (nodes - 1));
  const pings = MILLION / KEEP_ALIVE_S;
  const lost = MILLION / nodes;
  return [
    `1. **Nodes**: ${nodes} × ${PLANNED} (${grouped(tunnels)} tunnels each, bound by ${binding}); ${grouped(each)} on each with one lost. As many Elastic IPs: an account has 5 in a region by default, so ask for more, and publish the list [signed](addresses.md).`,
    `2. **AWS IoT**: ${grouped(MILLION)} connections are twice the default of an account (${grouped(IOT.connections)}). At ${IOT.connectsPerSecond} CONNECTs a second the whole fleet takes ${seconds(MILLION / IOT.connectsPerSecond)} to connect once; to have a lost node’s ${grouped(lost)} agents back in 30 s, ask for ${grouped(Math.ceil(lost / 30))} a second.`,
    `3. **Agents**: back-off with full jitter over at least ${seconds(MILLION / IOT.connectsPerSecond)} at the default quota (agents / quota), \`Retry-After\` honoured; SigV4 sessions end after 24 h, which is ${(MILLION / 86_400).toFixed(1)} opens a second if they are spread, and a storm a day if they are not.`,
    `4. **Pings**: ${grouped(pings)} a second, ${((pings * costs.cpuUsPerMessage) / 1e6).toFixed(2)} cores and ${((pings * PING_BYTES * 8) / 1e6).toFixed(0)} Mbit/s each way over the whole fleet.`,
    `5. **Memory**: ${((MILLION * (costs.userKib + KERNEL_KIB)) / 1_048_576).toFixed(1)} GiB for tunnels, user and kernel, over the whole fleet.`,
    `6. **DNS**: one name gives one address an answer; agents with the address list try all of them. ${nodes} slots are ${nodes} health checks (200 an account by default).`,
    `7. **Changes**: a quarter of the quota closes ${grouped(IOT.connectsPerSecond / 4)} tunnels a second, so a node drains in ${seconds(lost / (IOT.connectsPerSecond / 4))}, and all of them one after the other in ${seconds((nodes * lost) / (IOT.connectsPerSecond / 4))}; [upgrades](upgrade.md) drop nothing and need none of it.`,
    '8. **Before it is built**: `hold` against one real node of that size, `storm` against three, and a soak of a day; then this page again from those reports.',
  ].join('\n');
}

function seconds(value: number): string {
  if (value < 120) return `${Math.ceil(value)} s`;
  return value < 7_200 ? `${Math.ceil(value / 60)} min` : `${(value / 3_600).toFixed(1)} h`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}
