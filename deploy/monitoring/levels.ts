// Beyond which numbers somebody has to act, and why: shared by the rules of Prometheus here and the alarms of CloudWatch in deploy/cdk.

import { type Blame, type ReasonCode, REASONS } from '../../proxy/core/fault.ts';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Share of opens that may fail: 99.9 % in 28 days succeed (docs/slos.md, S1). */
export const ERROR_BUDGET = 0.001;
/** How many times faster than even the budget is spent: the defaults of the SRE workbook, chapter 5. At these it is gone in two days, and in five. */
export const BURN_FAST = 14.4;
export const BURN_SLOW = 6;

/** A machine with a fifth left takes over its share of a lost neighbour's tunnels (one of five), and no more. */
export const HEADROOM_LEAST = 0.2;
/** Every open waits several turns of the loop; at a tenth of a second each they are felt. */
export const LOOP_DELAY_MOST_S = 0.1;
/** A renewal by DNS takes minutes, one that fails for an unknown reason takes people: three weeks to do it by day, two before it is urgent. */
export const CERTIFICATE_SOON_S = 21 * DAY_S;
export const CERTIFICATE_LEAST_S = 14 * DAY_S;
/** Shares are of no use over a handful of opens. */
export const OPENS_THAT_COUNT = 20;
/** The slowest of a hundred has to be one of a hundred. */
export const OPENS_FOR_P99 = 100;
/** `limits.pending`, unless the file says otherwise. */
export const PENDING_MOST = 10_000;
/** Of that: beyond the whole of it connections are turned away, good ones too. */
export const PENDING_MOST_SHARE = 0.5;
/** `drain.deadline` is two hours unless the file says otherwise; behind it and an hour more nothing ends by itself. */
export const RETIREMENT_LATE_S = 3 * HOUR_S;
/** An open that takes longer is one of which agents complain (docs/slos.md, S2). */
export const OPEN_MOST_S = 2;
/** AWS's own default for an account's CONNECT requests in a second; ask Service Quotas for yours, and correct the rule. */
export const ACCOUNT_CONNECTS_PER_S = 500;
/** At half of it a storm still has room to grow while somebody gets up. */
export const STORM_SHARE = 0.5;
/** Agents that are gone and not back, of a fleet large enough that a share says something. */
export const TUNNELS_LOST_SHARE = 0.05;
export const TUNNELS_THAT_COUNT = 100;
/** Checked three times as often as Prometheus asks, a node that restarts is back before. */
export const NODE_OUT_S = 2 * MINUTE_S;
/** Times their rate of the day before, and by themselves more than agents with one wrong setting cause. */
export const STRANGERS_TIMES = 10;
export const STRANGERS_PER_S = 10;

export function reasonsBlaming(blame: Blame): ReasonCode[] {
  return (Object.keys(REASONS) as ReasonCode[]).filter((code) => REASONS[code].blame === blame);
}

/** A drain is ours to plan: what it refuses is counted where it is planned, and says nothing of the node. */
export function failedReasonsBlaming(blame: Blame): ReasonCode[] {
  return reasonsBlaming(blame).filter((code) => code !== 'DRAINING');
}

/** What spends the budget. */
export const FAILED_REASONS: readonly ReasonCode[] = [...failedReasonsBlaming('upstream'), ...failedReasonsBlaming('proxy')];
