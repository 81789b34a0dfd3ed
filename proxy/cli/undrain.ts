// `pinhole undrain`: a node that drains takes new tunnels again.

import { readArguments } from './arguments.ts';
import { giveOrder } from './drain.ts';
import type { OperateIo } from './find-node.ts';
import { findNode, NODE_OPTIONS, NODE_USAGE } from './find-node.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './io.ts';

const USAGE = `Usage: pinhole undrain [-c FILE | --runtime DIR] [--json]

Ends a drain, at whatever point it is: nothing more is closed, new tunnels are served, and /ready says yes. Nothing happens where the node
does not drain.

${NODE_USAGE}`;

export async function runUndrain(args: readonly string[], io: OperateIo): Promise<number> {
  const read = readArguments(args, NODE_OPTIONS);
  if (!read.ok) {
    io.stderr(`pinhole undrain: ${read.why}\n`);
    return EXIT_USAGE;
  }
  if (read.values['help'] === true) {
    io.stdout(USAGE);
    return EXIT_OK;
  }
  const runtime = await findNode(read, 'undrain', io);
  if (typeof runtime === 'number') return runtime;
  const ended = await giveOrder(runtime, 'end', 'undrain', io);
  if (ended === null) return EXIT_FAILED;
  const words = ended.changed ? 'The node takes new tunnels again.' : 'The node does not drain.';
  io.stdout(read.values['json'] === true ? `${JSON.stringify(ended)}\n` : `${words}\n`);
  return EXIT_OK;
}
