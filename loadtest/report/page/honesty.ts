// What a reader has to know to believe the rest.

import { grouped } from '../figure.ts';
import type { Summary } from '../summary.ts';
import { html, type Markup } from './markup.ts';

export function honesty(summary: Summary): Markup {
  const { cautions, troubles } = summary;
  return html`<p>
      On loopback there is no round-trip time, no loss and no network card; a tunnel has four sockets on one machine instead of two, and all
      parts share its cores: latencies and knees are this machine’s.
    </p>
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
  const { machine, limits, versions, isIsolated, isPrivileged, wire, loadBefore } = seen;
  const quota = scenario.quota === null ? '' : `, which takes ${scenario.quota} CONNECTs a second`;
  return [
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryMib / 1_024)} GiB, ${machine.kernel}`],
    ['load before the run', loadBefore.toFixed(2)],
    ['versions', pairs(versions)],
    [
      'inside the tunnels',
      wire === 'plain' ? 'plain WebSocket and MQTT, so the checks of SNI and ALPN are off' : 'TLS, with every check on',
    ],
    ['far end', scenario.to === 'sandbox' ? 'the sandbox’s stand-in of AWS IoT' : `our own small server${quota}`],
    ['network', isIsolated ? 'a namespace of its own on loopback' : 'the machine’s own'],
    ['rights', isPrivileged ? 'root: limits and sysctls were set for the run' : 'none: limits and sysctls are as they were found'],
    ['open descriptors a process', grouped(limits.descriptors)],
    ['ports', limits.portRange],
    ['sysctls', pairs(limits.sysctls) || 'none set'],
    [
      'descriptors of the nodes',
      descriptors === null ? 'not read' : `${grouped(descriptors.before)} before, ${grouped(descriptors.after)} after`,
    ],
  ];
}

function pairs(record: Readonly<Record<string, string>>): string {
  return Object.entries(record)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
}
