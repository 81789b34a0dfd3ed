// Which report says what for the card.

import { type Figure, grouped } from '../report/figure.ts';
import type { Summary } from '../report/summary.ts';
import type { TunnelCosts } from './arithmetic.ts';

export interface CardInputs {
  readonly costs: TunnelCosts;
  /** From which run each of them comes. */
  readonly from: Readonly<Record<keyof TunnelCosts, string>>;
  readonly isSynthetic: boolean;
}

/**
 * Or, in words, what is missing. What has a confidence is taken at its upper end: a card that is too small costs money, one that is too large an
 * outage.
 */
export function inputsOf(summaries: readonly Summary[]): CardInputs | string {
  const usable = summaries.filter(({ scenario, verdict }) => scenario.through === 'pinhole' && verdict.outcome !== 'not a valid run');
  if (usable.length === 0) return 'no valid run through Pinhole among the reports: a run that is not valid says nothing of a node';

  const largest = usable.toSorted((one, other) => other.totals.mostEstablished - one.totals.mostEstablished);
  // What costs nothing was not measured: by it a node would hold any number.
  const isCost = (value: number | null): boolean => value !== null && value > 0;
  const held = largest.find(({ memory, costs }) => isCost(memory?.fit.high ?? null) && isCost(costs.emptyKib.value));
  const opens = preferring(largest, 'opens').find(({ costs }) => isCost(costs.cpuUsPerOpen.value));
  const messages = preferring(largest, 'messages').find(({ costs }) => isCost(costs.cpuUsPerMessage.value));
  const memory = held?.memory ?? null;
  if (held === undefined || memory === null) return 'no report has the memory of a tunnel: give one of `hold`';
  if (opens === undefined) return 'no report has the CPU of an open: give one of `opens`, or of `hold`';
  if (messages === undefined) return 'no report has the CPU of a message: give one of `messages`, or of `hold`';

  const empty = (held.costs.emptyKib.value ?? 0) / held.scenario.nodes / 1_024;
  return {
    costs: {
      userKib: memory.fit.high,
      emptyMib: empty,
      cpuUsPerMessage: upperEnd(messages.costs.cpuUsPerMessage),
      cpuUsPerOpen: upperEnd(opens.costs.cpuUsPerOpen),
    },
    from: {
      userKib: `${named(held)}: ${held.figures.kibPerTunnel.words}${UPPER}`,
      emptyMib: `${named(held)}: ${held.costs.emptyKib.words}, by ${held.scenario.nodes} nodes`,
      cpuUsPerMessage: wordsOf(messages, messages.costs.cpuUsPerMessage),
      cpuUsPerOpen: wordsOf(opens, opens.costs.cpuUsPerOpen),
    },
    isSynthetic: summaries.some(({ isSynthetic }) => isSynthetic),
  };
}

const UPPER = '; the upper end is taken';

function upperEnd({ value, high }: Figure): number {
  return high ?? value ?? 0;
}

function wordsOf(summary: Summary, { words, high }: Figure): string {
  return `${named(summary)}: ${words}${high === undefined ? '' : UPPER}`;
}

/** Runs that were made to measure it go before those that only did it, too. */
function preferring(summaries: readonly Summary[], kind: Summary['scenario']['work']['kind']): readonly Summary[] {
  return [
    ...summaries.filter(({ scenario }) => scenario.work.kind === kind),
    ...summaries.filter(({ scenario }) => scenario.work.kind !== kind),
  ];
}

function named({ scenario, began, totals }: Summary): string {
  return `${scenario.name} of ${began.slice(0, 10)}, ${grouped(totals.mostEstablished)} tunnels`;
}
