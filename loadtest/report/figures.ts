// Every figure of a report, from the record of a run alone. Pure; null, with words, where the run could not show it.

import type { ProbeSeen, RunRecord } from '../run-record.ts';
import type { FigureName } from '../scenario.ts';
import { Histogram } from '../shared/histogram.ts';
import { besideP99, kibPerSlowReader } from './beside.ts';
import { drainedShare, drainPace } from './drain.ts';
import { type Figure, grouped, holes, seen, unseen } from './figure.ts';
import { generatorShare } from './load.ts';
import { kibPerTunnel, memoryGrowth } from './memory.ts';
import { achievedRate } from './rates.ts';
import { recoveryByQuota } from './recovery.ts';
import { closeFrom, sumOf } from './seen.ts';
import { backAtEnd, descriptorsBack, messagesAnswered, openSuccess, survivorsDropped, unexpectedDrops } from './sessions.ts';

export type Figures = Readonly<Record<FigureName, Figure>>;

/** A 99th percentile of fewer values than this is its largest, or chance. */
const P99_LEAST = 100;
/** Of the messages past the proxy: more than that, and a p99 says nothing of them. */
const MISSING_MOST = 0.01;

const FIGURES: Readonly<Record<FigureName, (record: RunRecord) => Figure>> = {
  openSuccess,
  unexpectedDrops,
  survivorsDropped,
  drainedShare,
  drainPace,
  backAtEnd,
  messagesAnswered,
  achievedRate,
  addedP99Us: ({ probe }) => addedP99(probe),
  besideP99Us: besideP99,
  kibPerSlowReader,
  kibPerTunnel,
  recoveryByQuota,
  connectsOverQuota,
  refusalsWithRetryAfter: ({ probe }) => retryAfter(probe),
  descriptorsBackSeconds: descriptorsBack,
  generatorShare,
  memoryGrowthPerHour: memoryGrowth,
};

export const FIGURE_NAMES = Object.keys(FIGURES) as readonly FigureName[];

export function figuresOf(record: RunRecord): Figures {
  return Object.fromEntries(FIGURE_NAMES.map((name) => [name, FIGURES[name](record)])) as Figures;
}

/** A turn without an answer is the slowest there was. Past the proxy nobody can say what it would have been, so few may be missing there. */
function addedP99(probe: ProbeSeen | null): Figure {
  if (probe === null) return unseen('the probe did not run');
  const { missing } = probe;
  const [through, past] = [Histogram.of([probe.throughUs]), Histogram.of([probe.directUs])];
  const pastAll = past.count + missing.past;
  if (missing.past > pastAll * MISSING_MOST)
    return unseen(
      `past the proxy ${grouped(missing.past)} of ${grouped(pastAll)} messages had no answer: there is nothing to compare with`,
    );
  for (let count = 0; count < missing.through; count += 1) through.add(missing.afterMs * 1_000);
  const fewest = Math.min(through.count, past.count);
  const [throughP99, pastP99] = [through.quantile(0.99), past.quantile(0.99)];
  if (fewest < P99_LEAST || throughP99 === null || pastP99 === null) {
    return unseen(`a p99 takes ${P99_LEAST} round trips through the proxy and as many past it; the fewer were ${grouped(fewest)}`);
  }
  const unanswered =
    missing.through === 0 ? '' : `, ${grouped(missing.through)} of them without an answer, which count ${missing.afterMs / 1_000} s`;
  return seen(
    throughP99 - pastP99,
    `p99 ${grouped(throughP99)} µs through the proxy (${grouped(through.count)} messages${unanswered}), ${grouped(pastP99)} µs past it (${grouped(past.count)})`,
  );
}

function connectsOverQuota(record: RunRecord): Figure {
  if (record.scenario.quota === null) return unseen('the far end of this run takes any number of CONNECTs');
  const end = closeFrom(record);
  const seconds = record.seconds.filter(({ at }) => at < end);
  const read = seconds.flatMap(({ farEnd }) => farEnd ?? []);
  const why = holes(seconds.length, read.length, 'what the far end took');
  if (why !== null) return unseen(why);
  const over = sumOf(read, ({ overQuota }) => overQuota);
  return seen(
    over,
    `${grouped(over)} of ${grouped(sumOf(read, ({ connects }) => connects))} CONNECTs came above ${record.scenario.quota}/s at the far end`,
  );
}

/** 429 and 503 are the refusals for rate and room; others are final, and waiting helps nobody. */
function retryAfter(probe: ProbeSeen | null): Figure {
  if (probe === null) return unseen('the probe did not run');
  const refusals = probe.refusals.filter(({ status }) => status === 429 || status === 503);
  const all = sumOf(refusals, ({ count }) => count);
  if (all === 0) return unseen('the probe was refused nothing for rate');
  const carried = sumOf(refusals, ({ retryAfterSeconds }) => retryAfterSeconds?.count ?? 0);
  return seen(carried / all, `${grouped(carried)} of ${grouped(all)} refusals with 429 or 503 carried Retry-After`);
}
