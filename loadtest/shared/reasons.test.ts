import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GENERATORS_OWN, PINHOLE_CODES, reasonOf, WORDS } from './reasons.ts';

/** Go's, gorilla/websocket's and k6's, as k6 v2.2.0 gave them. */
for (const [text, reason] of [
  ['NODE_RATE_LIMITED', 'NODE_RATE_LIMITED'],
  ['DRAINING', 'DRAINING'],
  ['TENANT_RATE_LIMITED', 'TENANT_RATE_LIMITED'],
  ['SOME_NEW_CODE', 'other'],
  ['Too Many', 'proxy-refused'],
  ['Service Unavailable', 'proxy-refused'],
  ['Forbidden', 'proxy-refused'],
  ['websocket: bad handshake', 'upgrade-refused'],
  ['unexpected EOF', 'closed-early'],
  ['EOF', 'closed-early'],
  ['websocket: close 1006 (abnormal closure): unexpected EOF', 'closed-early'],
  ['dial tcp 127.0.0.3:443: connect: connection refused', 'tcp-refused'],
  ['read tcp 127.0.0.1:40112->127.0.0.2:443: read: connection reset by peer', 'tcp-reset'],
  ['write tcp 127.0.0.1:40112->127.0.0.2:443: write: broken pipe', 'tcp-reset'],
  ['dial tcp 127.0.0.2:443: i/o timeout', 'timeout'],
  ['context deadline exceeded', 'timeout'],
  ['dial tcp 10.0.0.9:443: connect: no route to host', 'unreachable'],
  ['dial tcp 10.0.0.9:443: connect: network is unreachable', 'unreachable'],
  ['lookup fleet.pinhole.test: no such host', 'name-unknown'],
  ['dial tcp 127.0.0.2:443: connect: cannot assign requested address', 'generator-ports'],
  ['dial tcp: address already in use', 'generator-ports'],
  ['dial tcp 127.0.0.2:443: socket: too many open files', 'generator-descriptors'],
  ['tls: failed to verify certificate: x509: certificate signed by unknown authority', 'tls'],
  ['remote error: tls: unrecognized name', 'tls'],
  ['something that nobody has seen: ever', 'other'],
  ['', 'other'],
] as const) {
  test(`"${text}" is ${reason}`, () => assert.equal(reasonOf(text), reason));
}

test('the codes are those of docs/reasons.md that are answered with a status, OK aside', () => {
  const table = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reasons.md'), 'utf8');
  const rows = [...table.matchAll(/^\| `([A-Z_]+)` \| ([^|]*) \|/gm)];
  const withStatus = rows.filter(([, code, answer = '']) => code !== 'OK' && /\b[45]\d\d\b/.test(answer)).map(([, code]) => code);
  assert.deepEqual([...PINHOLE_CODES].sort(), withStatus.sort());
});

test('a word of ours is never taken for a code of Pinhole, and what is short at the generator is one of ours', () => {
  for (const word of Object.keys(WORDS)) assert.match(word, /^[a-z-]+$/);
  for (const word of GENERATORS_OWN) assert.ok(word in WORDS, word);
});
