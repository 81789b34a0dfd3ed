// Every IP address has one class. Ranges are IANA's special-purpose registries (RFC 6890 and what followed), one row each; the
// first row that holds the address wins, so single addresses stand before the ranges around them.

import { type BlockList, isIP } from 'node:net';
import { addressBytes, isInRanges, rangeList } from './ranges.ts';

export const ADDRESS_CLASSES = [
  'public',
  'private',
  'loopback',
  'link-local',
  'metadata',
  'cgnat',
  'ula',
  'nat64',
  '6to4',
  'teredo',
  'mapped',
  'multicast',
  'reserved',
  'unspecified',
  'own',
  'invalid',
] as const;
export type AddressClass = (typeof ADDRESS_CLASSES)[number];

/**
 * What a cloud serves to its own machines, credentials among them: AWS, GCP and Azure (169.254.169.254), ECS and EKS credentials
 * (169.254.170.*), Azure's wire server, Alibaba, Oracle, and the IPv6 forms of AWS, GCP, Oracle and Scaleway.
 */
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::/32',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
];

const RANGES: readonly (readonly [AddressClass, readonly string[]])[] = [
  ['metadata', METADATA],
  // The whole of 0.0.0.0/8: Linux takes 0.0.0.0 for this machine.
  ['unspecified', ['0.0.0.0/8', '::']],
  ['loopback', ['127.0.0.0/8', '::1']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  // fec0::/10 was site-local until RFC 3879.
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fec0::/10']],
  ['cgnat', ['100.64.0.0/10']],
  ['ula', ['fc00::/7']],
  ['nat64', ['64:ff9b::/96', '64:ff9b:1::/48']],
  ['6to4', ['2002::/16', '192.88.99.0/24']],
  ['teredo', ['2001::/32']],
  [
    'reserved',
    [
      '192.0.0.0/24', // IETF protocol assignments, RFC 6890
      '192.0.2.0/24', // documentation, RFC 5737
      '198.51.100.0/24',
      '203.0.113.0/24',
      '192.31.196.0/24', // AS112, RFC 7535
      '192.175.48.0/24', // AS112, RFC 7534
      '192.52.193.0/24', // AMT, RFC 7450
      '198.18.0.0/15', // benchmarking, RFC 2544
      '240.0.0.0/4', // for future use, and broadcast
      '2001::/23', // IETF protocol assignments, benchmarking and ORCHID among them
      '2001:db8::/32', // documentation, RFC 3849
      '3fff::/20', // documentation, RFC 9637
      '2620:4f:8000::/48', // AS112
    ],
  ],
];

const CLASSES: readonly { readonly name: AddressClass; readonly list: BlockList }[] = RANGES.map(([name, ranges]) => ({
  name,
  list: rangeList(ranges),
}));

/** All ranges in one: a public IPv4 address, nearly every answer there is, costs one look-up and not one per class. */
const SPECIAL = rangeList(RANGES.flatMap(([, ranges]) => ranges));

/** All that IANA has given out as global unicast; what lies beside it (discard-only, SRv6, IPv4-compatible) is reserved. */
const GLOBAL_UNICAST_V6 = rangeList(['2000::/3']);

/** `own` never comes from here: whose addresses we are is not in the address. */
export function classifyAddress(address: string): AddressClass {
  const version = isIP(address);
  if (version === 0) return 'invalid';
  if (version === 4) return classifyPlain(address);
  // A zone is only there where an address means nothing without its interface (RFC 4007).
  if (address.includes('%')) return 'link-local';
  const mapped = mappedAddress(address);
  if (mapped === null) return classifyPlain(address);
  // What the socket would really dial decides; but a mapped address in an AAAA record is nobody's honest answer.
  const inner = classifyPlain(mapped);
  return inner === 'public' ? 'mapped' : inner;
}

/** The IPv4 address that an IPv4-mapped one stands for, also when it is written in hex; null for any other address. */
export function mappedAddress(address: string): string | null {
  if (isIP(address) !== 6) return null;
  const bytes = addressBytes(address);
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return isMapped ? bytes.slice(12).join('.') : null;
}

/**
 * IPv4 addresses that an IPv6 address carries to a translator or a tunnel, which dials them in our place: NAT64 (RFC 6052, 8215),
 * 6to4 (RFC 3056), Teredo (RFC 4380: the client's address is inverted) and the IPv4-compatible form.
 */
export function embeddedAddresses(address: string): string[] {
  if (isIP(address) !== 6) return [];
  const bytes = addressBytes(address);
  const last = bytes.slice(12).join('.');
  switch (classifyPlain(address)) {
    case 'nat64':
      return [last];
    case '6to4':
      return [bytes.slice(2, 6).join('.')];
    case 'teredo':
      return [
        bytes.slice(4, 8).join('.'),
        bytes
          .slice(12)
          .map((byte) => byte ^ 0xff)
          .join('.'),
      ];
    case 'reserved':
      return bytes.slice(0, 12).every((byte) => byte === 0) ? [last] : [];
    default:
      return [];
  }
}

function classifyPlain(address: string): AddressClass {
  if (!isInRanges(SPECIAL, address)) return isIP(address) === 4 || isInRanges(GLOBAL_UNICAST_V6, address) ? 'public' : 'reserved';
  return CLASSES.find((row) => isInRanges(row.list, address))?.name ?? 'reserved';
}
