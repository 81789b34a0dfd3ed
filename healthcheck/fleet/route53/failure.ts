// What the SDK throws, sorted: worth another try, a sign that somebody else was faster, or a trouble with a name.

import { FleetTrouble, type TroubleCode } from '../trouble.ts';

/** Names under which Route 53 asks for patience. */
const PATIENCE: Readonly<Record<string, TroubleCode>> = {
  Throttling: 'THROTTLED',
  ThrottlingException: 'THROTTLED',
  TooManyRequestsException: 'THROTTLED',
  PriorRequestNotComplete: 'ZONE_BUSY',
};

/** Names under which it says that what was read is no longer so. */
const OVERTAKEN: ReadonlySet<string> = new Set([
  'InvalidChangeBatch',
  'HealthCheckVersionMismatch',
  'NoSuchHealthCheck',
  'ConcurrentModification',
]);

const FINAL: Readonly<Record<string, TroubleCode>> = {
  CredentialsProviderError: 'CREDENTIALS_MISSING',
  AccessDenied: 'CREDENTIALS_REFUSED',
  AccessDeniedException: 'CREDENTIALS_REFUSED',
  ExpiredToken: 'CREDENTIALS_REFUSED',
  ExpiredTokenException: 'CREDENTIALS_REFUSED',
  IncompleteSignature: 'CREDENTIALS_REFUSED',
  InvalidClientTokenId: 'CREDENTIALS_REFUSED',
  SignatureDoesNotMatch: 'CREDENTIALS_REFUSED',
  UnrecognizedClientException: 'CREDENTIALS_REFUSED',
  NoSuchHostedZone: 'ZONE_NOT_FOUND',
  InvalidChangeBatch: 'BATCH_REFUSED',
  HealthCheckVersionMismatch: 'CHANGED_MEANWHILE',
  NoSuchHealthCheck: 'CHANGED_MEANWHILE',
  ConcurrentModification: 'CHANGED_MEANWHILE',
  TooManyHealthChecks: 'QUOTA_REACHED',
  LimitsExceeded: 'QUOTA_REACHED',
};

/** Codes of Node for a connection that came to nothing, and the SDK's own name for one that was silent. */
const NETWORK = /^(?:ECONN\w+|E(?:HOST|NET)UNREACH|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|UND_ERR\w*|TimeoutError|NetworkingError)$/;

interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number;
  readonly messages: readonly string[];
}

export function nameOf(thrown: unknown): string {
  return read(thrown).name;
}

export function mayTryAgain(thrown: unknown): boolean {
  const { name, status } = read(thrown);
  return name in PATIENCE || isNetwork(thrown) || status >= 500;
}

export function wasOvertaken(thrown: unknown): boolean {
  return OVERTAKEN.has(nameOf(thrown));
}

/** The one place where an unknown throw becomes a known trouble. `tried` says what we were at. */
export function asTrouble(thrown: unknown, tried: string): FleetTrouble {
  if (thrown instanceof FleetTrouble) return thrown;
  const { name, code, message, messages } = read(thrown);
  const word = FINAL[name] ?? PATIENCE[name] ?? (isNetwork(thrown) ? 'NETWORK_LOST' : 'API_FAILED');
  const said = messages.length > 0 ? messages.join('; ') : message || code;
  return new FleetTrouble(word, `${tried}: ${name === 'Error' ? code || name : name}${said === '' ? '' : `, ${said}`}`, { cause: thrown });
}

function isNetwork(thrown: unknown): boolean {
  const { name, code } = read(thrown);
  return NETWORK.test(code) || NETWORK.test(name);
}

/** An AggregateError of Node, for a name with several addresses, says its code only in its parts. */
function read(thrown: unknown): Thrown {
  if (typeof thrown !== 'object' || thrown === null) return { name: String(thrown), message: '', code: '', status: 0, messages: [] };
  const { name, message, code, errors, messages, $metadata } = thrown as Record<string, unknown>;
  const inner = Array.isArray(errors) ? (errors[0] as Record<string, unknown> | undefined) : undefined;
  const status =
    typeof $metadata === 'object' && $metadata !== null ? Number(($metadata as Record<string, unknown>)['httpStatusCode'] ?? 0) : 0;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    name: text(name) || 'Error',
    message: text(message) || text(inner?.['message']),
    code: text(code) || text(inner?.['code']),
    status,
    messages: Array.isArray(messages) ? messages.filter((item) => typeof item === 'string') : [],
  };
}
