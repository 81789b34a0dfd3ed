// The published address list that this node serves: its form has to be right; its time, and whether it fits this node, are warnings. Whose
// signature it carries is for agents to judge: a node has no key of the list.

import { createHash } from 'node:crypto';
import { isInUse } from '../addresses/judge.ts';
import { type AddressList, parseInstant, parseList } from '../addresses/list.ts';
import type { AddressesSettings } from '../core/settings.ts';
import type { Files } from './files.ts';
import type { ConfigPath, Report } from './problem.ts';

const ADDRESSES: ConfigPath = ['addresses'];
const DAY_MS = 86_400_000;
/** Agents look every hour or so, but one that was switched off for its holidays should still find a list that holds. */
const EXPIRY_WARNING_DAYS = 14;

export interface Published {
  readonly settings: AddressesSettings;
  readonly list: AddressList;
}

/** Null where anything is wrong; it is reported then. */
export function readAddresses(path: string, files: Files, report: Report, nowMs: number): Published | null {
  const text = files.read(path, ADDRESSES);
  if (text === null) return null;
  const parsed = parseList(text);
  if (!parsed.ok) {
    report.problem(ADDRESSES, `not an address list as \`pinhole addresses make\` writes it: ${parsed.why}`);
    return null;
  }
  warnOfList(parsed.list, report, nowMs);
  const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;
  return { settings: { text, etag }, list: parsed.list };
}

function warnOfList(list: AddressList, report: Report, nowMs: number): void {
  const daysLeft = (parseInstant(list.expires) - nowMs) / DAY_MS;
  if (daysLeft <= 0) report.warning(ADDRESSES, `the list expired on ${list.expires}: agents go by the proxy’s name alone`);
  else if (daysLeft < EXPIRY_WARNING_DAYS) report.warning(ADDRESSES, `the list expires on ${list.expires}: make a new one`);
  if (!list.addresses.some(isInUse)) report.warning(ADDRESSES, 'no address is active or standby: agents go by the proxy’s name alone');
}

/** Mistakes that show only beside the rest of the file. */
export function warnOfOtherNode(list: AddressList, publicAddresses: readonly string[], report: Report): void {
  if (publicAddresses.length === 0) return;
  if (!list.addresses.some(({ address }) => publicAddresses.includes(address)))
    report.warning(ADDRESSES, `none of node.publicAddresses is on the list (${publicAddresses.join(', ')})`);
}
