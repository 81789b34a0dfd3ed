// `pinhole tunnels`: the open tunnels of a node, oldest first within each carrier.

import type { CarrierTunnels } from '../control/carrier-api.ts';
import { TUNNEL_PAGE_ROWS } from '../control/carrier-api.ts';
import { askJson, askSupervisor } from '../control/ask.ts';
import type { TunnelRow } from '../core/ports.ts';
import { carrierSocket } from '../core/runtime-files.ts';
import { textOf } from './arguments.ts';
import { TUNNELS } from './commands/operate-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';
import { renderBytes, renderDuration } from './durations.ts';
import type { OperateIo } from './find-node.ts';
import { FIND_MS, findNode, hasJustEnded } from './find-node.ts';
import { renderTable } from './table.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000_000;
/** A page takes a busy carrier longer than a status does. */
const ASK_TIMEOUT_MS = 5_000;

interface FoundTunnels {
  /** Over all carriers that answered. */
  readonly tunnels: number;
  /** Slots that did not answer. */
  readonly silent: readonly number[];
  readonly rows: readonly (TunnelRow & { readonly carrier: number })[];
}

export async function runTunnels(args: readonly string[], io: OperateIo): Promise<number> {
  const read = readCommand(TUNNELS, args, io);
  if (typeof read === 'number') return read;
  const limit = readLimit(textOf(read.values, 'limit'));
  if (limit === null) {
    io.stderr(`pinhole tunnels: --limit: expected a whole number from 1 to ${LIMIT_MAX}\n`);
    return EXIT_USAGE;
  }
  const runtime = await findNode(read.values, 'tunnels', io);
  if (typeof runtime === 'number') return runtime;
  const found = await gatherTunnels(runtime, limit, io);
  if (found === null) {
    io.stderr(hasJustEnded('tunnels', runtime));
    return EXIT_FAILED;
  }
  io.stdout(read.values['json'] === true ? `${JSON.stringify(found)}\n` : renderTunnels(found));
  return EXIT_OK;
}

function readLimit(text: string | undefined): number | null {
  if (text === undefined) return LIMIT_DEFAULT;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= LIMIT_MAX ? limit : null;
}

/** Null where the supervisor does not answer. */
async function gatherTunnels(runtime: string, limit: number, { clock }: OperateIo): Promise<FoundTunnels | null> {
  const supervisor = await askSupervisor(runtime, clock, FIND_MS);
  if (supervisor === null) return null;
  const answers = await Promise.all(
    supervisor.slots.map(async ({ generation, slot }) => ({
      generation,
      slot,
      answer: await gatherOf(carrierSocket(runtime, generation, slot), limit, clock),
    })),
  );
  const rows = answers.flatMap(({ generation, slot, answer }) =>
    (answer?.rows ?? []).map((row) => ({ ...row, generation, carrier: slot })),
  );
  return {
    tunnels: answers.reduce((sum, { answer }) => sum + (answer?.tunnels ?? 0), 0),
    silent: answers.filter(({ answer }) => answer === null).map(({ slot }) => slot),
    rows: rows.toSorted((a, b) => b.ageMs - a.ageMs).slice(0, limit),
  };
}

/** Page by page, so that no carrier is held up; null where it does not answer. A tunnel that ends meanwhile may be in the list. */
async function gatherOf(
  socket: string,
  limit: number,
  clock: OperateIo['clock'],
): Promise<Pick<CarrierTunnels, 'tunnels' | 'rows'> | null> {
  const rows: TunnelRow[] = [];
  let after: number | null = 0;
  let tunnels = 0;
  while (after !== null && rows.length < limit) {
    const path = `/tunnels?limit=${Math.min(TUNNEL_PAGE_ROWS, limit - rows.length)}&after=${after}`;
    const page = (await askJson(socket, path, clock, ASK_TIMEOUT_MS)) as CarrierTunnels | null;
    if (page === null) return null;
    rows.push(...page.rows);
    ({ next: after, tunnels } = page);
  }
  return { tunnels, rows };
}

function renderTunnels({ tunnels, silent, rows }: FoundTunnels): string {
  const head = ['id', 'door', 'tenant', 'target', 'client', 'age', 'idle', 'up', 'down', 'phase'];
  const lines = rows.map((row) => [
    row.id,
    row.door ?? '-',
    row.tenant ?? '-',
    row.target ?? '-',
    row.client,
    renderDuration(row.ageMs),
    renderDuration(row.idleMs),
    renderBytes(row.bytesUp),
    renderBytes(row.bytesDown),
    row.phase,
  ]);
  const notes = silent.map((slot) => `carrier ${slot} does not answer\n`);
  if (rows.length < tunnels) notes.push(`${rows.length} of ${tunnels} tunnels shown; --limit shows more\n`);
  if (rows.length === 0) return `${silent.length === 0 ? 'no open tunnel\n' : ''}${notes.join('')}`;
  return `${renderTable([head, ...lines], '')}\n${notes.join('')}`;
}
