import { awsDown } from './days/aws-down.ts';
import { awsUnreachableFromOne } from './days/aws-unreachable-from-one.ts';
import { certificateExpires } from './days/certificate-expires.ts';
import { clockJumps } from './days/clock-jumps.ts';
import { dnsDead } from './days/dns-dead.ts';
import { nodeHangs } from './days/node-hangs.ts';
import { nodeKilled } from './days/node-killed.ts';
import { route53Down } from './days/route53-down.ts';
import { twoNodesFlapping } from './days/two-nodes-flapping.ts';
import type { GameDay } from './day.ts';

/** In the order of docs/gamedays.md. */
export const GAME_DAYS: readonly GameDay[] = [
  nodeKilled,
  nodeHangs,
  awsDown,
  awsUnreachableFromOne,
  certificateExpires,
  route53Down,
  dnsDead,
  clockJumps,
  twoNodesFlapping,
];
