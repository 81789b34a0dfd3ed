// Would an agent take this list now? The words are those of docs/addresses.md; the agent has its own reading of them (agent/address-list.ts),
// and docs/address-vectors.json holds the two together.

import { type AddressList, parseInstant, parseList } from './list.ts';
import { checkSignatures, type ListKey } from './signature.ts';

export const LIST_FAULTS = ['MALFORMED', 'UNKNOWN_KEY', 'WRONG_SIGNATURE', 'EMPTY', 'FROM_THE_FUTURE', 'EXPIRED'] as const;
export type ListFault = (typeof LIST_FAULTS)[number];

/** Clocks of devices that are set at all are this close. */
const CLOCK_TOLERANCE_MS = 600_000;

export type JudgedList =
  | { readonly ok: true; readonly list: AddressList; readonly signedBy: readonly string[] }
  | { readonly ok: false; readonly code: ListFault; readonly why: string };

export function judgeList(text: string, keys: readonly ListKey[], nowMs: number): JudgedList {
  const parsed = parseList(text);
  if (!parsed.ok) return refuse('MALFORMED', parsed.why);
  const { known, right } = checkSignatures(parsed, keys);
  if (known.length === 0)
    return refuse('UNKNOWN_KEY', `signed by ${parsed.signatures.map(({ key }) => key).join(', ')}, none of the keys given`);
  if (right.length === 0) return refuse('WRONG_SIGNATURE', `the signature by ${known.join(', ')} is not over this content`);
  const { list } = parsed;
  if (!list.addresses.some(isInUse)) return refuse('EMPTY', 'no address is active or standby');
  if (parseInstant(list.issued) > nowMs + CLOCK_TOLERANCE_MS)
    return refuse('FROM_THE_FUTURE', `issued at ${list.issued}: is the clock right?`);
  if (parseInstant(list.expires) <= nowMs) return refuse('EXPIRED', `expired at ${list.expires}`);
  return { ok: true, list, signedBy: right };
}

export function isInUse({ state }: { readonly state: string }): boolean {
  return state === 'active' || state === 'standby';
}

function refuse(code: ListFault, why: string): JudgedList {
  return { ok: false, code, why };
}
