// Does a new list keep what the one before has promised? Firewalls are changed by people, some weeks after they were asked.

import { isInUse } from './judge.ts';
import { type AddressList, parseInstant, type PublishedAddress } from './list.ts';

const DAY_MS = 86_400_000;

/** Words for every change that comes sooner than `noticeDays` after `next` was issued; none where all keep to it. */
export function shortNotices(earlier: AddressList, next: AddressList, noticeDays: number): string[] {
  const before = new Map(earlier.addresses.map((entry) => [entry.address, entry]));
  const now = new Set(next.addresses.map(({ address }) => address));
  const issuedMs = parseInstant(next.issued);
  const daysAhead = (date: string): number => Math.floor((parseInstant(`${date}T00:00:00Z`) - issuedMs) / DAY_MS);
  const changed = next.addresses.flatMap((entry) => mistakeOf(entry, before.get(entry.address)) ?? []);
  const gone = earlier.addresses.filter(({ address, state, date = '' }) => {
    return !now.has(address) && (isInUse({ state }) || (state === 'retiring' && daysAhead(date) >= 0));
  });
  return [...changed, ...gone.map(({ address }) => `${address} is gone from the list: say "retiring" with a date first`)];

  function mistakeOf({ address, state, date = '' }: PublishedAddress, was: PublishedAddress | undefined): string | null {
    if (isInUse({ state })) {
      if (was === undefined) return `${address} is new and in use at once: no firewall has been asked to allow it`;
      const isEarly = was.state === 'announced' && daysAhead(was.date ?? '') > 0;
      return isEarly ? `${address} is in use before ${was.date}, the day that firewalls were told` : null;
    }
    const isKnown = was?.state === state && (was.date ?? '') <= date;
    return isKnown || daysAhead(date) >= noticeDays
      ? null
      : `${address} is ${state} with a date ${daysAhead(date)} days ahead: ${noticeDays} are promised`;
  }
}
