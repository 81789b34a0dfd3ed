// The tenants of a node, found by what a client shows. Every way to one is a look-up in a Map or in ranges by length: none grows with their number.

import type { BlockList } from 'node:net';
import type { ListedHost, TenantsSettings } from '../core/settings.ts';
import type { ClientCertificate, Proof, TenantEntry, TenantPlace } from '../core/tenant.ts';
import { isInRanges, rangeList } from './ranges.ts';
import { SourceRanges } from './source-ranges.ts';
import { readTenant } from './tenant-text.ts';
import { NO_TOKENS, TokenDigests } from './token-digests.ts';

/** Lines between two breaths: a millisecond or two. */
const LINES_AT_ONCE = 200;

export class Tenant implements TenantPlace {
  // What every decision reads comes first, side by side: among ten thousand tenants each line of memory that is touched is a wait for it.
  /** Among the digests of the table. */
  readonly tokenPlace: number;
  /** What a tunnel keeps that was let in by this tenant's first token, and by its second. */
  readonly #firstProof: Proof | null;
  readonly #secondProof: Proof | null;
  readonly #hasSources: boolean;
  readonly #endpoints: ReadonlySet<string> | null;
  readonly id: string;
  readonly place: number;
  readonly tunnels: number | null;
  readonly opensPerSecond: number | null;
  isOneOfMany = false;
  /** It has to show a token or a certificate where the door has room for one. */
  readonly hasCredential: boolean;
  readonly hasCertificate: boolean;
  readonly entry: TenantEntry;
  /** Made when it is asked for: most tenants have none, and of most others nobody comes in the life of a configuration. */
  #sources: BlockList | null = null;

  constructor(entry: TenantEntry, place: number, tokenPlace: number) {
    this.id = entry.id;
    this.place = place;
    this.tunnels = entry.tunnels;
    this.opensPerSecond = entry.opensPerSecond;
    this.tokenPlace = tokenPlace;
    const [first, second] = entry.tokens;
    this.#firstProof = first === undefined ? null : { by: 'token', hash: first };
    this.#secondProof = second === undefined ? null : { by: 'token', hash: second };
    this.#hasSources = entry.sources.length > 0;
    this.hasCertificate = entry.certificate !== null;
    this.hasCredential = entry.tokens.length > 0 || this.hasCertificate;
    this.entry = entry;
    this.#endpoints = entry.endpoints === null ? null : new Set(entry.endpoints);
  }

  /** By its first token (0) or its second; null where it has none there. */
  proofBy(which: number): Proof | null {
    return which === 0 ? this.#firstProof : which === 1 ? this.#secondProof : null;
  }

  mayReach({ endpoint }: Pick<ListedHost, 'endpoint'>): boolean {
    return this.#endpoints === null || this.#endpoints.has(endpoint);
  }

  /** True where it may come from anywhere. */
  mayComeFrom(address: string): boolean {
    if (!this.#hasSources) return true;
    this.#sources ??= rangeList(this.entry.sources);
    return isInRanges(this.#sources, address);
  }
}

export class TenantTable {
  readonly #byId = new Map<string, Tenant>();
  readonly #places: ReadonlyMap<string, number>;
  readonly #digests = new TokenDigests();
  readonly #byCommonName = new Map<string, Tenant>();
  readonly #bySan = new Map<string, Tenant>();
  readonly #byFingerprint = new Map<string, Tenant>();
  /** Of tenants that have nothing else to be known by. */
  readonly #bySource = new SourceRanges<Tenant>();
  /** Of those, and of tenants that may use the `sni` door by their sources. */
  readonly #bySniSource = new SourceRanges<Tenant>();
  #hasTokens = false;

  private constructor(places: string) {
    this.#places = new Map((places === '' ? [] : places.split('\n')).map((id, place) => [id, place]));
  }

  static of(settings: TenantsSettings): TenantTable {
    const table = new TenantTable(settings.places);
    table.#fill(settings.list).next();
    return table.#complete();
  }

  /** `breathe` is waited for now and then, so that whoever has other things to do gets to them. */
  static async build(settings: TenantsSettings, breathe: () => Promise<void>): Promise<TenantTable> {
    const table = new TenantTable(settings.places);
    const filling = table.#fill(settings.list, LINES_AT_ONCE);
    while (filling.next().done !== true) await breathe();
    return table.#complete();
  }

  /** Stops after so many lines each time. */
  *#fill(list: string, atOnce = Infinity): Generator<void, void> {
    let lines = 0;
    for (let from = 0; from < list.length; lines += 1) {
      const end = list.indexOf('\n', from);
      const to = end < 0 ? list.length : end;
      this.#add(readTenant(list.slice(from, to)));
      from = to + 1;
      if (lines % atOnce === atOnce - 1) yield;
    }
  }

  #complete(): this {
    if (this.size > 1) for (const tenant of this.#byId.values()) tenant.isOneOfMany = true;
    return this;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Somebody can be let in by a token, so that it makes sense to ask for one. */
  get hasTokens(): boolean {
    return this.#hasTokens;
  }

  byId(id: string): Tenant | null {
    return this.#byId.get(id) ?? null;
  }

  /** Whose token this is. A user that does not exist takes as long as a token that is wrong. */
  byToken(user: string, token: Buffer): { readonly tenant: Tenant; readonly proof: Proof } | null {
    const tenant = this.#byId.get(user);
    const which = this.#digests.find(tenant?.tokenPlace ?? NO_TOKENS, token);
    const proof = tenant?.proofBy(which) ?? null;
    return tenant === undefined || proof === null ? null : { tenant, proof };
  }

  /** Also of a tenant that is gone, as long as its tunnels may be there. Null where nothing is known of it. */
  placeOf(id: string): TenantPlace | null {
    const place = this.#places.get(id);
    return this.#byId.get(id) ?? (place === undefined ? null : { place, tunnels: null, opensPerSecond: null, isOneOfMany: true });
  }

  /** Every tenant that the certificate names. */
  byCertificate({ commonName, names, fingerprint }: ClientCertificate): ReadonlySet<Tenant> {
    const found = new Set<Tenant>();
    const add = (tenant: Tenant | undefined): void => void (tenant && found.add(tenant));
    add(this.#byFingerprint.get(fingerprint));
    if (commonName !== null) add(this.#byCommonName.get(commonName));
    for (const name of this.#bySan.size === 0 ? [] : names) add(this.#bySan.get(name));
    return found;
  }

  /** The tenant whose range, the most specific one, holds the address. */
  bySource(address: string, isSni: boolean): Tenant | null {
    return (isSni ? this.#bySniSource : this.#bySource).find(address);
  }

  #add(entry: TenantEntry): void {
    const place = this.#places.get(entry.id);
    if (place === undefined) throw new Error(`tenant ${entry.id} has no place in the ledger`);
    const tenant = new Tenant(entry, place, this.#digests.add(entry.tokens));
    this.#byId.set(entry.id, tenant);
    if (entry.tokens.length > 0) this.#hasTokens = true;
    const { certificate } = entry;
    if (certificate?.by === 'commonName') this.#byCommonName.set(certificate.name, tenant);
    if (certificate?.by === 'san') this.#bySan.set(certificate.name, tenant);
    if (certificate?.by === 'fingerprints') for (const one of certificate.fingerprints) this.#byFingerprint.set(one, tenant);
    if (!tenant.hasCredential) for (const range of entry.sources) this.#bySource.add(range, tenant);
    if (!tenant.hasCredential || entry.sniBySource) for (const range of entry.sources) this.#bySniSource.add(range, tenant);
  }
}
