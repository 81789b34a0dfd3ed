// The worlds in which something is broken: what each does, and what the doctor has to say of it. docs/doctor.md shows the same table, and a test
// runs the doctor in each.

import type { CauseId } from '../../agent/doctor/causes.ts';
import type { CheckId } from '../../agent/doctor/checks.ts';
import { dropsAlpn, dropsName, forgetsAfter, leavesMark, losesSegmentsOver, showsPage, wantsLogin } from './behaviours.ts';
import type { Behave } from './passage.ts';
import { remakeTls } from './remade-tls.ts';
import type { Site } from './site.ts';

export interface Break {
  readonly means: string;
  /** Null where the doctor has nothing to say. */
  readonly expects: { readonly cause: CauseId; readonly check: CheckId } | null;
  /** On the way to the proxy, at each address. */
  readonly box?: (site: Site) => Behave | 'refused' | 'silent';
  /** Only at the last address. */
  readonly isAtOne?: true;
  /** What DNS says in place of the addresses. */
  readonly dns?: string;
  /** Flags of the doctor that differ; null leaves one out. */
  readonly flags?: (site: Site) => Readonly<Record<string, string | null>>;
  /** The site has a proxy of its own, and the environment says so. */
  readonly hasSiteProxy?: true;
  /** The doctor is given the device’s certificate too. */
  readonly hasDevice?: true;
  /** How far ahead of this machine's clock AWS's is. */
  readonly aheadMs?: number;
}

/** A full segment of Ethernet has 1,460 bytes of TCP; a tunnel on the way takes some of them. */
const SEGMENT_BYTES = 1_400;
/** Far less than any firewall's, so that nobody waits. */
const FORGET_MS = 3_000;

/** A test has the box wait longer: a box does not know a machine that stands still from silence. */
export function idleCut(forgetMs: number): Required<Pick<Break, 'box' | 'flags'>> {
  return {
    box: () => forgetsAfter(forgetMs),
    flags: () => ({ '--idle': `${forgetMs / 1_000 + 1}s`, '--door': 'connect' }),
  };
}

export const BREAKS = {
  healthy: { means: 'Nothing is broken.', expects: null, hasDevice: true },
  'blocked-port': {
    means: 'A firewall refuses every connection at once.',
    expects: { cause: 'port-refused', check: 'tcp' },
    box: () => 'refused',
  },
  'black-hole': {
    means: 'A firewall drops every packet.',
    expects: { cause: 'port-silent', check: 'tcp' },
    box: () => 'silent',
  },
  'one-address-dead': {
    means: 'One address of two is silent.',
    expects: { cause: 'address-missing', check: 'tcp' },
    box: () => 'silent',
    isAtOne: true,
  },
  'one-node-down': {
    means: 'Nothing listens at one address of two.',
    expects: { cause: 'node-down', check: 'tcp' },
    box: () => 'refused',
    isAtOne: true,
  },
  'only-by-proxy': {
    means: 'Direct connections are refused, and HTTPS_PROXY names a proxy of the site that leads out.',
    expects: { cause: 'only-by-proxy', check: 'tcp' },
    box: () => 'refused',
    hasSiteProxy: true,
  },
  intercepted: {
    means: 'A firewall breaks TLS open, with a CA of its own.',
    expects: { cause: 'inspected', check: 'aws-tls' },
    box: ({ inspector, proxyPort }) => remakeTls({ authority: inspector, days: 30, takes: () => true, proxyPort }),
  },
  'captive-407': {
    means: 'A proxy that nobody sees answers everything with 407.',
    expects: { cause: 'login-wanted', check: 'answer' },
    box: () => wantsLogin,
  },
  'captive-page': {
    means: 'A captive portal answers everything with its login page.',
    expects: { cause: 'login-page', check: 'ready' },
    box: () => showsPage,
  },
  'proxy-in-between': {
    means: 'A transparent proxy passes things on, and adds a Via to the answers.',
    expects: { cause: 'proxy-between', check: 'answer' },
    box: () => leavesMark,
  },
  'wrong-dns': {
    means: 'The site’s name server leads the proxy’s name elsewhere.',
    expects: { cause: 'name-elsewhere', check: 'name' },
    dns: '198.51.100.7',
  },
  'clock-skew': {
    means: 'This machine’s clock is three hours behind AWS’s.',
    expects: { cause: 'clock-wrong', check: 'clock' },
    aheadMs: 3 * 3_600_000,
    hasDevice: true,
  },
  'expired-certificate': {
    means: 'The proxy’s certificate has expired.',
    expects: { cause: 'certificate-expired', check: 'proxy-tls' },
    box: ({ fleetAuthority, proxyPort, names }) =>
      remakeTls({ authority: fleetAuthority, days: -2, takes: (name) => names.includes(name), proxyPort }),
  },
  'no-alpn': {
    means: 'A box takes the protocol name (ALPN) out of every ClientHello.',
    expects: { cause: 'alpn-changed', check: 'aws-tls' },
    box: () => dropsAlpn,
  },
  'no-sni': {
    means: 'A box takes the server name (SNI) out of every ClientHello.',
    expects: { cause: 'name-removed', check: 'aws-tls' },
    box: () => dropsName,
  },
  'big-hello': {
    means: `Segments of more than ${SEGMENT_BYTES} bytes vanish, and with them the large ClientHello of post-quantum key exchange.`,
    expects: { cause: 'hello-too-large', check: 'large-hello' },
    box: () => losesSegmentsOver(SEGMENT_BYTES),
    flags: () => ({ '--door': 'connect' }),
  },
  'idle-cut': {
    means: `A firewall forgets connections that are silent for ${FORGET_MS / 1_000} s.`,
    expects: { cause: 'idle-cut', check: 'idle' },
    ...idleCut(FORGET_MS),
    hasDevice: true,
  },
  'aws-down': {
    means: 'No node reaches AWS IoT.',
    expects: { cause: 'aws-away', check: 'answer' },
    flags: ({ deadEndpoint }) => ({ '--endpoint': deadEndpoint, '--gateway': null }),
  },
  'not-on-the-list': {
    means: 'The endpoint is not on the proxy’s list.',
    expects: { cause: 'not-listed', check: 'answer' },
    flags: ({ unlistedEndpoint }) => ({ '--endpoint': unlistedEndpoint, '--gateway': null }),
  },
  'token-wrong': {
    means: 'The tenant’s token is not the one that the proxy knows.',
    expects: { cause: 'login-wrong', check: 'answer' },
    flags: ({ logins }) => ({ '--login': logins.wrong }),
  },
  quota: {
    means: 'All tunnels that the tenant may have are open.',
    expects: { cause: 'limited', check: 'answer' },
    flags: ({ logins }) => ({ '--login': logins.full }),
  },
  'device-certificate-inactive': {
    means: 'The device certificate was deactivated in the AWS account.',
    expects: { cause: 'certificate-inactive', check: 'credentials' },
    flags: ({ inactive }) => ({ '--cert': inactive.cert, '--key': inactive.key }),
    hasDevice: true,
  },
} as const satisfies Record<string, Break>;

export type BreakName = keyof typeof BREAKS;
export const BREAK_NAMES = Object.keys(BREAKS) as BreakName[];

export function breakOf(name: BreakName): Break {
  return BREAKS[name];
}
