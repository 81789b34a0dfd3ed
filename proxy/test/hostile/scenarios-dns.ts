// What a resolver may answer (`plain.resolve`). Every case has a listed name of its own, so no cache carries one into another.

import type { ReasonCode } from '../../core/fault.ts';
import { type DnsReply, renderAlias, renderAnswer } from './dns-stub.ts';
import { speak } from './door-client.ts';
import { UPSTREAM } from './fixture.ts';
import { hello } from './hello-bytes.ts';
import { connectHead, openTunnel, useTurned } from './moves.ts';
import { ODD } from './odd-upstreams.ts';
import { hostOf, type OwnName, type Scenario } from './scenario.ts';

/** A CONNECT to the case's own name; what the resolver says decides. */
function resolved(id: string, what: string, own: OwnName, expected: Scenario['expected'], reason: ReasonCode): Scenario {
  return {
    id,
    expected,
    what,
    reason,
    own,
    run: async ({ bench, source, host }) => {
      if (expected !== 'allow') return speak(bench.doors.clear, source, connectHead(host));
      await useTurned(await openTunnel(bench.doors.clear, source, host), hello({ sni: host }));
      return undefined;
    },
  };
}

const REFUSED_ADDRESSES: readonly (readonly [id: string, address: string, what: string])[] = [
  ['DN-001', '127.0.0.1', 'loopback'],
  ['DN-002', '127.255.255.254', 'the far end of loopback'],
  ['DN-003', '0.0.0.0', 'unspecified'],
  ['DN-004', '10.0.0.1', 'private'],
  ['DN-010', '169.254.0.1', 'link-local'],
  ['DN-010b', '169.254.169.254', 'metadata'],
  ['DN-013', '192.0.2.1', 'documentation'],
  ['DN-016', '168.63.129.16', 'Azure’s wire server, which looks public'],
  ['DN-017', '224.0.0.1', 'multicast'],
  ['DN-019', '255.255.255.255', 'broadcast'],
  ['DN-020', '::1', 'IPv6 loopback'],
  ['DN-021', '::', 'IPv6 unspecified'],
  ['DN-022', 'fd00::1', 'unique local'],
  ['DN-024', 'fe80::1', 'IPv6 link-local'],
  ['DN-025', 'fec0::1', 'old site-local'],
  ['DN-027', '::ffff:127.0.0.1', 'mapped loopback'],
  ['DN-029', '::127.0.0.1', 'IPv4-compatible'],
  ['DN-030', '64:ff9b::7f00:1', 'NAT64 of loopback'],
  ['DN-031', '64:ff9b::a9fe:a9fe', 'NAT64 of metadata'],
  ['DN-033', '2002:7f00:1::1', '6to4 of loopback'],
  ['DN-034', '2001:0:1:2:3:4:80ff:fffe', 'Teredo'],
  ['DN-035', '2001:db8::1', 'IPv6 documentation'],
  ['DN-036', '100::1', 'discard'],
  ['DN-037', '3fff::1', 'IPv6 documentation (RFC 9637)'],
];

/** The first question of a type is answered so, every later one with loopback. */
function thenLoopback(first: readonly string[]): OwnName['dns'] {
  let asked = 0;
  return (type) => {
    if (type === 'AAAA') return { addresses: [] };
    asked += 1;
    return { addresses: asked === 1 ? first : ['127.0.0.1'], ttl: 0 };
  };
}

function aliases(id: string, length: number): DnsReply {
  const name = (index: number): string => (index === 0 ? hostOf(id) : `alias${index}.test`);
  return {
    raw: (query, questionEnd) => {
      const records = Array.from({ length }, (_, index) => renderAlias(name(index), name((index + 1) % length)));
      return [renderAnswer(query, questionEnd, { records })];
    },
  };
}

const WRONG_ID: DnsReply = {
  raw: (query, questionEnd) => {
    const spoofed = Buffer.from(query);
    spoofed.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0);
    const loopback = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    return [renderAnswer(spoofed, questionEnd, { records: [loopback] })];
  },
};

/** An owner name that points at itself, a packet that ends in its header, and no DNS at all. */
const GARBAGE: DnsReply = {
  raw: (query, questionEnd) => [
    renderAnswer(query, questionEnd, { records: [Buffer.from([0xc0, questionEnd, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1])] }),
    query.subarray(0, 9),
    Buffer.alloc(200, 0xff),
  ],
};

