// Why an open tunnel would not be let in by another configuration, and how many there are.

/** In the order in which they are looked for: the first that holds is the one that counts. */
export const REVOKED = {
  'endpoint-gone': 'its endpoint is not on the list',
  'port-gone': 'its port is not one of the endpoint’s',
  'tenant-gone': 'its tenant is not in the file',
  'endpoint-not-its-own': 'its endpoint is not one of the tenant’s',
  'token-gone': 'its token is not one of the tenant’s',
  'certificate-gone': 'its certificate is not the tenant’s',
  'source-gone': 'its tenant may not come from there',
} as const satisfies Record<string, string>;

export type RevokedReason = keyof typeof REVOKED;

export interface RevokedGroup {
  readonly reason: RevokedReason;
  /** Null where it came while there were no tenants. */
  readonly tenant: string | null;
  /** `HOST:PORT` */
  readonly target: string | null;
  readonly tunnels: number;
}

/** What a carrier finds among its open tunnels. */
export interface TunnelSurvey {
  readonly tunnels: number;
  readonly revoked: number;
  /** The largest first. What they do not add up to is in groups that are left out. */
  readonly groups: readonly RevokedGroup[];
}
