// `pinhole status`: how a running node is. Asks its carriers themselves, so it works while control is being started again.

import type { NodeStatus } from '../control/node-status.ts';
import { gatherStatus } from '../control/node-status.ts';
import { renderHostPort } from '../supervisor/listen-sockets.ts';
import { STATUS } from './commands/operate-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { EXIT_FAILED, EXIT_OK } from './io.ts';
import { renderDuration } from './durations.ts';
import type { OperateIo } from './find-node.ts';
import { FIND_MS, findNode, hasJustEnded } from './find-node.ts';
import { renderProgress } from './progress.ts';
import { renderTable } from './table.ts';

export async function runStatus(args: readonly string[], io: OperateIo): Promise<number> {
  const read = readCommand(STATUS, args, io);
  if (typeof read === 'number') return read;
  const runtime = await findNode(read.values, 'status', io);
  if (typeof runtime === 'number') return runtime;
  const status = await gatherStatus(runtime, io.clock, FIND_MS);
  if (!status) {
    io.stderr(hasJustEnded('status', runtime));
    return EXIT_FAILED;
  }
  io.stdout(read.values['json'] === true ? `${JSON.stringify(status)}\n` : renderStatus(status, io.clock.wallMs()));
  return EXIT_OK;
}

function renderStatus(status: NodeStatus, nowMs: number): string {
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
    ['file', renderConfiguration(status.configuration, nowMs)],
    ['control', `${status.control.state}${status.control.pid === null ? '' : `, pid ${status.control.pid}`}`],
    ['tunnels', `${status.tunnels} of ${cap}`],
    ['opens', `${status.opensPerSecond} a second, ${status.opened} since the start`],
    ['pending', `${status.pending} connections without a request yet`],
    ['refused', refused.length === 0 ? 'none' : refused.map(([code, count]) => `${code} ${count}`).join(', ')],
  ];
  const generations = status.generations
    .filter(({ state }) => state !== 'current')
    .map((other) => ['generation', renderGeneration(other, nowMs)]);
  const carriers = status.carriers.map(({ generation, slot, state, pid, restarts, status: own }) => [
    String(slot),
    String(generation),
    own || pid === null ? state : `${state}, does not answer`,
    pid === null ? '-' : String(pid),
    String(own?.tunnels ?? '-'),
    String(own?.pending ?? '-'),
    own?.relay ?? '-',
    own?.policyVersion ?? '-',
    String(restarts),
  ]);
  const table = renderTable(
    [['carrier', 'generation', 'state', 'pid', 'tunnels', 'pending', 'relay', 'policy version', 'restarts'], ...carriers],
    '',
  );
  return `${renderTable([...facts, ...generations], '')}\n\n${table}\n`;
}

function renderGeneration({ generation, version, state, deadlineAtMs }: NodeStatus['generations'][number], nowMs: number): string {
  const until = deadlineAtMs === null ? '' : `: closes what could not be moved within ${renderDuration(Math.max(0, deadlineAtMs - nowMs))}`;
  return `${generation} (${version}), ${state}${until}`;
}

/** The last attempt to change it is worth a word only where it left it as it was: what is in the file is then not what is in use. */
function renderConfiguration({ file, policyVersion, sinceMs, last }: NodeStatus['configuration'], nowMs: number): string {
  const inUse = `${file}, policy version ${policyVersion} for ${renderDuration(Math.max(0, nowMs - sinceMs))}`;
  if (!last || last.outcome === 'taken' || last.outcome === 'unchanged') return inUse;
  const why = last.why ?? (last.outcome === 'bad' ? last.problems[0] : `${last.atStart.map(({ key }) => key).join(', ')}: at a start only`);
  return `${inUse}; not taken ${renderDuration(Math.max(0, nowMs - last.atMs))} ago: ${why}`;
}
