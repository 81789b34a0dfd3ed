// `close --tenant`: ends all open tunnels of a tenant at once. Works while control is dead.

import { askSupervisor, tellJson } from '../control/ask.ts';
import { CLOSE_TENANT_PATH, type TenantClosed } from '../control/carrier-api.ts';
import { carrierSocket } from '../core/runtime-files.ts';
import { readArguments, textOf } from './arguments.ts';
import { actorOf } from './drain.ts';
import type { OperateIo } from './find-node.ts';
import { findNode, NODE_FLAGS, NODE_OPTIONS } from './find-node.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';

const USAGE = `Usage: pinhole close --tenant T [-c FILE | --runtime DIR] [--json]

Ends all open tunnels of a tenant at once, in generations that are retired too. It may come back: to shut it out, take it out of the file first.

      --tenant T     whose
${NODE_FLAGS}
      --json         print one JSON object
  -h, --help         this text

Exit codes: 0 every carrier has closed them, 1 one does not answer, or no node does, 64 wrong command line.
`;

export async function runClose(args: readonly string[], io: OperateIo): Promise<number> {
  const read = readArguments(args, { ...NODE_OPTIONS, tenant: { type: 'string' } });
  if (!read.ok) return complain(read.why, EXIT_USAGE, io);
  if (read.values['help'] === true) {
    io.stdout(USAGE);
    return EXIT_OK;
  }
  const tenant = textOf(read.values, 'tenant');
  if (tenant === undefined || tenant === '') return complain('--tenant is missing', EXIT_USAGE, io);
  const runtime = await findNode(read, 'close', io);
  if (typeof runtime === 'number') return runtime;

  const { slots = [] } = (await askSupervisor(runtime, io.clock)) ?? {};
  const answers = await Promise.all(
    slots.map(({ generation, slot }) =>
      tellJson(carrierSocket(runtime, generation, slot), CLOSE_TENANT_PATH, { tenant, by: actorOf(io) }, io.clock),
    ),
  );
  const closed = answers.reduce((sum, answer) => sum + (answer?.status === 200 ? (answer.value as TenantClosed).closed : 0), 0);
  const silent = slots.filter((_, index) => answers[index]?.status !== 200).map(({ slot }) => slot);
  if (read.values['json'] === true) io.stdout(`${JSON.stringify({ tenant, closed, silent })}\n`);
  else io.stdout(`closed ${closed === 1 ? '1 tunnel' : `${closed} tunnels`} of ${tenant}\n`);
  for (const slot of silent) complain(`carrier ${slot} does not answer`, EXIT_FAILED, io);
  return slots.length > 0 && silent.length === 0 ? EXIT_OK : EXIT_FAILED;
}

function complain(line: string, code: number, io: OperateIo): number {
  io.stderr(`pinhole close: ${line}\n`);
  return code;
}
