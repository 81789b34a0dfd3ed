// The words of `fleet drain` and `fleet undrain`: what was done, and what to do next.

import { drainSlot } from './drain.ts';
import type { EmptyingDeps, Teller } from './emptying.ts';
import type { Fleet, Slot } from './fleet.ts';
import { undrainSlot } from './undrain.ts';

const EXIT_OK = 0;
const EXIT_FAILED = 1;

/** `file` is FLEET.yaml, as it was named. */
export type OfSlot = (deps: EmptyingDeps, fleet: Fleet, slot: Slot, teller: Teller, file: string) => Promise<number>;

export const drain: OfSlot = async (deps, fleet, slot, teller, file) => {
  const back = `pinhole fleet undrain ${slot.id} -c ${file}`;
  const emptied = await drainSlot(deps, fleet, slot, teller);
  if (emptied === 'drained') {
    teller.done(
      'drained',
      `${slot.id} is empty and without weight; replace its node, or work on it. To bring it back, with a node that is ready:\n  ${back}`,
    );
    return EXIT_OK;
  }
  teller.done(
    'interrupted',
    `${slot.id} stays without weight. The same command goes on where this one was; or, to bring it back:\n  ${back}`,
  );
  return EXIT_FAILED;
};

export const undrain: OfSlot = async (deps, fleet, slot, teller) => {
  const wasDrained = await undrainSlot(deps, fleet, slot, teller);
  teller.done('undrained', wasDrained ? `${slot.id} has the weight of the file again.` : `${slot.id} was not drained.`);
  return EXIT_OK;
};
