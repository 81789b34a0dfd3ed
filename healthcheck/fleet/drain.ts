// `fleet drain SLOT`: takes the slot's weight, waits until resolvers have asked anew, and has its node emptied, no faster than the fleet's close
// budget allows and slower while the other nodes refuse. Started again it goes on where it was.

import { HARM_LOOK_MS } from '../../proxy/core/harm.ts';
import { setIdentifierOf } from './desired.ts';
import { checksOf, drainedSince, withDrained, withOneDrained } from './drained.ts';
import { type EmptyingDeps, Stuck, type Teller } from './emptying.ts';
import type { Fleet, Slot } from './fleet.ts';
import { askDrain, type Asked, askNode, type NodeView, tellNode } from './nodes.ts';
import type { Observed } from './observed.ts';
import { makePlan, type Plan } from './plan.ts';
import { closeShareOf, shareQuota } from './quota.ts';
import { look, reconcile } from './reconcile.ts';
import { differencesIn } from './render-plan.ts';
import { FleetTrouble } from './trouble.ts';
import { unmarkDrained } from './route53/write.ts';
import { TroubleWatch } from './trouble-watch.ts';

/** The resolvers that asked just before the change, and those that hold answers for longer than they were told. */
const TTLS = 2;
const LOOK_MS = 1_000;
/** A node whose control is started again is silent for a second or two; one that is silent for longer is not drained by us. */
const SILENT_MAX_MS = 60_000;

const always = (): boolean => true;

/** How it ended: `drained`, or `interrupted` by who had seen enough. Throws Stuck, or a FleetTrouble. */
export type Emptied = 'drained' | 'interrupted';

export async function drainSlot(deps: EmptyingDeps, fleet: Fleet, slot: Slot, teller: Teller): Promise<Emptied> {
  const found = await nodeOf(deps, slot);
  teller.step(`${slot.id}: ${found.tunnels} tunnels on ${slot.admin}`);
  const since = await takeWeight(deps, fleet, slot, teller);
  await untilResolversAsked(deps, fleet, slot, since, teller);
  if (teller.isInterrupted) return 'interrupted';

  const others = fleet.slots.filter(({ id, admin }) => id !== slot.id && admin !== null);
  const rate = await budgetFor(deps, fleet, others, teller);
  const told = await tellNode(slot, '/drain', { do: 'now', rate }, deps.actor, deps.clock);
  if ('refused' in told) throw new Stuck(`${slot.id} does not take the order: ${told.refused}`);
  if ('silent' in told) throw new Stuck(`${slot.id} does not answer: ${told.silent}`);
  return follow(deps, slot, others, teller);
}

async function nodeOf({ clock }: EmptyingDeps, slot: Slot): Promise<NodeView> {
  if (slot.admin === null || slot.token === null)
    throw new Stuck(`slots: ${slot.id} needs admin and token, so that its node can be told to drain; nothing was changed`);
  const asked = await askNode(slot, clock);
  if (asked === null || 'silent' in asked) throw new Stuck(`${slot.id} does not answer: ${asked?.silent}; nothing was changed`);
  return asked.node;
}

/** By the planner and its guard rails. Gives back since when the slot has had no weight. */
async function takeWeight(deps: EmptyingDeps, fleet: Fleet, slot: Slot, teller: Teller): Promise<string> {
  const { observed, fleet: drained } = await look(deps.caller, fleet, always);
  const before = drainedSince(fleet, observed, slot.id);
  if (before !== null) teller.step(`${slot.id}: drained since ${before}`);
  const since = before ?? new Date(deps.clock.wallMs()).toISOString();
  const plan = makePlan(withOneDrained(drained, slot.id, since), observed);
  if (plan.conflicts.length > 0) throw new FleetTrouble('RECORDS_OF_OTHERS', plan.conflicts.join('; '));
  if (!isOnlyAbout(plan, slot.id))
    throw new Stuck(`zone and file differ elsewhere; \`fleet apply\` first, one thing at a time:\n${differencesIn(plan).join('\n')}`);
  const [held] = plan.heldBack;
  if (held) throw new Stuck(`${slot.id} keeps its weight: ${held.why}; nothing was changed`);
  await reconcile({ ...deps, report: (step) => teller.step(step) }, withOneDrained(fleet, slot.id, since), always, () => {});
  return since;
}

function isOnlyAbout({ checks, records, heldBack }: Plan, slot: string): boolean {
  const { create, update, tag, remove } = checks;
  const others = [...records, ...heldBack, ...tag].filter((change) => change.slot !== slot);
  return others.length + create.length + update.length + remove.length === 0;
}

async function untilResolversAsked(deps: EmptyingDeps, fleet: Fleet, slot: Slot, since: string, teller: Teller): Promise<void> {
  const { clock, caller } = deps;
  const waitMs = TTLS * fleet.ttlS * 1_000;
  const leftMs = Math.min(waitMs, Date.parse(since) + waitMs - clock.wallMs());
  if (leftMs > 0) {
    teller.step(`${slot.id}: no weight since ${since}; resolvers have asked anew in ${Math.ceil(leftMs / 1_000)} s (${TTLS} x TTL)`);
    await teller.wait(leftMs);
  }
  if (teller.isInterrupted) return;
  const { observed } = await look(caller, fleet, always);
  if (drainedSince(fleet, observed, slot.id) === null || weightOf(fleet, observed, slot.id) > 0)
    throw new Stuck(`somebody has given ${slot.id} its weight again: an older \`fleet run\`, or by hand; its node was not drained`);
  await giveWayToEarlier(deps, fleet, observed, slot, teller);
}

