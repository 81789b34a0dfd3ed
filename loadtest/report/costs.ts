// What the proxies spent on an open and on a message, for the capacity card.

import type { RunRecord, Second } from '../run-record.ts';
import { estimated, type Figure, grouped, seen, unseen } from './figure.ts';
import { fitLine, type Point } from './least-squares.ts';
import { soundFit } from './memory.ts';
import { secondsOf, sumOf } from './seen.ts';

export interface Costs {
  readonly cpuUsPerOpen: Figure;
  /** There and back. */
  readonly cpuUsPerMessage: Figure;
  /** Anonymous memory of all nodes that does not come from tunnels. */
  readonly emptyKib: Figure;
}

/** Fewer opens or messages than this cost less than what a node does by itself. */
const DONE_LEAST = 1_000;

export function costsOf(record: RunRecord): Costs {
  if (record.scenario.through === 'direct') {
    const none = unseen('there is no proxy in this run');
    return { cpuUsPerOpen: none, cpuUsPerMessage: none, emptyKib: none };
  }
  const fit = soundFit(record);
  return {
    cpuUsPerOpen: perOpen(record),
    cpuUsPerMessage: perMessage(record),
    emptyKib:
      fit === null ? unseen('memory was not fitted against tunnels') : seen(fit.intercept, 'the fitted line, where it has no tunnel'),
  };
}

/** All that the proxies did while sessions opened, by the opens: an upper bound. */
function perOpen(record: RunRecord): Figure {
  const kinds = record.scenario.work.kind === 'opens' ? (['ramp', 'step'] as const) : (['ramp'] as const);
  const seconds = withCpu(record, secondsOf(record, ...kinds));
  const opens = sumOf(seconds, ({ second }) => second.agents.opened);
  if (opens < DONE_LEAST) return unseen(`${grouped(opens)} opens are too few to tell their CPU from what a node does by itself`);
  const cpu = sumOf(seconds, (second) => second.cpu);
  return seen((cpu * 1e6) / opens, `${cpu.toFixed(1)} s of CPU for ${grouped(opens)} opens, with everything else that was done meanwhile`);
}

/**
 * The slope of CPU against messages over steps of rising rate, where it can be told from none; else all that was done while tunnels were held,
 * by the messages: an upper bound.
 */
function perMessage(record: RunRecord): Figure {
  const steps = record.scenario.work.kind === 'messages' ? withCpu(record, secondsOf(record, 'step')) : [];
  const fit = fitLine(steps.map(({ second, cpu }): Point => [second.agents.back, cpu]));
  const [slope, low, high] = fit === null ? [0, 0, 0] : [fit.slope * 1e6, fit.low * 1e6, fit.high * 1e6];
  const sure = `95 % sure within ${low.toFixed(1)} to ${high.toFixed(1)} µs`;
  // A slope that may be none at all is what a node does by itself, and chance.
  if (fit !== null && low > 0) return estimated(slope, { low, high }, `slope over ${fit.points} seconds of steps, ${sure}`);
  const held = withCpu(record, secondsOf(record, 'hold'));
  const messages = sumOf(held, ({ second }) => second.agents.back);
  if (fit !== null && messages === 0)
    return unseen(`the slope over ${fit.points} seconds of steps is lost in what nodes do by themselves (${sure})`);
  if (messages < DONE_LEAST) return unseen(`${grouped(messages)} messages are too few to tell their CPU from what a node does by itself`);
  const cpu = sumOf(held, (second) => second.cpu);
  return seen(
    (cpu * 1e6) / messages,
    `${cpu.toFixed(1)} s of CPU for ${grouped(messages)} messages of a hold, with everything else that was done meanwhile`,
  );
}

function withCpu({ scenario }: RunRecord, seconds: readonly Second[]): readonly { readonly second: Second; readonly cpu: number }[] {
  return seconds.flatMap((second) => {
    const cpu = second.roles[scenario.through]?.cpuSeconds;
    return cpu === undefined ? [] : [{ second, cpu }];
  });
}
