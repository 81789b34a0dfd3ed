// `fleet undrain SLOT`: its node takes tunnels again, and then its record has the weight of the file again.

import { checksOf, drainedSince } from './drained.ts';
import { type EmptyingDeps, Stuck, type Teller } from './emptying.ts';
import type { Fleet, Slot } from './fleet.ts';
import { tellNode } from './nodes.ts';
import { look, reconcile } from './reconcile.ts';
import { unmarkDrained } from './route53/write.ts';

const always = (): boolean => true;

/** False where the slot was not drained. Throws Stuck, or a FleetTrouble. */
export async function undrainSlot(deps: EmptyingDeps, fleet: Fleet, slot: Slot, teller: Teller): Promise<boolean> {
  const { observed } = await look(deps.caller, fleet, always);
  await tellNodeFirst(deps, slot, teller);
  if (drainedSince(fleet, observed, slot.id) === null) return false;
  for (const { id } of checksOf(fleet, observed, slot.id)) await unmarkDrained(deps.caller, id);
  teller.step(`${slot.id}: not drained any more`);
  await reconcile({ ...deps, report: (step) => teller.step(step) }, fleet, always, () => {});
  return true;
}

/** Agents that come back must not find a node that drains. One that does not answer has its health check to keep them away. */
async function tellNodeFirst(deps: EmptyingDeps, slot: Slot, teller: Teller): Promise<void> {
  if (slot.admin === null) return;
  const told = await tellNode(slot, '/undrain', {}, deps.actor, deps.clock);
  if ('refused' in told) throw new Stuck(`${slot.id} does not take the order: ${told.refused}; nothing was changed`);
  teller.step(
    'silent' in told ? `${slot.id} does not answer: ${told.silent}; its health check decides` : `${slot.id}: its node takes tunnels`,
  );
}
