// What the zone should hold for a fleet. Pure.

import { createHash } from 'node:crypto';
import type { Fleet, Slot } from './fleet.ts';

/** Two record sets of a slot: one with its weight under the fleet's name, one among all healthy addresses under the companion name. */
export type RecordKind = 'weighted' | 'multivalue';

export interface DesiredRecord {
  readonly slot: string;
  readonly kind: RecordKind;
  readonly name: string;
  readonly setIdentifier: string;
  /** Null for multivalue records, which have none. */
  readonly weight: number | null;
  readonly ttlS: number;
  readonly address: string;
}

/** A health check in our own words; the API's are in route53/check-config.ts. */
export interface CheckConfig {
  readonly type: 'HTTP' | 'HTTPS' | 'HTTP_STR_MATCH' | 'HTTPS_STR_MATCH' | 'TCP';
  readonly address: string;
  readonly port: number;
  readonly path: string | null;
  readonly search: string | null;
  /** Host header, and with TLS the server name. */
  readonly host: string | null;
  readonly intervalS: number;
  readonly threshold: number;
  readonly sni: boolean;
  readonly inverted: boolean;
  readonly disabled: boolean;
}

export interface DesiredCheck {
  readonly slot: string;
  readonly config: CheckConfig;
}

/** Between owner and slot in a set identifier. Neither may have it, so no owner's prefix is the beginning of another's. */
const SEPARATOR = '/';

export function setIdentifierOf(owner: string, slot: string): string {
  return `${owner}${SEPARATOR}${slot}`;
}

/** The slot of a set identifier of ours; null for anybody else's. */
export function slotOf(owner: string, setIdentifier: string | null): string | null {
  const prefix = `${owner}${SEPARATOR}`;
  return setIdentifier?.startsWith(prefix) === true ? setIdentifier.slice(prefix.length) : null;
}

export function desiredRecords(fleet: Fleet): DesiredRecord[] {
  return fleet.slots.flatMap((slot) => {
    const common = { slot: slot.id, setIdentifier: setIdentifierOf(fleet.owner, slot.id), ttlS: fleet.ttlS, address: slot.address };
    const weighted: DesiredRecord = { ...common, kind: 'weighted', name: fleet.name, weight: slot.weight };
    const multivalue: DesiredRecord = { ...common, kind: 'multivalue', name: fleet.companion, weight: null };
    return isListed(slot) ? [weighted, multivalue] : [weighted];
  });
}

/** Multivalue answers know no weights: a canary or a slot without weight would get as many agents as any other. */
function isListed({ role, weight }: Slot): boolean {
  return role === 'active' && weight > 0;
}

export function desiredChecks(fleet: Fleet): DesiredCheck[] {
  const { protocol, port, path, search, intervalS, threshold } = fleet.check;
  const type = protocol === 'tcp' ? 'TCP' : protocol === 'https' ? 'HTTPS_STR_MATCH' : 'HTTP_STR_MATCH';
  return fleet.slots.map(({ id, address }) => ({
    slot: id,
    config: {
      type,
      address,
      port,
      path,
      search,
      host: protocol === 'tcp' ? null : fleet.name,
      intervalS,
      threshold,
      sni: protocol === 'https',
      inverted: false,
      disabled: false,
    },
  }));
}

/** Type and interval cannot be changed (Route 53 API, UpdateHealthCheck); a verdict on one address says nothing about another. */
export function isSameCheck(a: CheckConfig, b: CheckConfig): boolean {
  return a.type === b.type && a.intervalS === b.intervalS && a.address === b.address;
}

export function referencePrefix(owner: string): string {
  return `pinhole:${owner}:`;
}

/**
 * The CallerReference of a check that is made, but for the number at its end: the same for the same check, so that of two reconcilers at
 * once the second is given what the first one made.
 */
export function referenceOf(fleet: Pick<Fleet, 'owner' | 'name'>, { slot, config }: DesiredCheck): string {
  const facts = [fleet.name, slot, config.type, config.intervalS, config.address];
  const hash = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 24);
  return `${referencePrefix(fleet.owner)}${hash}.`;
}

/** `drained` is on the checks of a slot that `fleet drain` has taken out, and says since when. */
export const TAG = { owner: 'pinhole:owner', name: 'pinhole:name', slot: 'pinhole:slot', drained: 'pinhole:drained' } as const;

/** The tags of a check of ours. `Name` is what the console shows. */
export function checkTags(fleet: Pick<Fleet, 'owner' | 'name' | 'slots'>, slot: string): Readonly<Record<string, string>> {
  const common = { Name: setIdentifierOf(fleet.owner, slot), [TAG.owner]: fleet.owner, [TAG.name]: fleet.name, [TAG.slot]: slot };
  const since = fleet.slots.find(({ id }) => id === slot)?.drainedSince ?? null;
  return since === null ? common : { ...common, [TAG.drained]: since };
}
