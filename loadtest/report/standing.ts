// Whether the nodes hold what k6 says that it holds. With a ping a minute a tunnel that is gone would be missed a minute later, or never.

import type { RunRecord } from '../run-record.ts';
import { grouped } from './figure.ts';
import { secondsOf, tunnelsOfAll } from './seen.ts';

/** So many seconds on end: a node is read once a second, and may say what was a moment ago. */
const FOR_S = 10;
/** Of them. The probe's own are the nodes' besides. */
const SHARE_LEAST = 0.99;

/** Why k6 cannot have held its sessions through the nodes, in words; empty where it can. While nothing is done to the fleet: tunnels rest then. */
export function notStanding(record: RunRecord): readonly string[] {
  const { scenario, honesty, ended, marks } = record;
  if (scenario.through !== 'pinhole' || honesty.isTarget || ended !== 'whole') return [];
  const first = Math.min(...marks.map(({ at }) => at), Infinity);
  let row = 0;
  for (const second of secondsOf(record, 'rest', 'hold')) {
    if (second.at >= first) break;
    const { established } = second.agents;
    const held = tunnelsOfAll(second);
    row = held === null || held >= established * SHARE_LEAST ? 0 : row + 1;
    if (row === FOR_S)
      return [
        `At ${second.at} s k6 said that ${grouped(established)} sessions stood, and the nodes held ${grouped(held ?? 0)} tunnels, for ${FOR_S} s on end.`,
      ];
  }
  return [];
}
