// Who asks, in words that every plane shares.

/** A tenant as the configuration has it. */
export interface TenantEntry {
  readonly id: string;
  /** SHA-256 in lower-case hex; at most two. */
  readonly tokens: readonly string[];
  readonly certificate: TenantCertificate | null;
  /** CIDR ranges. */
  readonly sources: readonly string[];
  readonly sniBySource: boolean;
  /** Names of entries under `endpoints`; null is every one. */
  readonly endpoints: readonly string[] | null;
  /** Null is no limit but the node's. */
  readonly tunnels: number | null;
  readonly opensPerSecond: number | null;
}

export type TenantCertificate =
  | { readonly by: 'commonName' | 'san'; readonly name: string }
  /** SHA-256 in lower-case hex. */
  | { readonly by: 'fingerprints'; readonly fingerprints: readonly string[] };

/** What a client certificate says of its owner: parsed values, never its printed form (CVE-2021-44532). */
export interface ClientCertificate {
  /** Null where there is none, or more than one. */
  readonly commonName: string | null;
  /** DNS names, URIs and mail addresses of the subject alternative name. */
  readonly names: readonly string[];
  /** SHA-256 of its DER in lower-case hex. */
  readonly fingerprint: string;
}

/** How a session's client has shown who it is; what a later configuration has to have still for it to go on. */
export type Proof =
  | { readonly by: 'token'; readonly hash: string }
  | { readonly by: 'certificate'; readonly certificate: ClientCertificate }
  | { readonly by: 'source' };

/** Where a tenant is counted, and up to what. */
export interface TenantPlace {
  /** In the ledger of tenants. */
  readonly place: number;
  readonly tunnels: number | null;
  readonly opensPerSecond: number | null;
  /** The node's opens per second are for others too. */
  readonly isOneOfMany: boolean;
}