/** Two drains that began at the same moment did not see each other: of more than the guard rails let go the later one gives its weight back. */
async function giveWayToEarlier(deps: EmptyingDeps, fleet: Fleet, observed: Observed, slot: Slot, teller: Teller): Promise<void> {
  const earlier = fleet.slots.find(({ id }) => id !== slot.id && isBefore(placeOf(fleet, observed, id), placeOf(fleet, observed, slot.id)));
  if (!earlier) return;
  const [held] = makePlan(withDrained(fleet, observed), withWeight(fleet, observed, slot)).heldBack.filter((one) => one.slot === slot.id);
  if (!held) return;
  for (const { id } of checksOf(fleet, observed, slot.id)) await unmarkDrained(deps.caller, id);
  await reconcile({ ...deps, report: (step) => teller.step(step) }, fleet, always, () => {});
  throw new Stuck(`${slot.id} has its weight again: ${earlier.id} was drained at the same moment, and with both ${held.why}`);
}

/** Since when a slot is drained, and its id where two are since the same moment; null where it is not. */
function placeOf(fleet: Fleet, observed: Observed, id: string): string | null {
  const since = drainedSince(fleet, observed, id);
  return since === null ? null : `${since} ${id}`;
}

function isBefore(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one < other;
}

/** As the zone was before the slot lost its weight. */
function withWeight(fleet: Fleet, observed: Observed, { id, weight }: Slot): Observed {
  const identifier = setIdentifierOf(fleet.owner, id);
  const isIts = ({ name, setIdentifier, weight: now }: Observed['records'][number]): boolean =>
    name === fleet.name && setIdentifier === identifier && now !== null;
  return { ...observed, records: observed.records.map((record) => (isIts(record) ? { ...record, weight } : record)) };
}

/** As it is in the zone, whatever the file says. */
function weightOf(fleet: Fleet, observed: Observed, slot: string): number {
  const identifier = setIdentifierOf(fleet.owner, slot);
  const record = observed.records.find(({ name, setIdentifier }) => name === fleet.name && setIdentifier === identifier);
  return record?.weight ?? 0;
}

/**
 * What is left of the fleet's close budget beside the drains of other nodes. One that does not say whether it drains may be draining: carriers do
 * it without control, and behind a network that is gone.
 */
async function budgetFor({ clock }: EmptyingDeps, fleet: Fleet, others: readonly Slot[], teller: Teller): Promise<number> {
  const { closesPerSecond } = shareQuota(fleet);
  const asked = await Promise.all(others.map(async (slot) => ({ slot, closes: closesOf(await askNode(slot, clock)) })));
  let taken = 0;
  const unknown: string[] = [];
  for (const { slot, closes } of asked) {
    const share = closeShareOf(fleet, slot);
    taken += typeof closes === 'number' ? closes : share;
    if (typeof closes === 'number') continue;
    unknown.push(slot.id);
    teller.step(`${slot.id} ${closes}: it may be draining, and counts with its share of the close budget, ${share} a second`);
  }
  if (closesPerSecond - taken >= 1) return closesPerSecond - taken;
  const who = unknown.length === 0 ? 'other nodes' : `other nodes, and ${unknown.join(', ')} by share,`;
  throw new Stuck(`${who} drain at ${taken} a second already, of ${closesPerSecond} that the quota leaves for planned work`);
}

/** How many tunnels a second a node closes, or why that cannot be told. */
function closesOf(asked: Asked | null): number | string {
  if (asked === null || 'silent' in asked) return `does not answer (${asked?.silent ?? 'the file names no admin address'})`;
  const { drain, reasons } = asked.node;
  if (drain === null) return reasons.includes('draining') ? 'does not say how fast it drains' : 0;
  return drain.phase === 'drained' ? 0 : drain.rate;
}

async function viewsOf(slots: readonly Slot[], clock: EmptyingDeps['clock']): Promise<Map<string, NodeView>> {
  const asked = await Promise.all(slots.map(async (slot) => [slot.id, await askNode(slot, clock)] as const));
  return new Map(asked.flatMap(([id, answer]) => (answer !== null && 'node' in answer ? [[id, answer.node] as const] : [])));
}

async function follow(deps: EmptyingDeps, slot: Slot, others: readonly Slot[], teller: Teller): Promise<Emptied> {
  const { clock, actor } = deps;
  const watch = new TroubleWatch();
  let heardMs = clock.nowMs();
  let watchedMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    if (teller.isInterrupted) return 'interrupted';
    const asked = await askDrain(slot, clock);
    if ('drain' in asked) {
      heardMs = clock.nowMs();
      const { drain } = asked;
      if (drain === null) throw new Stuck(`${slot.id} does not drain any more: somebody has ended it, or started the node again`);
      teller.progress(drain);
      if (drain.phase === 'drained') return 'drained';
      if (clock.nowMs() - watchedMs >= HARM_LOOK_MS) {
        watchedMs = clock.nowMs();
        const why = watch.look(troublesOf(await viewsOf(others, clock)), drain.rate);
        if (why !== null) await tellNode(slot, '/drain', { do: 'slow', why }, actor, clock);
      }
    } else if (clock.nowMs() - heardMs >= SILENT_MAX_MS) {
      throw new Stuck(`${slot.id} does not answer any more: ${asked.silent}; if it lives, it goes on draining`);
    }
    await teller.wait(LOOK_MS);
  }
}

function troublesOf(views: ReadonlyMap<string, NodeView>): Map<string, number> {
  return new Map([...views].flatMap(([id, { troubles }]) => (troubles === null ? [] : [[id, troubles] as const])));
}
