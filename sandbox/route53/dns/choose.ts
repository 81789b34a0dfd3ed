// Which of a name's records an answer holds, by the rules of the guide ("How Route 53 chooses records when health checking is configured").
// Pure.

import { MULTIVALUE_MAX } from '../limits.ts';
import type { RecordSet } from '../record-set.ts';

/** `records` have one name and one type. `random` gives 0 up to 1. */
export function chooseRecords(
  records: readonly RecordSet[],
  isHealthy: (record: RecordSet) => boolean,
  random: () => number,
): readonly RecordSet[] {
  const [first] = records;
  if (first === undefined) return [];
  if (first.weight !== undefined) return chooseWeighted(records, isHealthy, random);
  if (first.isMultivalue === true) return chooseMany(records, isHealthy, random);
  return records;
}

/** One of the healthy ones with a weight; of those without where there is none; of all by weight where nobody is healthy. */
function chooseWeighted(records: readonly RecordSet[], isHealthy: (record: RecordSet) => boolean, random: () => number): RecordSet[] {
  const hasWeight = ({ weight = 0 }: RecordSet): boolean => weight > 0;
  const healthy = records.filter(isHealthy);
  const inPlay = healthy.length > 0 ? healthy : records;
  const weighted = inPlay.filter(hasWeight);
  return weighted.length > 0 ? [byWeight(weighted, ({ weight = 0 }) => weight, random)] : [byWeight(inPlay, () => 1, random)];
}

function byWeight(records: readonly RecordSet[], weightOf: (record: RecordSet) => number, random: () => number): RecordSet {
  let left = random() * records.reduce((sum, record) => sum + weightOf(record), 0);
  for (const record of records) {
    left -= weightOf(record);
    if (left < 0) return record;
  }
  // Not reached while random is below 1.
  return records[0] as RecordSet;
}

/** Up to eight of the healthy ones, or of all where none is, in an order of chance. */
function chooseMany(records: readonly RecordSet[], isHealthy: (record: RecordSet) => boolean, random: () => number): RecordSet[] {
  const healthy = records.filter(isHealthy);
  const left = [...(healthy.length > 0 ? healthy : records)];
  const chosen: RecordSet[] = [];
  while (left.length > 0 && chosen.length < MULTIVALUE_MAX) chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen;
}
