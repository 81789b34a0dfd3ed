// All sights to what there is to say: one finding for each cause, with everything it was seen on, the gravest first. Pure.

import type { Door } from '../doors.ts';
import type { CheckId } from './checks.ts';
import { type CauseId, causeOf, CAUSES, type FixerId } from './causes.ts';
import { isAbsentDoor, judge } from './judge.ts';
import type { Question, Sight } from './sight.ts';

export type Mark = 'good' | 'bad' | 'remark' | 'skipped' | 'absent';

export interface Judged extends Sight {
  readonly mark: Mark;
  readonly cause: CauseId | null;
}

export interface Finding {
  readonly cause: CauseId;
  readonly isRemark: boolean;
  readonly fixer: FixerId;
  readonly checks: readonly CheckId[];
  readonly addresses: readonly string[];
  readonly doors: readonly Door[];
  readonly means: string;
  /** The sentence for the fixer. */
  readonly ask: string;
  /** Pinhole’s ids of the connections, for its operator. */
  readonly requests: readonly string[];
}

export interface Verdict {
  readonly isGood: boolean;
  readonly sights: readonly Judged[];
  readonly findings: readonly Finding[];
}

export function reach(sights: readonly Sight[], question: Question): Verdict {
  const judged = sights.map((sight): Judged => {
    const cause = judge(sight, question, sights);
    return { ...sight, cause, mark: markOf(sight, cause, question) };
  });
  const causes = (Object.keys(CAUSES) as CauseId[]).filter((id) => judged.some(({ cause, mark }) => cause === id && mark !== 'absent'));
  const findings = causes
    .map((cause) =>
      toFinding(
        cause,
        judged.filter((sight) => sight.cause === cause && sight.mark !== 'absent'),
        question,
      ),
    )
    .sort((a, b) => Number(a.isRemark) - Number(b.isRemark));
  const isAnythingGood = judged.some(({ check, mark }) => check === 'aws-answer' && mark === 'good');
  return { isGood: isAnythingGood && findings.every(({ isRemark }) => isRemark), sights: judged, findings };
}

function markOf(sight: Sight, cause: CauseId | null, question: Question): Mark {
  if (sight.skipped !== undefined) return 'skipped';
  if (cause === null) return 'good';
  if (isAbsentDoor(cause, sight, question)) return 'absent';
  return causeOf(cause).isRemark ? 'remark' : 'bad';
}

function toFinding(cause: CauseId, sights: readonly Judged[], { proxyHost, endpoint }: Question): Finding {
  const { fixer, means, ask, isRemark = false } = causeOf(cause);
  const addresses = distinct(sights.map(({ address }) => address));
  const where = addresses.length > 0 ? addresses.join(', ') : proxyHost;
  const seen = distinct(sights.map(({ seen }) => seen))
    .slice(0, SEEN_MAX)
    .join('; ');
  const words: Readonly<Record<string, string>> = { where, target: endpoint, seen };
  return {
    cause,
    isRemark,
    fixer,
    checks: distinct(sights.map(({ check }) => check)),
    addresses,
    doors: distinct(sights.map(({ door }) => door)),
    means,
    // One pass: what was seen may hold braces.
    ask: ask.replace(/\{(where|target|seen)\}/g, (_whole, name: string) => words[name] ?? ''),
    requests: distinct(sights.map(({ trouble }) => trouble?.request)),
  };
}

/** A sentence that nobody reads to its end helps nobody. */
const SEEN_MAX = 3;

function distinct<T>(items: readonly (T | null | undefined)[]): T[] {
  return [...new Set(items.filter((item) => item !== null && item !== undefined))] as T[];
}
