// TLS over any stream: to the proxy (connect-tls, gateway) and, inside the tunnel, to AWS IoT. Always verified: this file knows no way
// to skip it. What went wrong is put into words here, also for alerts that arrive later (TLS 1.3 reports a refused client certificate
// only after the handshake).

import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { type Clock, withinDeadline } from './clock.ts';
import { AgentFailure, codeOf, messageOf, type Fixer, type Leg } from './failure.ts';

/** The same 10 s that the AWS SDK gives a handshake. */
const TLS_TIMEOUT_MS = 10_000;

export interface TlsPeer {
  readonly leg: Leg;
  /** The name that the certificate must carry; also sent as SNI unless it is an address (RFC 6066 section 3). */
  readonly host: string;
  /** Roots in PEM; undefined for the public ones. */
  readonly ca: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly alpn?: readonly string[] | undefined;
  /** False: no SNI is sent. The certificate has to be for `host` all the same. */
  readonly isNamed?: boolean | undefined;
  /** Key shares to offer instead of OpenSSL's own choice, which since 3.5 makes a hello of more than one segment. */
  readonly groups?: string | undefined;
  /** Hears what was shown before it is judged: also the certificate that is then refused. */
  readonly onCertificate?: ((shown: ShownCertificate) => void) | undefined;
}

export interface ShownCertificate {
  /** Names and addresses that it is for, as it lists them. */
  readonly names: readonly string[];
  /** Who signed it, then who signed that, as far as it was sent: `CN=..., O=...` without the attributes' names. */
  readonly issuers: readonly string[];
  readonly validFromMs: number;
  readonly validToMs: number;
}

export async function openTls(stream: Duplex, peer: TlsPeer, clock: Clock): Promise<TLSSocket> {
  const socket = connect(tlsOptions(stream, peer));
  const late = (): AgentFailure =>
    new AgentFailure({
      leg: peer.leg,
      code: 'TIMEOUT',
      fixer: 'site',
      detail: `the TLS handshake with ${peer.host} did not finish within ${TLS_TIMEOUT_MS} ms`,
      hint: 'a firewall that lets connections through and holds TLS back, or a proxy whose upstream is silent',
    });
  try {
    await withinDeadline(clock, TLS_TIMEOUT_MS, late, () => handshake(socket, peer));
    return socket;
  } catch (error) {
    socket.destroy();
    stream.destroy();
    throw error;
  }
}

function tlsOptions(stream: Duplex, peer: TlsPeer): ConnectionOptions {
  const options: ConnectionOptions = { socket: stream, host: peer.host, minVersion: 'TLSv1.2' };
  if (isIP(peer.host) === 0 && peer.isNamed !== false) options.servername = peer.host;
  if (peer.groups !== undefined) options.ecdhCurve = peer.groups;
  if (peer.ca !== undefined) options.ca = peer.ca;
  if (peer.cert !== undefined) options.cert = peer.cert;
  if (peer.key !== undefined) options.key = peer.key;
  if (peer.alpn !== undefined) options.ALPNProtocols = [...peer.alpn];
  return options;
}

function handshake(socket: TLSSocket, peer: TlsPeer): Promise<void> {
  return new Promise((resolve, reject) => {
    let issuer: string | null = null;
    // Node forgets the certificate as soon as it has refused it; this event comes before it judges.
    socket.prependOnceListener('secure', () => {
      const shown = shownBy(socket);
      issuer = shown?.issuers[0] ?? null;
      if (shown !== null) peer.onCertificate?.(shown);
    });
    const onError = (error: Error): void => reject(tlsFailure(error, peer, issuer));
    const onClose = (): void => reject(tlsFailure(new Error('the other side closed the connection during the handshake'), peer, null));
    socket.once('error', onError).once('close', onClose);
    socket.once('secureConnect', () => {
      socket.off('error', onError).off('close', onClose);
      // As in tcp.ts: an alert between two owners must not end the process; `errored` keeps it for the next one.
      socket.on('error', () => {});
      resolve();
    });
  });
}

/** More than any chain that a server sends. */
const CHAIN_MAX = 10;

/** Who signed what the other side showed is the first thing to know where a firewall inspects TLS. */
function shownBy(socket: TLSSocket): ShownCertificate | null {
  const leaf: Partial<DetailedPeerCertificate> = socket.getPeerCertificate(true) ?? {};
  if (leaf.valid_to === undefined) return null;
  const issuers: string[] = [];
  for (let each: Partial<DetailedPeerCertificate> | undefined = leaf; each && issuers.length < CHAIN_MAX; each = each.issuerCertificate) {
    issuers.push(nameOf(each.issuer));
    if (each.issuerCertificate === each) break;
  }
  return {
    names: (leaf.subjectaltname ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '')),
    issuers,
    validFromMs: Date.parse(leaf.valid_from ?? ''),
    validToMs: Date.parse(leaf.valid_to),
  };
}

function nameOf(issuer: object | undefined): string {
  return Object.values(issuer ?? {})
    .filter((value) => typeof value === 'string')
    .join(', ');
}

export function tlsFailure(error: Error, peer: Pick<TlsPeer, 'leg' | 'host'>, issuer: string | null): AgentFailure {
  const code = codeOf(error) === 'Error' ? 'CLOSED' : codeOf(error);
  const [fixer, hint] = explain(code, peer);
  const shown = issuer && UNTRUSTED.has(code) ? ` (its certificate was issued by: ${issuer})` : '';
  return new AgentFailure({ leg: peer.leg, code, fixer, detail: `${peer.host}: ${wordsOf(error)}${shown}`, hint }, { cause: error });
}

/** OpenSSL's message is a line of addresses and source files; its reason is the part for people. */
function wordsOf(error: Error & { reason?: unknown }): string {
  return typeof error.reason === 'string' ? error.reason : messageOf(error);
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function explain(code: string, { leg }: Pick<TlsPeer, 'leg'>): readonly [Fixer, string] {
  const isProxy = leg === 'proxy-tls';
  if (UNTRUSTED.has(code)) {
    return isProxy
      ? ['device', 'give the root of the proxy with --proxy-ca']
      : ['site', 'if the issuer is not Amazon, a firewall inspects TLS: exempt this name; else give the right root with --ca'];
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return isProxy ? ['device', 'use a name of the proxy that its certificate carries'] : ['site', 'another server answered for this name'];
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return [isProxy ? 'operator' : 'device', "renew the certificate, or set this device's clock"];
  if (code === 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME') {
    return isProxy
      ? ['operator', 'the proxy does not serve this name']
      : ['operator', 'the proxy refused what the ClientHello asks for (name or ALPN); its log says why'];
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return ['device', 'this port does not speak TLS: http:// in --proxy?'];
  if (/ALERT|CERTIFICATE_REQUIRED/.test(code))
    return isProxy
      ? ['device', 'the proxy does not accept this client certificate']
      : ['account', 'is the device certificate active in this account?'];
  return [isProxy ? 'operator' : 'site', 'something on the way ended the connection'];
}
