// The catalogue of reasons: every refusal and every failure is one of these codes, with its status and whose fault it is.
// The reply, the record, the metrics and docs/reasons.md all read this table; a test holds the docs and the table equal.

export type Blame = 'client' | 'upstream' | 'proxy' | 'none';

/** How a refusal reaches the client before any tunnel exists: an HTTP status, a TLS alert, or a plain close. */
export type Answer = number | 'alert' | 'close';

interface Reason {
  readonly answer: Answer;
  readonly blame: Blame;
  readonly message: string;
}

export const REASONS = {
  OK: { answer: 200, blame: 'none', message: 'allowed' },

  PROTOCOL_UNKNOWN: { answer: 'close', blame: 'client', message: 'the first bytes are neither HTTP nor TLS' },
  PROXY_HEADER_INVALID: {
    answer: 'close',
    blame: 'client',
    message: 'the PROXY protocol header is missing, malformed or not expected from this source',
  },
  HEAD_MALFORMED: { answer: 400, blame: 'client', message: 'the request head is not well-formed HTTP/1.x' },
  HEAD_TOO_LARGE: { answer: 431, blame: 'client', message: 'the request head is larger than 16 KiB or has more than 100 fields' },
  HEAD_TIMEOUT: { answer: 408, blame: 'client', message: 'the request head did not arrive in time' },
  METHOD_NOT_ALLOWED: { answer: 405, blame: 'client', message: 'this proxy serves CONNECT, and GET /mqtt upgrades on its gateway names' },
  NOT_FOUND: { answer: 404, blame: 'client', message: 'nothing is served at this path' },
  TARGET_MALFORMED: { answer: 400, blame: 'client', message: 'the CONNECT target is not host:port' },
  HOST_MISMATCH: { answer: 400, blame: 'client', message: 'the Host field names neither the target nor this proxy' },
  UPGRADE_INVALID: { answer: 400, blame: 'client', message: 'the WebSocket upgrade request is not valid' },
  ORIGIN_NOT_ALLOWED: { answer: 403, blame: 'client', message: 'this Origin may not open a WebSocket here' },
  CLIENT_GONE: { answer: 'close', blame: 'client', message: 'the client left before it was answered' },

  HANDSHAKE_FAILED: { answer: 'close', blame: 'client', message: 'the TLS handshake with this proxy failed' },
  HANDSHAKE_TIMEOUT: { answer: 'close', blame: 'client', message: 'the TLS handshake with this proxy did not finish in time' },
  CERTIFICATE_INVALID: { answer: 'alert', blame: 'client', message: 'the client certificate is not acceptable' },
  SNI_MISSING: { answer: 'alert', blame: 'client', message: 'the ClientHello names no server (SNI)' },
  SNI_MISMATCH: { answer: 'alert', blame: 'client', message: 'the ClientHello names another server than the target' },
  ALPN_NOT_ALLOWED: { answer: 'alert', blame: 'client', message: 'the ClientHello offers a protocol (ALPN) that AWS IoT does not serve' },
  HELLO_MALFORMED: { answer: 'alert', blame: 'client', message: 'the tunnel does not start with a well-formed ClientHello' },
  HELLO_TIMEOUT: { answer: 'alert', blame: 'client', message: 'the ClientHello did not arrive in time' },

  AUTH_REQUIRED: { answer: 407, blame: 'client', message: 'credentials are needed' },
  AUTH_INVALID: { answer: 407, blame: 'client', message: 'the credentials are not valid' },
  SOURCE_NOT_ALLOWED: { answer: 403, blame: 'client', message: 'this source address may not use the proxy' },

  TARGET_NOT_ALLOWED: { answer: 403, blame: 'client', message: 'this target is not on the list' },
  PORT_NOT_ALLOWED: { answer: 403, blame: 'client', message: 'this port is not on the list for this target' },
  ADDRESS_NOT_ALLOWED: { answer: 403, blame: 'upstream', message: 'the target resolves to an address that may not be dialled' },

  RESOLVE_FAILED: { answer: 502, blame: 'upstream', message: 'the target does not resolve' },
  RESOLVE_TIMEOUT: { answer: 504, blame: 'upstream', message: 'the resolver did not answer in time' },
  DIAL_REFUSED: { answer: 502, blame: 'upstream', message: 'the target refused the connection' },
  DIAL_FAILED: { answer: 502, blame: 'upstream', message: 'the target could not be reached' },
  DIAL_TIMEOUT: { answer: 504, blame: 'upstream', message: 'the target did not accept the connection in time' },
  UPSTREAM_TLS_FAILED: { answer: 502, blame: 'upstream', message: 'the TLS handshake with the target failed' },
  UPSTREAM_CLOSED: { answer: 502, blame: 'upstream', message: 'the target closed the connection before it answered' },
  UPGRADE_TIMEOUT: { answer: 504, blame: 'upstream', message: 'the target did not answer the upgrade in time' },

  TENANT_TUNNELS_FULL: { answer: 429, blame: 'client', message: 'this tenant has as many tunnels as it may have' },
  TENANT_RATE_LIMITED: { answer: 429, blame: 'client', message: 'this tenant opens tunnels too fast' },
  SOURCE_LIMITED: { answer: 429, blame: 'client', message: 'this source has too many connections without a request, or too many refusals' },
  NODE_FULL: { answer: 503, blame: 'proxy', message: 'this node has as many tunnels as it may have' },
  NODE_RATE_LIMITED: { answer: 503, blame: 'proxy', message: 'this node opens tunnels as fast as it may' },
  PORTS_EXHAUSTED: { answer: 503, blame: 'proxy', message: 'this node has no local port left towards the target' },
  DRAINING: { answer: 503, blame: 'proxy', message: 'this node is being drained' },
  INTERNAL: { answer: 500, blame: 'proxy', message: 'an unexpected failure inside the proxy' },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof REASONS;

/** A reason that is a refusal or a failure. */
export type FaultCode = Exclude<ReasonCode, 'OK'>;

/** What the network, or a limit of ours, did to a session. What a client can cause by sending bytes is a value instead. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: FaultCode;

  constructor(code: FaultCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
  }
}

/** The one place where an unknown throw becomes a known fault; the cause is kept. */
export function asProxyError(thrown: unknown): ProxyError {
  return thrown instanceof ProxyError ? thrown : new ProxyError('INTERNAL', 'unexpected failure', { cause: thrown });
}

/** What a pure stage gives back: a value, or a fault with the words that explain it (never words from the wire). */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: FaultCode; readonly why: string };

export function fault(code: FaultCode, why: string): { readonly ok: false; readonly code: FaultCode; readonly why: string } {
  return { ok: false, code, why };
}
