// Has the carriers of a node end tunnels at once, by their ids or all of a tenant: what `pinhole close` and the admin API both do. Every carrier is
// asked, of generations that are retired too, since nobody else knows which one has a tunnel.

import type { Clock } from '../core/clock.ts';
import type { IdsClosed } from '../core/ports.ts';
import { carrierSocket } from '../core/runtime-files.ts';
import { askSupervisor, tellJson } from './ask.ts';
import { CLOSE_TENANT_PATH, CLOSE_TUNNELS_PATH, type TenantClosed } from './carrier-api.ts';

export interface ClosingNode {
  readonly runtime: string;
  readonly clock: Clock;
}

interface Told<T> {
  readonly answers: readonly T[];
  /** `GENERATION/SLOT` of carriers that did not answer. */
  readonly silent: readonly string[];
  /** That live. */
  readonly generations: number;
}

/** What has become of each id: it is in one of these lists. */
export interface ClosedTunnels {
  readonly closed: readonly string[];
  /** Told before, or going over to another generation at this moment: that one may live on, and is to be told again. */
  readonly onTheWay: readonly string[];
  /** No carrier that answered has it. */
  readonly unknown: readonly string[];
  readonly silent: readonly string[];
}

export interface ClosedTenant {
  readonly closed: number;
  readonly silent: readonly string[];
}

/** Null where no carrier answers. `by` goes into the log. */
export async function closeTunnels(node: ClosingNode, ids: readonly string[], by: string): Promise<ClosedTunnels | null> {
  const told = await tellAll<IdsClosed>(node, CLOSE_TUNNELS_PATH, { ids, by });
  if (told === null) return null;
  const { answers, silent } = told;
  const closed = new Set(answers.flatMap((answer) => answer.closed));
  // A carrier of an older version does not say it.
  const onTheWay = new Set(answers.flatMap((answer) => (answer as Partial<IdsClosed>).onTheWay ?? []));
  return {
    closed: ids.filter((id) => closed.has(id)),
    onTheWay: ids.filter((id) => onTheWay.has(id) && !closed.has(id)),
    unknown: ids.filter((id) => !closed.has(id) && !onTheWay.has(id)),
    silent,
  };
}

/** A tunnel that goes over to another generation is in nobody's hands for some milliseconds; whoever is asked after so long has it. */
const ARRIVAL_MS = 500;

/** Null where no carrier answers. `by` goes into the log. While more than one generation lives, all are asked twice. */
export async function closeTenant(node: ClosingNode, tenant: string, by: string): Promise<ClosedTenant | null> {
  const first = await tellAll<TenantClosed>(node, CLOSE_TENANT_PATH, { tenant, by });
  if (first === null || first.generations === 1) return first && closedOf(first);
  await new Promise<void>((resolve) => node.clock.after(ARRIVAL_MS, resolve));
  const second = await tellAll<TenantClosed>(node, CLOSE_TENANT_PATH, { tenant, by });
  if (second === null) return closedOf(first);
  return { closed: closedOf(first).closed + closedOf(second).closed, silent: second.silent };
}

function closedOf({ answers, silent }: Told<TenantClosed>): ClosedTenant {
  return { closed: answers.reduce((sum, { closed }) => sum + closed, 0), silent };
}

async function tellAll<T>({ runtime, clock }: ClosingNode, path: string, body: object): Promise<Told<T> | null> {
  const { slots = [], generations = [] } = (await askSupervisor(runtime, clock)) ?? {};
  // A carrier that is not there has no tunnel.
  const running = slots.filter(({ pid }) => pid !== null);
  const told = await Promise.all(
    running.map(({ generation, slot }) => tellJson(carrierSocket(runtime, generation, slot), path, body, clock)),
  );
  const answers = told.flatMap((answer) => (answer?.status === 200 ? [answer.value as T] : []));
  const silent = running.filter((_, at) => told[at]?.status !== 200).map(({ generation, slot }) => `${generation}/${slot}`);
  return answers.length === 0 ? null : { answers, silent, generations: generations.length };
}
