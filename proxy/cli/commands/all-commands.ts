// Every command, in the order in which `help` and docs/cli.md have them.

import type { Command } from './command.ts';
import { CHECK, EXPLAIN, REHEARSE, SERVE, TOKEN } from './node-commands.ts';
import { CLOSE, DRAIN, RELOAD, STATUS, TOP, TUNNELS, UNDRAIN, UPGRADE } from './operate-commands.ts';
import { ADDRESSES, AGENT, COMPLETION, DOCTOR, FLEET, GAMEDAY, HELP, LOADTEST, SANDBOX } from './other-commands.ts';

export const COMMANDS: readonly Command[] = [
  ...[SERVE, CHECK, EXPLAIN, REHEARSE],
  ...[STATUS, TUNNELS, TOP, CLOSE, DRAIN, UNDRAIN, RELOAD, UPGRADE],
  ...[TOKEN, ADDRESSES],
  ...[FLEET, SANDBOX, GAMEDAY, LOADTEST, AGENT, DOCTOR],
  ...[COMPLETION, HELP],
];
