// The fields of an upgrade that go upstream, in one fixed order and spelling: our own hop, then what the WebSocket handshake needs,
// then whatever is the agent's business with AWS. Custom authorizers read their token from a field whose name the account chose, so
// every field passes that is not about this hop, its framing, forwarding, or us.

import { fieldValues, type RequestHead } from './request-head.ts';

/** Name as it comes, name as it goes; all values of one name are joined, as RFC 9110 section 5.3 allows for lists. */
const HANDSHAKE = [
  ['sec-websocket-key', 'Sec-WebSocket-Key'],
  ['sec-websocket-version', 'Sec-WebSocket-Version'],
  ['sec-websocket-protocol', 'Sec-WebSocket-Protocol'],
  ['sec-websocket-extensions', 'Sec-WebSocket-Extensions'],
  ['origin', 'Origin'],
  ['user-agent', 'User-Agent'],
  ['authorization', 'Authorization'],
] as const;

const DROPPED: ReadonlySet<string> = new Set([
  // This hop's (RFC 9110 section 7.6.1) and the framing's.
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // The caller writes it.
  'host',
  // What a client says about where it comes from is not ours to repeat.
  'cf-connecting-ip',
  'client-ip',
  'forwarded',
  'true-client-ip',
  'via',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-originating-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
  // A browser sends the cookies of our name's parent domain; AWS is not meant to see them.
  'cookie',
  ...HANDSHAKE.map(([name]) => name),
]);

/** `Proxy-*` is for us, `X-Forwarded-*` is forwarding, and of `Sec-WebSocket-*` the list above is all that a client sends. */
const DROPPED_PREFIXES = ['proxy-', 'x-forwarded-', 'sec-websocket-'];

export function upstreamFields(head: RequestHead): readonly (readonly [name: string, value: string])[] {
  const fields: (readonly [string, string])[] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
  ];
  for (const [name, spelling] of HANDSHAKE) {
    const values = fieldValues(head, name);
    if (values.length > 0) fields.push([spelling, values.join(', ')]);
  }
  for (const field of head.fields) if (passes(field[0])) fields.push(field);
  return fields;
}

function passes(name: string): boolean {
  // Many servers read `X_Forwarded_For` as the name with hyphens.
  const plain = name.replaceAll('_', '-');
  return !DROPPED.has(plain) && !DROPPED_PREFIXES.some((prefix) => plain.startsWith(prefix));
}
