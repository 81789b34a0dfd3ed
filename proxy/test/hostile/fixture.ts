// The invented world of the rows: whose names are listed, where they live, and what must never be dialled.

export const DATA = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
export const CREDENTIALS = 'c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com';
/** Another account's, not listed. */
export const OTHER = 'z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com';
export const PROXY_NAME = 'proxy.test';
export const GATEWAY_NAME = 'gw.proxy.test';
export const LISTED_ORIGIN = 'https://app.example.test';

/** Stands for a public address: the endpoints accept its range, everything else about it is judged as always. */
export const UPSTREAM = '198.19.0.10';
export const ACCEPTED_RANGE = '198.19.0.0/16';
export const UPSTREAM_PORTS = [443, 8883] as const;

/** On loopback and never on a wildcard: there the upstream's address, being on `lo`, would be one of the node's own. */
export const PROXY_HOST = '127.0.0.1';
export const DNS_SERVER = { host: '127.0.0.53', port: 53 } as const;

/** The one tenant of the rows about credentials: its token is in some of them. */
export const TENANT_LOGIN = 'fleet:s3cret';

export const MARK_OF_SECRETS = 'SECRETMARK';

/** Listeners that only record: whoever gets here was led astray. */
export const TRIPWIRES = {
  ipv4: ['127.0.0.1', '169.254.169.254', '169.254.170.2', '10.0.0.1', '192.168.1.1', '198.51.100.7'],
  ipv6: ['::1', 'fd00::1', '64:ff9b::7f00:1'],
  /** Every port that a row names, and those of proxies. */
  ports: [22, 25, 53, 80, 443, 3128, 8080, 8443, 8883],
} as const;

/** What `lo` needs besides its own; a prefix on `lo` is local as a whole, so the first line gives every 198.19.0.x. */
export const ADDRESSES = {
  ipv4: [`${UPSTREAM}/24`, ...TRIPWIRES.ipv4.slice(1).map((address) => `${address}/32`)],
  ipv6: TRIPWIRES.ipv6.slice(1).map((address) => `${address}/128`),
  routes: [] as readonly string[],
};
