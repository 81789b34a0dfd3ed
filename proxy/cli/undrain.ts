// `pinhole undrain`: a node that drains takes new tunnels again.

import { UNDRAIN } from './commands/operate-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { giveOrder } from './drain.ts';
import type { OperateIo } from './find-node.ts';
import { findNode } from './find-node.ts';
import { EXIT_FAILED, EXIT_OK } from './io.ts';

export async function runUndrain(args: readonly string[], io: OperateIo): Promise<number> {
  const read = readCommand(UNDRAIN, args, io);
  if (typeof read === 'number') return read;
  const runtime = await findNode(read.values, 'undrain', io);
  if (typeof runtime === 'number') return runtime;
  const ended = await giveOrder(runtime, 'end', 'undrain', io);
  if (ended === null) return EXIT_FAILED;
  const words = ended.changed ? 'The node takes new tunnels again.' : 'The node does not drain.';
  io.stdout(read.values['json'] === true ? `${JSON.stringify(ended)}\n` : `${words}\n`);
  return EXIT_OK;
}
