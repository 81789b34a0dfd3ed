// Hostile clients beside the agents, in a process of their own: told by its argument, it says in one line of JSON how they fared. SIGTERM, and
// the end of whoever started it, end it.

import { flood } from './flood.ts';
import type { HostilePlan } from './orders.ts';
import { readSlowly } from './slow-reader.ts';

const plan = JSON.parse(process.argv[2] ?? '') as HostilePlan;
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => stop.abort());
process.stdin.on('end', () => stop.abort()).on('error', () => stop.abort());
process.stdin.resume();

const summary =
  plan.work.kind === 'slow-readers' ? await readSlowly(plan, plan.work, stop.signal) : await flood(plan, plan.work, stop.signal);
process.stdout.write(`${JSON.stringify(summary)}\n`, () => process.exit());
