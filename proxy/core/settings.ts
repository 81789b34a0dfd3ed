// The accepted configuration as plain data: what `check` writes into the runtime folder and what every process of a node reads.
// proxy/config turns YAML into this or into a list of problems; nothing else makes one. All times are milliseconds.

export const DOORS = ['connect', 'connect-tls', 'sni', 'gateway'] as const;
export type Door = (typeof DOORS)[number];

export const ENDPOINT_KINDS = ['data', 'credentials', 'jobs', 'custom'] as const;
export type EndpointKind = (typeof ENDPOINT_KINDS)[number];

export type CheckMode = 'enforce' | 'report' | 'off';
export type RelayName = 'node' | 'native';
/** `auto` is native where it loads, else node; `prepare` has chosen before a node's processes read their settings. */
export type RelayChoice = RelayName | 'auto';
export type AddressFamily = 'ipv4' | 'ipv6' | 'any';

/** One exact name that agents may reach. */
export interface ListedHost {
  readonly host: string;
  readonly kind: EndpointKind;
  /** Name of the entry under `endpoints`. */
  readonly endpoint: string;
  readonly ports: readonly number[];
  /** CIDR ranges that are fine for this endpoint though not public. */
  readonly accept: readonly string[];
  /** True where `anyAccount` opens this name's shape (kind, region, partition) to every AWS account. */
  readonly anyAccount: boolean;
}

export interface ListenerSettings {
  /** As written in the file, `0.0.0.0:443`; the `listener` field of records. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly doors: readonly Door[];
  readonly backlog: number;
  /** CIDR ranges that must send a PROXY header; null where `proxyProtocol` is not given. */
  readonly proxyProtocolTrust: readonly string[] | null;
}

export interface TlsSettings {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Lower case, `*.` allowed as the first label. */
  readonly names: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Null where no client is asked for a certificate. */
  readonly clients: ClientCertificates | null;
}

/** What client certificates are held to. */
export interface ClientCertificates {
  readonly caPem: string;
  readonly crlPem: string | null;
  /** False: a client may come without one. */
  readonly isRequired: boolean;
}

/**
 * Who may use the node, and from where in it each is counted. As texts (policy/tenant-text.ts): ten thousand tenants as objects of JSON would hold
 * a carrier's event loop up for too long.
 */
export interface TenantsSettings {
  /** One line for each. */
  readonly list: string;
  /** Ids by their place in the ledger of tenants, one line for each place; those of tenants that are gone keep theirs. */
  readonly places: string;
}

export interface GatewaySettings {
  /** Our name that agents dial. */
  readonly name: string;
  readonly endpoint: string;
  /** The data host (or custom domain) of that endpoint, and the port dialled there. */
  readonly target: { readonly host: string; readonly port: number };
  /** Origins that may come besides `https://NAME`; compared exactly. */
  readonly origins: readonly string[];
  /** Roots (PEM) instead of the public ones; null for the public roots. */
  readonly caPem: string | null;
}

export interface ResolvePin {
  readonly host: string;
  readonly port: number;
  readonly to: readonly { readonly address: string; readonly port: number }[];
}

/** The published address list as it is served. */
export interface AddressesSettings {
  readonly text: string;
  /** With its quotes. */
  readonly etag: string;
}

export interface PolicySettings {
  readonly sni: CheckMode;
  readonly alpn: CheckMode;
  readonly address: CheckMode;
  readonly allowMissingSni: boolean;
  /** What becomes of open tunnels whose tenant, credential or endpoint is gone. */
  readonly revoked: 'close' | 'keep';
}

export interface ProbeSettings {
  /** A cron expression, with seconds first where it has six fields. */
  readonly schedule: string;
  readonly failures: number;
  /** The other nodes, as agents dial them. */
  readonly peers: readonly { readonly address: string; readonly port: number }[];
  /** Roots (PEM) instead of the public ones, by the name of the entry under `endpoints`. */
  readonly roots: Readonly<Record<string, string>>;
  /** `USER:TOKEN` to come with; null without. */
  readonly login: string | null;
}

export interface LimitSettings {
  readonly tunnels: number;
  readonly opensPerSecond: number;
  readonly idleMs: number;
  /** Null is off. */
  readonly maxAgeMs: number | null;
  readonly perTunnelBufferBytes: number;
  readonly pending: number;
  readonly perSource: { readonly pending: number; readonly refusalsPerSecond: number };
}

export interface TimeoutSettings {
  readonly headMs: number;
  readonly helloMs: number;
  readonly handshakeMs: number;
  readonly answerMs: number;
  readonly upgradeMs: number;
  readonly halfClosedMs: number;
  readonly proxyHeaderMs: number;
}

export interface DrainSettings {
  readonly settleMs: number;
  /** Tunnels per second, of the node. */
  readonly rate: number;
  /** From the first close on. */
  readonly deadlineMs: number;
  /** SIGTERM's. */
  readonly stopMs: number;
}

export interface AdminSettings {
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  /** What may stand in Host besides loopback and `host`. */
  readonly names: readonly string[];
  /** Where the other nodes' admin addresses are: scheme, host and port. */
  readonly peers: readonly string[];
}

/** What only a start of the node takes, as the file has it: port 0 and `auto` are still what they are. A reload holds the file to this. */
export interface AtStartSettings {
  readonly listen: readonly {
    readonly host: string;
    readonly port: number;
    readonly backlog: number;
    /** Null where the rest of the file decides. */
    readonly doors: readonly Door[] | null;
    readonly proxyProtocolTrust: readonly string[] | null;
  }[];
  readonly carriers: number | 'auto';
  readonly relay: RelayChoice;
  readonly runtime: string;
  /** The presence of `tls.clientCa`. */
  readonly clientCa: boolean;
  readonly health: { readonly host: string; readonly port: number };
  readonly admin: { readonly host: string; readonly port: number };
}

export interface Settings {
  readonly node: { readonly name: string; readonly publicAddresses: readonly string[] };
  readonly runtime: string;
  readonly listeners: readonly ListenerSettings[];
  readonly tls: TlsSettings | null;
  readonly hosts: readonly ListedHost[];
  readonly gateways: readonly GatewaySettings[];
  /** Null where anyone may use the list. */
  readonly tenants: TenantsSettings | null;
  readonly policy: PolicySettings;
  readonly resolve: { readonly servers: readonly string[]; readonly family: AddressFamily; readonly pins: readonly ResolvePin[] };
  readonly limits: LimitSettings;
  readonly timeouts: TimeoutSettings;
  readonly drain: DrainSettings;
  readonly carriers: number;
  readonly relay: RelayChoice;
  readonly health: { readonly host: string; readonly port: number };
  /** Null is off. */
  readonly probe: ProbeSettings | null;
  readonly admin: AdminSettings;
  /** Null where the node publishes no list. */
  readonly addresses: AddressesSettings | null;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly file: string | null };
  readonly atStart: AtStartSettings;
  /** First 12 hex digits of the SHA-256 of what the file and the files it names say: the `policy_version` of records. */
  readonly policyVersion: string;
}
