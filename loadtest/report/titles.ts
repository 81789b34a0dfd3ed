// How figures and outcomes are called where people read them.

import type { FigureName } from '../scenario.ts';
import type { Outcome } from './parts.ts';

export const TITLES: Readonly<Record<FigureName, string>> = {
  openSuccess: 'Opens that succeeded, outside of faults and within the knee',
  unexpectedDrops: 'Sessions that ended unasked',
  survivorsDropped: 'Sessions lost on nodes to which nothing was done',
  drainedShare: 'Given up by a node in its drain',
  drainPace: 'Pace of a drain, by its rate',
  backAtEnd: 'Sessions that stood at the end, of those wanted',
  messagesAnswered: 'Messages that were answered',
  achievedRate: 'Achieved of the asked rate, at the worst',
  addedP99Us: 'Added to the p99 of a round trip',
  besideP99Us: 'Added to the p99 of ten seconds by others beside the agents',
  kibPerSlowReader: 'Memory of a slow reader',
  kibPerTunnel: 'Memory of a tunnel',
  recoveryByQuota: 'Back after a kill, by the least that the quota allows',
  connectsOverQuota: 'CONNECTs above the quota at the far end',
  refusalsWithRetryAfter: 'Refusals for rate with Retry-After',
  descriptorsBackSeconds: 'Descriptors back after the last close',
  generatorShare: 'CPU of the generators, of the machine',
  memoryGrowthPerHour: 'Growth of memory an hour, over the hold',
};

export const OUTCOMES: Readonly<Record<Outcome, string>> = { pass: 'Pass', fail: 'Fail', 'not a valid run': 'Not a valid run' };
