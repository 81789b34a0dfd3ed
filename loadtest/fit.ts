// A scenario as this machine can run it. Without a network of its own no name can lead to several nodes: what does nothing to a certain node
// then runs with one, and with as many tunnels as that can hold, and says so. Pure.

import { type Machine, planRun, type RigPlan } from './plan.ts';
import { resize, type Sizes } from './resize.ts';
import type { Scenario } from './scenario.ts';

export interface Fitted {
  readonly scenario: Scenario;
  readonly plan: RigPlan;
  /** What it is less than was meant, and why, in words; null where it is as it was meant. */
  readonly shrunk: string | null;
}

/** Of the most that the sums allow: the probe and agents that come back take ports, too. */
const ROOM_SHARE = 0.9;

/** Words where it cannot be run. What the command line asks for is run as it says, or not at all. */
export function fit(found: Scenario, sizes: Sizes, machine: Machine): Fitted | string {
  const meant = sized(found, sizes, machine);
  const isSizeable = sizes.nodes === null && found.nodes > 1 && !found.events.some((event) => 'node' in event);
  if (typeof meant !== 'string' || machine.isIsolated || !isSizeable) return meant;
  const alone = { ...sizes, nodes: 1 };
  const whole = sized(found, alone, machine);
  if (typeof whole !== 'string') return shrunkFrom(found, whole, sizes);
  if (sizes.tunnels !== null) return whole;
  const most = largest(found.tunnels, (tunnels) => typeof sized(found, { ...alone, tunnels }, machine) !== 'string');
  const less = sized(found, { ...alone, tunnels: Math.floor(most * ROOM_SHARE) }, machine);
  return most === 0 || typeof less === 'string' ? whole : shrunkFrom(found, less, sizes);
}

function sized(found: Scenario, sizes: Sizes, machine: Machine): Fitted | string {
  const scenario = resize(found, sizes);
  if (typeof scenario === 'string') return scenario;
  const planned = planRun(scenario, machine);
  return planned.ok ? { scenario, plan: planned.plan, shrunk: null } : planned.refusals.join('\n');
}

function shrunkFrom(found: Scenario, { scenario, plan }: Fitted, { tunnels }: Sizes): Fitted {
  const number = (value: number): string => value.toLocaleString('en');
  const meant = tunnels ?? found.tunnels;
  const fewer = scenario.tunnels === meant ? '' : ` and ${number(scenario.tunnels)} tunnels in place of ${number(meant)}`;
  const shrunk = `One node in place of ${found.nodes}${fewer}: a name that leads to several nodes needs a network of their own, and there was none (run this as root, or where a user may have namespaces: unshare -r -n true).`;
  return { scenario, plan, shrunk };
}

/** The greatest number below `end` of which it holds, where it holds for all below it; 0 for none. */
function largest(end: number, holds: (value: number) => boolean): number {
  let [yes, no] = [0, end];
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}
