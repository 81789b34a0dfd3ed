// `close`: ends open tunnels at once, by their ids or all of a tenant. Works while control is dead.

import { closeTenant, closeTunnels } from '../control/close-orders.ts';
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
const NOBODY = 'no carrier answers';

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
  return tenant === undefined ? endTunnels(runtime, ids, isJson, io) : endTenant(runtime, tenant, isJson, io);
}

function mistakeIn(tenant: string | undefined, ids: readonly string[]): string | null {
  if (tenant !== undefined && ids.length > 0) return 'give ids or --tenant, not both';
  if (tenant === undefined && ids.length === 0) return 'give the ids of tunnels, or --tenant';
  if (tenant === '') return '--tenant is empty';
  if (ids.length > IDS_MAX) return `at most ${IDS_MAX} ids at once`;
  const wrong = ids.find((id) => !ID.test(id));
  return wrong === undefined ? null : `${wrong}: an id has 20 letters and digits, as \`pinhole tunnels\` shows them`;
}

async function endTenant(runtime: string, tenant: string, isJson: boolean, io: OperateIo): Promise<number> {
  const told = await closeTenant({ runtime, clock: io.clock }, tenant, actorOf(io));
  if (told === null) return complain(NOBODY, EXIT_FAILED, io);
  const { closed, silent } = told;
  if (isJson) io.stdout(`${JSON.stringify({ tenant, closed, silent })}\n`);
  else io.stdout(`closed ${closed === 1 ? '1 tunnel' : `${closed} tunnels`} of ${tenant}\n`);
  return saySilent(silent, io) ? EXIT_OK : EXIT_FAILED;
}

async function endTunnels(runtime: string, ids: readonly string[], isJson: boolean, io: OperateIo): Promise<number> {
  const told = await closeTunnels({ runtime, clock: io.clock }, ids, actorOf(io));
  if (told === null) return complain(NOBODY, EXIT_FAILED, io);
  const { closed, onTheWay, unknown, silent } = told;
  if (isJson) io.stdout(`${JSON.stringify(told)}\n`);
  else for (const id of closed) io.stdout(`closed ${id}\n`);
  for (const id of onTheWay)
    complain(`${id}: told to end already, or going over to another generation: look again in a moment`, EXIT_FAILED, io);
  for (const id of unknown) complain(`${id}: no open tunnel has this id`, EXIT_FAILED, io);
  return saySilent(silent, io) && closed.length === ids.length ? EXIT_OK : EXIT_FAILED;
}

/** True where everybody has answered. */
function saySilent(silent: readonly string[], io: OperateIo): boolean {
  for (const carrier of silent) complain(`carrier ${carrier} does not answer, and may have some`, EXIT_FAILED, io);
  return silent.length === 0;
}

function complain(line: string, code: number, io: OperateIo): number {
  io.stderr(`pinhole close: ${line}\n`);
  return code;
}
