// `pinhole upgrade`: has another installation take over from the one that runs a node, says how that goes on, and what became of the open tunnels.
// Asks the supervisor itself, so it works while control is dead.

import { resolve } from 'node:path';
import { orderSupervisor } from '../control/ask.ts';
import { gatherStatus, type NodeStatus } from '../control/node-status.ts';
import type { MoveView, StayReason } from '../core/move.ts';
import type { UpgradeNews, UpgradeResult } from '../core/supervision.ts';
import { textOf } from './arguments.ts';
import { UPGRADE } from './commands/operate-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { renderDuration } from './durations.ts';
import type { OperateIo } from './find-node.ts';
import { findNode } from './find-node.ts';
import { EXIT_FAILED, EXIT_USAGE } from './io.ts';

/** The longest waits of all steps (supervisor/upgrader.ts), behind a change of the configuration that is under way. */
const ANSWER_MS = 300_000;
const LOOK_MS = 500;
/** Tens of thousands of tunnels move in a few seconds. */
const FOLLOW_MS = 60_000;
/** What the supervisor says where it was stopped meanwhile (supervisor/upgrader.ts). */
const STOPS = 'the node stops';

export interface UpgradeIo extends OperateIo {
  readonly pid: number;
  /** The folder that this very code is in. */
  readonly root: string;
}

export async function runUpgrade(args: readonly string[], io: UpgradeIo): Promise<number> {
  const read = readCommand(UPGRADE, args, io);
  if (typeof read === 'number') return read;
  const to = textOf(read.values, 'to');
  const isBack = read.values['back'] === true;
  if (isBack && to !== undefined) return complain('--to and --back exclude each other', EXIT_USAGE, io);
  const runtime = await findNode(read.values, 'upgrade', io);
  if (typeof runtime === 'number') return runtime;

  const isJson = read.values['json'] === true;
  const order = { order: 'upgrade', by: `upgrade (uid ${io.machine.uid}, pid ${io.pid})`, to: isBack ? null : resolve(to ?? io.root) };
  const heard = (news: unknown): void => void (isJson || io.stderr(`${renderNews(news as UpgradeNews)}\n`));
  const answer = await orderSupervisor(runtime, order, { clock: io.clock, timeoutMs: ANSWER_MS, heard });
  if (!isResult(answer)) return complain(errorIn(answer) ?? `the node in ${runtime} gave no answer`, EXIT_FAILED, io);
  const status = answer.outcome === 'upgraded' ? await follow(runtime, io) : null;
  if (isJson) io.stdout(`${JSON.stringify({ ...answer, tunnels: status && countsOf(status) })}\n`);
  else render(answer, status, io);
  return answer.code;
}

function complain(line: string, code: number, io: UpgradeIo): number {
  io.stderr(`pinhole upgrade: ${line}\n`);
  return code;
}

function isResult(answer: unknown): answer is UpgradeResult {
  return typeof answer === 'object' && answer !== null && 'outcome' in answer;
}

/** A supervisor of a version that knows no upgrade says so. */
function errorIn(answer: unknown): string | null {
  return typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer.error === 'string' ? answer.error : null;
}

/** Looks until nothing more is moving; what is left then is held. Null where the node is gone. */
async function follow(runtime: string, { clock }: UpgradeIo): Promise<NodeStatus | null> {
  const giveUpMs = clock.nowMs() + FOLLOW_MS;
  for (;;) {
    const status = await gatherStatus(runtime, clock);
    if (status === null || clock.nowMs() >= giveUpMs || retiredIn(status).every(hasLooked)) return status;
    await new Promise<void>((goOn) => clock.after(LOOK_MS, goOn));
  }
}

type CarrierRow = NodeStatus['carriers'][number];

function retiredIn({ carriers, generation }: NodeStatus): CarrierRow[] {
  return carriers.filter((carrier) => carrier.generation !== generation && carrier.pid !== null);
}

/** Nothing of it is on its way, and all that it holds stays. */
export function hasLooked({ status }: Pick<CarrierRow, 'status'>): boolean {
  if (status === null || status.pending > 0) return false;
  return status.tunnels === 0 || (status.move?.isOver === true && status.tunnels <= heldFor(status.move.stayed));
}

/** Reasons that the next move may not find again: it is being opened, it is about to end, and its heir is away for a moment. */
const FOR_NOW: ReadonlySet<string> = new Set<StayReason>(['opening', 'ending', 'no-receiver']);

/** Tunnels that stay for another reason; one that has come since the move began is in none. */
function heldFor(stayed: MoveView['stayed']): number {
  return Object.entries(stayed).reduce((sum, [reason, count]) => sum + (FOR_NOW.has(reason) ? 0 : count), 0);
}

function countsOf(status: NodeStatus): { readonly current: number; readonly held: number } {
  const tunnelsOf = (rows: readonly CarrierRow[]): number => rows.reduce((sum, { status: own }) => sum + (own?.tunnels ?? 0), 0);
  return {
    current: tunnelsOf(status.carriers.filter(({ generation }) => generation === status.generation)),
    held: tunnelsOf(retiredIn(status)),
  };
}

function renderNews({ step, generation, version }: UpgradeNews): string {
  const which = `generation ${generation} (${version})`;
  switch (step) {
    case 'waiting':
      return 'another change is under way: waiting for it';
    case 'reading':
      return 'reading the configuration by the new version';
    case 'warming':
      return `${which}: making its carriers ready`;
    case 'accepting':
      return `${which}: has tried itself, and accepts`;
    case 'proving':
      return `${which}: holding out beside the one before`;
  }
}

function render(result: UpgradeResult, status: NodeStatus | null, io: UpgradeIo): void {
  const { outcome, generation, version, before, tookMs, problems, why, deadlineAtMs } = result;
  if (outcome === 'upgraded') {
    io.stdout(
      `generation ${generation} (${version}) has taken over from ${before.generation} (${before.version}) in ${(tookMs / 1_000).toFixed(1)} s\n`,
    );
    if (status) io.stdout(`${renderTunnels(countsOf(status), deadlineAtMs, io.clock.wallMs())}\n`);
    return;
  }
  for (const problem of problems) io.stderr(`${problem}\n`);
  // It does not go on where it is the node that was stopped.
  const goesOn = why?.endsWith(STOPS) ? '' : `; the node goes on by generation ${generation} (${version})`;
  io.stderr(`pinhole upgrade: ${why}${goesOn}\n`);
}

function renderTunnels(
  { current, held }: { readonly current: number; readonly held: number },
  deadlineAtMs: number | null,
  nowMs: number,
): string {
  const all = `${current} tunnels go on in it`;
  if (held === 0 || deadlineAtMs === null) return `${all}, and none was left behind`;
  return `${all}; ${held} stay where they are, and are closed at drain.rate within ${renderDuration(Math.max(0, deadlineAtMs - nowMs))}`;
}
