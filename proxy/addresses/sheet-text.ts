// The list as plain text: an address a line, for firewalls that read such a file by themselves; the rest are remarks, for people.

import type { AddressList, AddressState, PublishedAddress } from './list.ts';
import { inOrder } from './sheet-words.ts';

const HEADINGS: Readonly<Record<AddressState, string>> = {
  active: 'in use',
  standby: 'allow now: takes over when another fails',
  announced: 'allow before',
  retiring: 'allow until, then remove: after',
};

export function renderText(list: AddressList): string {
  const { fleet, proxy, issued, expires, addresses } = list;
  return [
    `# Addresses of ${fleet} (${proxy.host}), issued ${issued}, good until ${expires}`,
    `# Allow TCP from inside to port ${proxy.port} of each; nothing has to be let in.`,
    ...inOrder(addresses).flatMap((entry) => [`# ${remark(entry)}`, entry.address]),
    '',
  ].join('\n');
}

function remark({ slot, state, date }: PublishedAddress): string {
  return `${slot}: ${HEADINGS[state]}${date === undefined ? '' : ` ${date}`}`;
}
