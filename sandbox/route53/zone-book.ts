// The hosted zones, their records, and which of them the name servers know already.

import { ApiError } from './api/api-error.ts';
import { applyBatch, type Change } from './change-batch.ts';
import type { WorldClock } from './clock.ts';
import { compareSets, fullName, type Place, type RecordSet } from './record-set.ts';

export interface HostedZone {
  readonly id: string;
  /** With its closing dot. */
  readonly name: string;
  readonly callerReference: string;
  readonly isPrivate: boolean;
  /** In the order of the API. */
  readonly records: readonly RecordSet[];
  /** What the name servers answer from. */
  readonly published: readonly RecordSet[];
}

export interface ChangeInfo {
  readonly id: string;
  readonly status: 'PENDING' | 'INSYNC';
  readonly submittedMs: number;
}

export interface ZoneBookDeps {
  readonly clock: WorldClock;
  readonly newId: () => string;
  /** Of the world's clock. */
  readonly propagationMs: number;
  readonly hasHealthCheck: (id: string) => boolean;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export class ZoneBook {
  readonly #deps: ZoneBookDeps;
  readonly #zones = new Map<string, Writable<HostedZone>>();
  readonly #changes = new Map<string, Writable<ChangeInfo>>();
  readonly #timers = new Set<() => void>();

  constructor(deps: ZoneBookDeps) {
    this.#deps = deps;
  }

  all(): readonly HostedZone[] {
    return [...this.#zones.values()].toSorted((a, b) => compareSets({ name: a.name, type: a.id }, { name: b.name, type: b.id }));
  }

  find(id: string): HostedZone {
    return this.#find(id);
  }

  #find(id: string): Writable<HostedZone> {
    const zone = this.#zones.get(id);
    if (zone === undefined) throw new ApiError('NoSuchHostedZone', `No hosted zone found with ID: ${id}`);
    return zone;
  }

  create(name: string, callerReference: string, isPrivate = false): { readonly zone: HostedZone; readonly change: ChangeInfo } {
    if (!/^(?:[a-z0-9_-]{1,63}\.)+$/i.test(fullName(name))) throw new ApiError('InvalidDomainName', `${name} is not a valid domain name`);
    if (callerReference === '' || [...this.#zones.values()].some((zone) => zone.callerReference === callerReference))
      throw new ApiError('HostedZoneAlreadyExists', `A hosted zone has already been created with the specified caller reference.`);
    const zoneName = fullName(name);
    const servers = ['ns-1.awsdns-01.org.', 'ns-2.awsdns-02.net.'];
    const records: RecordSet[] = [
      { name: zoneName, type: 'NS', ttl: 172_800, values: servers },
      { name: zoneName, type: 'SOA', ttl: 900, values: [`${servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`] },
    ];
    const zone = { id: `Z${this.#deps.newId()}`, name: zoneName, callerReference, isPrivate, records, published: records };
    this.#zones.set(zone.id, zone);
    return { zone, change: this.#announce(zone) };
  }

  /** All of the batch or a thrown refusal. */
  change(id: string, changes: readonly Change[]): ChangeInfo {
    const zone = this.#find(id);
    const { hasHealthCheck } = this.#deps;
    zone.records = applyBatch({ zone: zone.name, records: zone.records, hasHealthCheck }, changes).toSorted(compareSets);
    return this.#announce(zone);
  }

  findChange(id: string): ChangeInfo {
    const change = this.#changes.get(id);
    if (change === undefined) throw new ApiError('NoSuchChange', `Could not find resource with ID: ${id}`);
    return change;
  }

  /** From a place on, this one included. */
  recordsFrom(id: string, place: Place | null): readonly RecordSet[] {
    const { records } = this.find(id);
    return place === null ? records : records.filter((record) => compareSets(record, place) >= 0);
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** The name servers learn of it after a while, and of later changes not before. */
  #announce(zone: Writable<HostedZone>): ChangeInfo {
    const { clock, newId, propagationMs } = this.#deps;
    const change: Writable<ChangeInfo> = { id: `C${newId()}`, status: 'PENDING', submittedMs: clock.nowMs() };
    this.#changes.set(change.id, change);
    const { records } = zone;
    const cancel = clock.after(propagationMs, () => {
      this.#timers.delete(cancel);
      zone.published = records;
      change.status = 'INSYNC';
    });
    this.#timers.add(cancel);
    return change;
  }
}
