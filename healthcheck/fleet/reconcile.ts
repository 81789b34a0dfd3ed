// One round: read, plan, carry out. Where the zone changed under our hands, once more from the start.

import type { Clock } from '../clock.ts';
import { withDrained } from './drained.ts';
import type { Fleet } from './fleet.ts';
import type { Observed } from './observed.ts';
import { isEmpty, makePlan, type Plan } from './plan.ts';
import type { Caller } from './route53/caller.ts';
import { observe } from './route53/read.ts';
import { applyPlan, Overtaken } from './route53/write.ts';
import { FleetTrouble } from './trouble.ts';

/** Two reconcilers agree after one; more is somebody who works against us. */
const ROUNDS_MAX = 3;

export interface RoundDeps {
  readonly caller: Caller;
  readonly clock: Clock;
  readonly report: (step: string) => void;
}

export interface Round {
  /** As the file says, but for slots that are drained: they have no weight. */
  readonly fleet: Fleet;
  readonly observed: Observed;
  readonly plan: Plan;
}

/** Whether this round may take load from a slot, given what was read. */
export type MayWithdraw = (observed: Observed) => boolean;

export async function look(caller: Caller, fleet: Fleet, mayWithdraw: MayWithdraw): Promise<Round> {
  const observed = await observe(caller, fleet);
  const drained = withDrained(fleet, observed);
  return { fleet: drained, observed, plan: makePlan(drained, observed, mayWithdraw(observed)) };
}

/** `onPlan` is told of each plan before it is carried out. Gives back the last one. */
export async function reconcile(deps: RoundDeps, fleet: Fleet, mayWithdraw: MayWithdraw, onPlan: (round: Round) => void): Promise<Round> {
  for (let round = 1; ; round += 1) {
    const found = await look(deps.caller, fleet, mayWithdraw);
    onPlan(found);
    const { plan, observed } = found;
    if (plan.conflicts.length > 0) throw new FleetTrouble('RECORDS_OF_OTHERS', plan.conflicts.join('; '));
    if (isEmpty(plan)) return found;
    try {
      await applyPlan(deps, found.fleet, observed.zone, plan);
      return found;
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      if (round === ROUNDS_MAX) throw error.cause;
      deps.report(`${error.message}: the zone is not as it was read; reading it again`);
    }
  }
}
