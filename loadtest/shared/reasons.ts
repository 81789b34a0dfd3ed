// Words for why an open failed: a closed set, whatever k6, Go, a proxy or a far end say. k6 shows a refusal of a proxy by its reason
// phrase alone, so a Pinhole node is understood by its codes, and of other proxies only that they refused.
// No dependency: k6 runs this file too.

/** Pinhole's own refusals over HTTP (docs/reasons.md; a test holds the two together). */
export const PINHOLE_CODES = [
  'HEAD_MALFORMED',
  'HEAD_TOO_LARGE',
  'HEAD_TIMEOUT',
  'METHOD_NOT_ALLOWED',
  'NOT_FOUND',
  'TARGET_MALFORMED',
  'HOST_MISMATCH',
  'UPGRADE_INVALID',
  'ORIGIN_NOT_ALLOWED',
  'AUTH_REQUIRED',
  'AUTH_INVALID',
  'SOURCE_NOT_ALLOWED',
  'TARGET_NOT_ALLOWED',
  'PORT_NOT_ALLOWED',
  'ADDRESS_NOT_ALLOWED',
  'RESOLVE_FAILED',
  'RESOLVE_TIMEOUT',
  'DIAL_REFUSED',
  'DIAL_FAILED',
  'DIAL_TIMEOUT',
  'UPSTREAM_TLS_FAILED',
  'UPSTREAM_CLOSED',
  'UPGRADE_TIMEOUT',
  'TENANT_TUNNELS_FULL',
  'TENANT_RATE_LIMITED',
  'SOURCE_LIMITED',
  'NODE_FULL',
  'NODE_RATE_LIMITED',
  'PORTS_EXHAUSTED',
  'DRAINING',
  'INTERNAL',
] as const;

/** Ours, with what each means. */
export const WORDS = {
  'proxy-refused': 'the proxy said no, in words that are not a reason of Pinhole',
  'upgrade-refused': 'the far end answered the WebSocket upgrade with something else than 101',
  'connack-refused': 'the far end answered CONNECT with a return code that is not 0',
  'connack-timeout': 'the far end took the WebSocket, and did not answer CONNECT in time',
  'tcp-refused': 'nothing listened where k6 dialled',
  'tcp-reset': 'the connection was reset during the open',
  'closed-early': 'the connection ended during the open',
  timeout: 'the open took longer than k6 waits',
  unreachable: 'there was no route to where k6 dialled',
  'name-unknown': 'k6 could not resolve the name that it dialled',
  tls: 'TLS failed, or was refused by an alert',
  'generator-ports': 'the machine that runs k6 had no local port left',
  'generator-descriptors': 'k6 had no descriptor left',
  'generator-full': 'as many sessions as the plan allows stood already',
  mqtt: 'the far end spoke something else than MQTT',
  other: 'none of these: k6 wrote its words to its console',
} as const;

export type FailureReason = (typeof PINHOLE_CODES)[number] | keyof typeof WORDS;

/** Where k6's own end of a connection was short of something: such a run says nothing of the proxy. */
export const GENERATORS_OWN: ReadonlySet<string> = new Set<FailureReason>(['generator-ports', 'generator-descriptors', 'generator-full']);

/** What Go's errors say, the surest first. */
const PHRASES: readonly (readonly [RegExp, keyof typeof WORDS])[] = [
  [/too many open files/, 'generator-descriptors'],
  [/cannot assign requested address|address already in use/, 'generator-ports'],
  [/no such host|server misbehaving|Temporary failure in name resolution|lookup .* on .*:53/, 'name-unknown'],
  [/connection refused/, 'tcp-refused'],
  [/connection reset by peer|broken pipe/, 'tcp-reset'],
  [/i\/o timeout|deadline exceeded|timed out|TLS handshake timeout/, 'timeout'],
  [/no route to host|network is unreachable/, 'unreachable'],
  [/bad handshake/, 'upgrade-refused'],
  [/^tls: |^x509: |remote error: tls|certificate/, 'tls'],
  [/\bEOF$|use of closed network connection|^websocket: close /, 'closed-early'],
];

/** Of the text of k6's error event. */
export function reasonOf(text: string): FailureReason {
  const phrase = text.trim();
  const code = PINHOLE_CODES.find((code) => code === phrase);
  if (code !== undefined) return code;
  const known = PHRASES.find(([pattern]) => pattern.test(phrase));
  if (known !== undefined) return known[1];
  // Go gives the reason phrase as it came: words that begin with a capital letter, and no colon, which every error of Go's own has.
  return /^[A-Z][A-Za-z' -]*$/.test(phrase) ? 'proxy-refused' : 'other';
}
