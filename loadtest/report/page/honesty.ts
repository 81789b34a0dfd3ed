// What a reader has to know to believe the rest.

import { grouped } from '../figure.ts';
import type { Summary } from '../summary.ts';
import { html, type Markup } from './markup.ts';

const ON_LOOPBACK =
  'On loopback there is no round-trip time, no loss and no network card; a tunnel has four sockets on one machine instead of two, and all parts share its cores: latencies and knees are this machine’s.';
const FROM_OUTSIDE =
  'Of the fleet, of its far end and of what is between them and this machine nothing is known but what agents here saw: latencies have the whole way in them, and CPU and memory are those of the agents.';

export function honesty(summary: Summary): Markup {
  const { cautions, troubles } = summary;
  return html`<p>${summary.honesty.isTarget ? FROM_OUTSIDE : ON_LOOPBACK}</p>
    ${[...cautions, ...troubles].map((words) => html`<p class="note">${words}</p>`)}
    <dl>
      ${rowsOf(summary).map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>`;
}

export function rowsOf({ honesty: seen, scenario, descriptors }: Summary): readonly (readonly [name: string, value: string])[] {
  const { machine, limits, versions, isIsolated, isPrivileged, isTarget, wire, loadBefore } = seen;
  const quota = scenario.quota === null ? '' : `, which takes ${scenario.quota} CONNECTs a second`;
  return [
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryMib / 1_024)} GiB, ${machine.kernel}`],
    ['transparent huge pages', machine.hugePages ?? 'not said'],
    ['load before the run', loadBefore.toFixed(2)],
    ['versions', pairs(versions)],
    ['inside the tunnels', insideOf(wire, isTarget)],
    [
      'far end',
      isTarget
        ? 'of others, behind the fleet'
        : scenario.to === 'sandbox'
          ? 'the sandbox’s stand-in of AWS IoT'
          : `our own small server${quota}`,
    ],
    [
      'network',
      isTarget ? 'this machine’s, and the way to the fleet' : isIsolated ? 'a namespace of its own on loopback' : 'the machine’s own',
    ],
    [
      'rights',
      `${isPrivileged ? 'root' : 'not root'}; sysctls ${isIsolated ? 'were set for the run, in its own network' : 'are as they were found'}`,
    ],
    ['open descriptors a process', grouped(limits.descriptors)],
    ['ports', limits.portRange],
    ['sysctls', pairs(limits.sysctls) || 'none set'],
    [
      'descriptors of the nodes',
      descriptors === null ? 'not read' : `${grouped(descriptors.before)} before, ${grouped(descriptors.after)} after`,
    ],
  ];
}

function insideOf(wire: Summary['honesty']['wire'], isTarget: boolean): string {
  const words = wire === 'plain' ? 'plain WebSocket and MQTT' : 'TLS';
  if (isTarget) return `${words}; what the nodes check is theirs`;
  return `${words}, ${wire === 'plain' ? 'so the checks of SNI and ALPN are off' : 'with every check on'}`;
}

function pairs(record: Readonly<Record<string, string>>): string {
  return Object.entries(record)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
}
