// `close`: ends open tunnels at once, by their ids or all of a tenant. Works while control is dead.

import { askSupervisor, tellJson } from '../control/ask.ts';
import { CLOSE_TENANT_PATH, CLOSE_TUNNELS_PATH, type TenantClosed, type TunnelsClosed } from '../control/carrier-api.ts';
import { carrierSocket } from '../core/runtime-files.ts';
import { textOf } from './arguments.ts';
import { CLOSE } from './commands/operate-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { actorOf } from './drain.ts';
import type { OperateIo } from './find-node.ts';
import { findNode } from './find-node.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';

/** As records have them: 20 characters of base32. In lower case too, since somebody may have typed it off. */
const ID = /^[A-Z2-7]{20}$/i;
/** What fits into one request. */
const IDS_MAX = 100;

export async function runClose(args: readonly string[], io: OperateIo): Promise<number> {
  const read = readCommand(CLOSE, args, io);
  if (typeof read === 'number') return read;
  const tenant = textOf(read.values, 'tenant');
  const ids = [...new Set(read.words.map((id) => id.toUpperCase()))];
  const mistake = mistakeIn(tenant, ids);
  if (mistake !== null) return complain(mistake, EXIT_USAGE, io);
  const runtime = await findNode(read.values, 'close', io);
  if (typeof runtime === 'number') return runtime;
  const isJson = read.values['json'] === true;
  return tenant === undefined ? closeTunnels(runtime, ids, isJson, io) : closeTenant(runtime, tenant, isJson, io);
}

function mistakeIn(tenant: string | undefined, ids: readonly string[]): string | null {
  if (tenant !== undefined && ids.length > 0) return 'give ids or --tenant, not both';
  if (tenant === undefined && ids.length === 0) return 'give the ids of tunnels, or --tenant';
  if (tenant === '') return '--tenant is empty';
  if (ids.length > IDS_MAX) return `at most ${IDS_MAX} ids at once`;
  const wrong = ids.find((id) => !ID.test(id));
  return wrong === undefined ? null : `${wrong}: an id has 20 letters and digits, as \`pinhole tunnels\` shows them`;
}

async function closeTenant(runtime: string, tenant: string, isJson: boolean, io: OperateIo): Promise<number> {
  const { answers, silent } = await tellAll(runtime, CLOSE_TENANT_PATH, { tenant, by: actorOf(io) }, io);
  const closed = answers.reduce<number>((sum, answer) => sum + (answer as TenantClosed).closed, 0);
  if (isJson) io.stdout(`${JSON.stringify({ tenant, closed, silent })}\n`);
  else io.stdout(`closed ${closed === 1 ? '1 tunnel' : `${closed} tunnels`} of ${tenant}\n`);
  return answers.length > 0 && saySilent(silent, io) ? EXIT_OK : EXIT_FAILED;
}

async function closeTunnels(runtime: string, ids: readonly string[], isJson: boolean, io: OperateIo): Promise<number> {
  const { answers, silent } = await tellAll(runtime, CLOSE_TUNNELS_PATH, { ids, by: actorOf(io) }, io);
  const closed = answers.flatMap((answer) => (answer as TunnelsClosed).closed);
  const unknown = ids.filter((id) => !closed.includes(id));
  if (isJson) io.stdout(`${JSON.stringify({ closed, unknown, silent })}\n`);
  else for (const id of closed) io.stdout(`closed ${id}\n`);
  for (const id of unknown) complain(`${id}: no open tunnel has this id`, EXIT_FAILED, io);
  return saySilent(silent, io) && unknown.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** What every carrier says, of generations that are retired too, and the slots of those that say nothing. */
async function tellAll(
  runtime: string,
  path: string,
  body: object,
  { clock }: OperateIo,
): Promise<{ readonly answers: readonly unknown[]; readonly silent: readonly number[] }> {
  const { slots = [] } = (await askSupervisor(runtime, clock)) ?? {};
  const told = await Promise.all(
    slots.map(({ generation, slot }) => tellJson(carrierSocket(runtime, generation, slot), path, body, clock)),
  );
  return {
    answers: told.flatMap((answer) => (answer?.status === 200 ? [answer.value] : [])),
    silent: slots.filter((_, index) => told[index]?.status !== 200).map(({ slot }) => slot),
  };
}

/** True where everybody has answered. */
function saySilent(silent: readonly number[], io: OperateIo): boolean {
  for (const slot of silent) complain(`carrier ${slot} does not answer`, EXIT_FAILED, io);
  return silent.length === 0;
}

function complain(line: string, code: number, io: OperateIo): number {
  io.stderr(`pinhole close: ${line}\n`);
  return code;
}
