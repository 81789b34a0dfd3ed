// `pinhole status`: how a running node is. Asks its carriers themselves, so it works while control is being started again.

import type { NodeStatus } from '../control/node-status.ts';
import { gatherStatus } from '../control/node-status.ts';
import { renderHostPort } from '../supervisor/listen-sockets.ts';
import { readArguments } from './arguments.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { renderDuration } from './durations.ts';
import type { OperateIo } from './find-node.ts';
import { findNode, NODE_OPTIONS, NODE_USAGE } from './find-node.ts';
import { renderProgress } from './progress.ts';
import { renderTable } from './table.ts';

const USAGE = `Usage: pinhole status [-c FILE | --runtime DIR] [--json]

Shows how a running node is: its carriers, tunnels, limits and refusals.

${NODE_USAGE}`;

export async function runStatus(args: readonly string[], io: OperateIo): Promise<number> {
  const read = readArguments(args, NODE_OPTIONS);
  if (!read.ok) {
    io.stderr(`pinhole status: ${read.why}\n`);
    return EXIT_USAGE;
  }
  if (read.values['help'] === true) {
    io.stdout(USAGE);
    return EXIT_OK;
  }
  const runtime = await findNode(read, 'status', io);
  if (typeof runtime === 'number') return runtime;
  const status = await gatherStatus(runtime, io.clock);
  if (!status) {
    io.stderr(`pinhole status: the node in ${runtime} has just ended\n`);
    return EXIT_FAILED;
  }
  io.stdout(read.values['json'] === true ? `${JSON.stringify(status)}\n` : renderStatus(status));
  return EXIT_OK;
}

function renderStatus(status: NodeStatus): string {
  const { capacity, reasons } = status;
  const cap = `${capacity.tunnels}${capacity.tunnels < capacity.configured ? ` (${capacity.configured} asked for, descriptors allow no more)` : ''}`;
  const refused = Object.entries(status.refused).toSorted(([, a], [, b]) => b - a);
  const facts = [
    [
      'node',
      `${status.node}, version ${status.version}, generation ${status.generation}, up ${renderDuration(status.uptimeMs)}, pid ${status.pid}`,
    ],
    ['ready', status.ready ? `yes${status.degraded ? ', degraded' : ''}` : `no: ${reasons.join(', ')}`],
    ...status.concerns.map((concern) => ['concern', concern]),
    ...(status.drain ? [['drain', `${renderProgress(status.drain)}; asked for by ${status.drain.by}`]] : []),
    ['listens', status.listeners.map((listener) => renderHostPort(listener)).join(', ')],
    ['health', renderHostPort(status.health)],
    ['admin', renderHostPort(status.admin)],
    ['control', `${status.control.state}${status.control.pid === null ? '' : `, pid ${status.control.pid}`}`],
    ['tunnels', `${status.tunnels} of ${cap}`],
    ['opens', `${status.opensPerSecond} a second, ${status.opened} since the start`],
    ['pending', `${status.pending} connections without a request yet`],
    ['refused', refused.length === 0 ? 'none' : refused.map(([code, count]) => `${code} ${count}`).join(', ')],
  ];
  const carriers = status.carriers.map(({ slot, state, pid, restarts, status: own }) => [
    String(slot),
    own || pid === null ? state : `${state}, does not answer`,
    pid === null ? '-' : String(pid),
    String(own?.tunnels ?? '-'),
    String(own?.pending ?? '-'),
    own?.relay ?? '-',
    String(restarts),
  ]);
  const table = renderTable([['carrier', 'state', 'pid', 'tunnels', 'pending', 'relay', 'restarts'], ...carriers], '');
  return `${renderTable(facts, '')}\n\n${table}\n`;
}
