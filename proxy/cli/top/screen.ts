// What `top` shows, as lines of text: no colour, nothing that a terminal has to know. Pure.

import type { BusyGroup, BusyList, BusyOrder, BusyTunnel } from '../../control/busiest.ts';
import { renderBytes, renderDuration } from '../durations.ts';
import { renderTable } from '../table.ts';
import type { Moment, Rates } from './look.ts';

export const LISTS = ['tunnels', 'tenants', 'targets', 'sources'] as const;
export type List = (typeof LISTS)[number];

export interface View {
  readonly list: List;
  readonly by: BusyOrder;
  /** The first row that is shown. */
  readonly from: number;
}

export const KEYS = 'tunnels t, tenants n, targets g, sources s | by rate r, bytes b, age or count a | scroll with arrows | quit q';

/** So many lines at most, none wider than the screen; the last one has the keys. */
export function renderScreen(
  moment: Moment,
  rates: Rates | null,
  view: View,
  size: { readonly columns: number; readonly rows: number },
): string[] {
  const head = renderHead(moment, rates);
  const room = Math.max(1, size.rows - head.length - 3);
  const lines = [...head, '', ...renderList(moment, view, room)];
  const shown = lines.slice(0, Math.max(0, size.rows - 1));
  return [...shown, KEYS].map((line) => line.slice(0, size.columns));
}

/** Everything, one list under the other: for a pipe, or for reading it once. */
export function renderText(moment: Moment, rates: Rates, by: BusyOrder, rows: number): string {
  const lists = (['tunnels', 'tenants', 'targets'] as const).map((list) => renderList(moment, { list, by, from: 0 }, rows).join('\n'));
  return `${renderHead(moment, rates).join('\n')}\n\n${lists.join('\n\n')}\n`;
}

function renderHead({ status }: Moment, rates: Rates | null): string[] {
  const { node, generation, version, uptimeMs, ready, reasons, tunnels, capacity, pending, drain } = status;
  const state = ready ? `ready${status.degraded ? ', degraded' : ''}` : `not ready: ${reasons.join(', ')}`;
  const rate = (value: number | undefined): string => (value === undefined ? '-' : renderRate(value));
  const bytes = (value: number | undefined): string => (value === undefined ? '-' : `${renderBytes(value)}/s`);
  const carriers = status.carriers
    .filter(({ pid }) => pid !== null)
    .map(({ slot, generation: of, status: own }) => {
      const name = of === generation ? String(slot) : `${slot} of generation ${of}`;
      return own === null
        ? `${name} does not answer`
        : `${name}: ${own.tunnels} tunnels, loop ${Math.round(own.load.eventLoopDelayS * 1_000)} ms`;
    });
  return [
    `${node}, ${state}, generation ${generation} (${version}), up ${renderDuration(uptimeMs)}${drain ? `, drain: ${drain.phase}` : ''}`,
    `tunnels ${tunnels} of ${capacity.tunnels}, pending ${pending}, opens ${rate(rates?.opens)}, refused ${rate(rates?.refusals)}, up ${bytes(rates?.bytesUp)}, down ${bytes(rates?.bytesDown)}`,
    `refused ${rates?.reasons.map(([reason, perSecond]) => `${reason} ${renderRate(perSecond)}`).join(', ') || 'none'}`,
    `carrier ${carriers.join(' | ') || 'none'}`,
  ];
}

function renderList(moment: Moment, { list, by, from }: View, rows: number): string[] {
  const table =
    list === 'tunnels'
      ? [['id', 'door', 'tenant', 'target', 'client', 'age', 'bytes', sortedBy(by)], ...moment.tunnels.map(tunnelCells)]
      : [[nameOf(list), 'tunnels', 'bytes', by === 'age' ? 'rate' : sortedBy(by)], ...moment.groups[list].map(groupCells)];
  const [head = [], ...body] = table;
  if (body.length === 0) return [`no ${list}`];
  const first = Math.min(from, Math.max(0, body.length - rows));
  return renderTable([head, ...body.slice(first, first + rows)], '').split('\n');
}

/** The rate is the last column, whatever comes first. */
function sortedBy(by: BusyOrder): string {
  return by === 'rate' ? 'rate (first)' : `rate (${by} first)`;
}

function nameOf(list: BusyList): string {
  return { tenants: 'tenant', targets: 'target', sources: 'source' }[list];
}

function tunnelCells({ id, door, tenant, target, client, ageMs, bytesUp, bytesDown, bytesPerS }: BusyTunnel): string[] {
  const bytes = renderBytes(bytesUp + bytesDown);
  return [id, door ?? '-', tenant ?? '-', target ?? '-', client, renderDuration(ageMs), bytes, `${renderBytes(bytesPerS)}/s`];
}

function groupCells({ name, tunnels, bytes, bytesPerS }: BusyGroup): string[] {
  return [name, String(tunnels), renderBytes(bytes), `${renderBytes(bytesPerS)}/s`];
}

function renderRate(perSecond: number): string {
  return `${perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond)}/s`;
}