const ADDRESS_SCENARIOS: readonly Scenario[] = [
  ...REFUSED_ADDRESSES.map(([id, address, what]) =>
    resolved(id, `an answer that is ${what}`, { dns: { addresses: [address] } }, 'deny-403', 'ADDRESS_NOT_ALLOWED'),
  ),
  resolved('DN-004b', '198.18.0.1, beside the accepted range', { dns: { addresses: ['198.18.0.1'] } }, 'deny-403', 'ADDRESS_NOT_ALLOWED'),
  resolved('DN-039', 'a private address that is accepted', { dns: { addresses: [ODD.private] }, accept: '10.20.0.0/16' }, 'allow', 'OK'),
  resolved(
    'DN-040',
    'a private address beside the accepted range',
    { dns: { addresses: ['10.21.1.2'] }, accept: '10.20.0.0/16' },
    'deny-403',
    'ADDRESS_NOT_ALLOWED',
  ),
  resolved(
    'DN-041',
    'metadata where every address is accepted',
    { dns: { addresses: ['169.254.169.254'] }, accept: '0.0.0.0/0' },
    'deny-403',
    'ADDRESS_NOT_ALLOWED',
  ),
  resolved(
    'DN-041b',
    'loopback where every address is accepted',
    { dns: { addresses: ['127.0.0.1'] }, accept: '0.0.0.0/0' },
    'deny-403',
    'ADDRESS_NOT_ALLOWED',
  ),
  resolved('DN-041c', 'loopback beside a good address', { dns: { addresses: [UPSTREAM, '127.0.0.1'] } }, 'deny-403', 'ADDRESS_NOT_ALLOWED'),
  resolved('DN-043', 'a second answer that is another one', { dns: thenLoopback([UPSTREAM]) }, 'allow', 'OK'),
  resolved('DN-044', 'a dead address, and loopback for who asks again', { dns: thenLoopback([ODD.refusing]) }, 'survive', 'DIAL_REFUSED'),
  resolved('DN-045', 'a good IPv4 and a bad IPv6 address', { dns: { addresses: [UPSTREAM, '::1'] } }, 'deny-403', 'ADDRESS_NOT_ALLOWED'),
];

const ANSWER_SCENARIOS: readonly Scenario[] = [
  resolved('DN-048', 'an alias loop', { dns: aliases('DN-048', 3) }, 'survive', 'RESOLVE_FAILED'),
  resolved('DN-049', 'a chain of 100 aliases', { dns: aliases('DN-049', 100) }, 'survive', 'RESOLVE_FAILED'),
  resolved('DN-050', 'NXDOMAIN', { dns: { rcode: 3 } }, 'survive', 'RESOLVE_FAILED'),
  resolved('DN-051', 'SERVFAIL', { dns: { rcode: 2 } }, 'survive', 'RESOLVE_FAILED'),
  resolved('DN-052', 'REFUSED', { dns: { rcode: 5 } }, 'survive', 'RESOLVE_FAILED'),
  resolved('DN-054', 'no reply', { dns: 'silence' }, 'survive', 'RESOLVE_TIMEOUT'),
  resolved('DN-055', 'a reply after the deadline', { dns: { later: { addresses: [UPSTREAM] }, ms: 6_000 } }, 'survive', 'RESOLVE_TIMEOUT'),
  resolved('DN-056', 'a reply to another question’s id', { dns: WRONG_ID }, 'survive', 'RESOLVE_TIMEOUT'),
  resolved('DN-057', 'a truncated reply, and no TCP', { dns: { addresses: [], truncated: true } }, 'survive', 'RESOLVE_FAILED'),
  resolved(
    'DN-058',
    '1000 records of addresses that refuse',
    { dns: { addresses: Array.from({ length: 1_000 }, (_, index) => `198.19.0.${100 + (index % 150)}`) } },
    'survive',
    'DIAL_REFUSED',
  ),
  {
    ...resolved('DN-059', 'compression loops, short packets and garbage', { dns: GARBAGE }, 'survive', 'RESOLVE_FAILED'),
    // c-ares gives up a server's connection over a packet it cannot read, and with it whatever else was asked there.
    alone: true,
  },
  {
    ...resolved('DN-060', 'a record of another owner', { dns: { addresses: [UPSTREAM], owner: 'evil.test' } }, 'survive', 'RESOLVE_FAILED'),
    gap: 'c-ares takes the addresses of an answer whoever owns them, and Node does not say whose they are',
  },
  resolved('TM-024', 'an upstream that refuses', { dns: { addresses: [ODD.refusing] } }, 'survive', 'DIAL_REFUSED'),
  resolved('TM-025', 'a dead address and a live one', { dns: { addresses: [ODD.refusing, UPSTREAM] } }, 'allow', 'OK'),
  resolved('TM-026', 'an address that never answers', { dns: { addresses: [ODD.blackHole] } }, 'survive', 'DIAL_TIMEOUT'),
  resolved('TM-026b', 'a lost address and a live one', { dns: { addresses: [ODD.blackHole, UPSTREAM] } }, 'allow', 'OK'),
];

const UNLISTED = 300;

const STORM: Scenario = {
  id: 'DN-064',
  expected: 'bounded',
  what: `${UNLISTED} CONNECTs to names that nobody listed: no question leaves`,
  reason: 'TARGET_NOT_ALLOWED',
  recordedAs: '127.30.0.1',
  run: async ({ bench }) => {
    const batch = 20;
    for (let at = 0; at < UNLISTED; at += batch) {
      const answers = Array.from({ length: batch }, (_, index) => {
        const number = at + index + 1;
        const head = connectHead(`nobody${number}-ats.iot.eu-west-1.amazonaws.com`);
        return speak(bench.doors.clear, `127.30.${number >> 8}.${number & 255}`, head);
      });
      for (const { status } of await Promise.all(answers)) if (status !== 403) throw new Error(`answered with ${status}`);
    }
    const asked = bench.world.dns.questions.filter(({ name }) => name.startsWith('nobody'));
    if (asked.length > 0) throw new Error(`${asked.length} questions`);
    return undefined;
  },
};

export const DNS_SCENARIOS: readonly Scenario[] = [...ADDRESS_SCENARIOS, ...ANSWER_SCENARIOS, STORM];
