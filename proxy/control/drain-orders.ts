// Taking an order to drain, or to drain otherwise, or no more: any carrier can, so that none of it needs control. Commands and control ask
// the first carrier that answers, so orders that come together come one after the other.

import type { Clock } from '../core/clock.ts';
import type { DrainAction, DrainOrder, DrainRequest } from '../core/drain.ts';
import { DRAIN_ACTIONS, obey, phaseOf } from '../core/drain.ts';
import { carrierSocket } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { wireText } from '../core/wire-text.ts';
import { askSupervisor, tellJson, type Told } from './ask.ts';
import type { Answer } from './bounded-server.ts';
import { json } from './bounded-server.ts';
import { readDrain, writeDrain } from './drain-file.ts';
import type { Log } from './log.ts';

/** Where a carrier takes an order, and where it is told that there is one. */
export const DRAIN_PATH = '/drain';
export const DRAIN_CHANGED_PATH = '/drain/changed';

/** Longer than it takes to tell the other carriers, one of which may hang. */
const ORDER_TIMEOUT_MS = 5_000;
const WORDS_MAX = 120;

export interface DrainOrdersDeps {
  readonly runtime: string;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'drain'>;
  readonly log: Pick<Log, 'info'>;
  /** Open on the node. */
  tunnels(): number;
  /** The last order that this carrier could read. */
  known(): DrainOrder | null;
  /** This carrier looks at the file; the others are told to. */
  changed(): Promise<void>;
}

/** What an order comes to: with `changed` false it was so already. */
export interface DrainAnswer {
  readonly changed: boolean;
  readonly draining: boolean;
}

export async function takeOrder(deps: DrainOrdersDeps, body: unknown): Promise<Answer> {
  const request = readRequest(body);
  if (typeof request === 'string') return json(400, { error: request });
  const { runtime, clock, settings, log } = deps;
  const found = orderNow(deps);
  const { before } = found;
  if (found.unreadable !== null && before === null && request.do !== 'end')
    return json(500, { error: `an order to drain is there and cannot be read (${found.unreadable}); to end it is all that can be done` });
  const nowMs = clock.nowMs();
  const tunnels = deps.tunnels();
  const obeyed = obey(before, request, { nowMs, wallMs: clock.wallMs(), tunnels, settings: settings.drain });
  if ('refused' in obeyed) return json(409, { error: obeyed.refused });
  const { order } = obeyed;
  // Written again where it could not be read: then it can.
  const changed = order !== before || found.unreadable !== null;
  if (changed) {
    try {
      writeDrain(runtime, order);
    } catch (error) {
      return json(500, { error: `the order could not be kept: ${(error as Error).message}` });
    }
    // Told first: whoever reads the line finds that every carrier knows.
    await deps.changed();
    if (isNews(before, request.do, nowMs)) log.info({ event: 'drain-ordered', ...orderFields(request, order, nowMs), tunnels });
  }
  return json(200, { changed, draining: order !== null } satisfies DrainAnswer);
}

/** By the file, or where that cannot be read by what this carrier last read there: nobody must take it for none and give it another deadline. */
function orderNow({ runtime, known }: DrainOrdersDeps): { readonly before: DrainOrder | null; readonly unreadable: string | null } {
  try {
    return { before: readDrain(runtime), unreadable: null };
  } catch (error) {
    return { before: known(), unreadable: (error as Error).message };
  }
}

/** A request to go slower is said again while its reason lasts; one line is enough. */
function isNews(before: DrainOrder | null, action: DrainAction, nowMs: number): boolean {
  return action !== 'slow' || (before?.slow?.untilMs ?? -Infinity) <= nowMs;
}

function orderFields(request: DrainRequest, order: DrainOrder | null, nowMs: number): object {
  return {
    do: request.do,
    by: request.by,
    phase: order === null ? null : phaseOf(order, nowMs),
    rate: order?.rate ?? null,
    ...(request.why === null ? {} : { why: request.why }),
  };
}

/** The request in a JSON body, or what is wrong with it. */
function readRequest(body: unknown): DrainRequest | string {
  const { do: word, by, rate = null, why = null } = Object(body) as Record<string, unknown>;
  const action = DRAIN_ACTIONS.find((candidate) => candidate === word);
  if (action === undefined) return `do: expected one of ${DRAIN_ACTIONS.join(', ')}`;
  if (rate !== null && !(typeof rate === 'number' && rate > 0 && Number.isFinite(rate))) return 'rate: expected tunnels per second';
  if (why !== null && typeof why !== 'string') return 'why: expected a text';
  return {
    do: action,
    by: wireText(typeof by === 'string' && by !== '' ? by : 'somebody', WORDS_MAX),
    rate,
    why: why === null ? null : wireText(why, WORDS_MAX),
  };
}

/** Hands an order to the first carrier that answers; null where none does. */
export async function orderDrain(runtime: string, clock: Clock, request: Partial<DrainRequest>): Promise<Told | null> {
  const { slots = [] } = (await askSupervisor(runtime, clock)) ?? {};
  for (const { generation, slot, pid } of slots) {
    if (pid === null) continue;
    const told = await tellJson(carrierSocket(runtime, generation, slot), DRAIN_PATH, request, clock, ORDER_TIMEOUT_MS);
    if (told) return told;
  }
  return null;
}

/** Tells the carriers of other slots that the order has changed. One that does not answer finds out by itself. */
export async function tellOthers(
  runtime: string,
  clock: Clock,
  own: { readonly slot: number; readonly generation: number },
): Promise<void> {
  const { slots = [] } = (await askSupervisor(runtime, clock)) ?? {};
  const others = slots.filter(({ generation, slot, pid }) => (slot !== own.slot || generation !== own.generation) && pid !== null);
  await Promise.all(
    others.map(({ generation, slot }) => tellJson(carrierSocket(runtime, generation, slot), DRAIN_CHANGED_PATH, {}, clock)),
  );
}
