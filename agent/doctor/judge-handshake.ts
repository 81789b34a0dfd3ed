// A TLS handshake that failed, to its cause. What tells: who signed the certificate, whose it is, which alert came, and whether the same
// handshake with a smaller hello went well. Pure.

import type { CauseId } from './causes.ts';
import { causeOfReason } from './reasons.ts';
import type { Question, Sight, Trouble } from './sight.ts';

const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/;
/** Amazon’s roots, and those that have cross-signed them (AWS IoT Developer Guide, server authentication). */
const AMAZON = /\b(Amazon|Starfield)\b/;
const OUT_OF_TIME = /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/;
/** Both sides have seen other bytes of the handshake than the other has sent (RFC 8446 section 4.4). */
const MANGLED = /BAD_RECORD_MAC|DECRYPT|DIGEST|BAD_SIGNATURE|UNEXPECTED_MESSAGE|ILLEGAL_PARAMETER|BAD_EXTENSION|UNSOLICITED|DECODE_ERROR/;
const ANOTHERS_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';
const UNKNOWN_NAME = /UNRECOGNIZED_NAME/;
/** Neither Pinhole nor AWS IoT sends this to what was offered. */
const NO_PROTOCOL = /NO_APPLICATION_PROTOCOL/;

/** The trouble in a certificate that this machine accepts: roots that were installed for inspection accept everything. */
export function isSignedByAmazon(issuers: readonly string[]): boolean {
  return issuers.some((issuer) => AMAZON.test(issuer));
}

/** Where the certificate says it all, or nothing came back at all, another hello tells nothing more. */
export function isWorthRetrying({ code, leg }: Trouble): boolean {
  if (leg !== 'proxy-tls' && leg !== 'endpoint-tls') return false;
  return code !== 'NOT_AMAZON' && code !== 'TIMEOUT' && code !== ANOTHERS_NAME && !UNTRUSTED.test(code) && !OUT_OF_TIME.test(code);
}

export function judgeHandshake(sight: Sight, { code, leg }: Trouble, question: Question, all: readonly Sight[]): CauseId {
  const isProxy = leg === 'proxy-tls';
  if (code === 'NOT_AMAZON') return 'inspected';
  if (UNTRUSTED.test(code)) return isSignedByAmazon(sight.certificate?.issuers ?? []) ? 'roots-missing' : 'inspected';
  if (OUT_OF_TIME.test(code)) return judgeTime(code, isProxy, all);
  if (code === ANOTHERS_NAME) return judgeName(sight, isProxy, question);
  const { same = null, withoutAlpn = null, withoutName = null } = sight.retries ?? {};
  if (same === 'ok') return 'connection-cut';
  if (withoutAlpn === 'ok') return 'alpn-changed';
  if (NO_PROTOCOL.test(code)) return UNTRUSTED.test(withoutAlpn ?? '') ? 'inspected' : isProxy ? 'not-the-proxy' : 'alpn-changed';
  if (UNKNOWN_NAME.test(code)) return judgeUnknownName(sight, isProxy, all);
  if (MANGLED.test(code)) return withoutName !== null && !MANGLED.test(withoutName) ? 'name-removed' : 'hello-changed';
  if (code === 'TIMEOUT') return 'tls-swallowed';
  if (/WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST/.test(code)) return isProxy ? 'not-the-proxy' : 'hello-changed';
  if (/CERTIFICATE_REQUIRED/.test(code)) return isProxy ? 'login-missing' : 'certificate-inactive';
  // Without a certificate of the device, which this check does not show, AWS has none to refuse.
  if (/ALERT/.test(code) && sight.check === 'aws-tls') return 'connection-cut';
  if (/ALERT/.test(code)) return isProxy ? 'login-wrong' : 'certificate-inactive';
  return 'connection-cut';
}

/**
 * Nobody puts a certificate into use before its time, and AWS lets none expire: then it is this machine's clock. The proxy's own may have been
 * forgotten, unless AWS's is out of its time too.
 */
function judgeTime(code: string, isProxy: boolean, all: readonly Sight[]): CauseId {
  const isAwsToo = all.some(({ check, trouble }) => check === 'aws-tls' && OUT_OF_TIME.test(trouble?.code ?? ''));
  const isClockOff = all.some(({ check, trouble }) => check === 'clock' && trouble !== null);
  return isProxy && code === 'CERT_HAS_EXPIRED' && !isAwsToo && !isClockOff ? 'certificate-expired' : 'clock-wrong';
}

function judgeName({ certificate, door }: Sight, isProxy: boolean, { proxyHost }: Question): CauseId {
  if (isProxy) return 'certificate-of-another';
  // Without the sni door a listed name is met with the proxy's own certificate.
  return door === 'sni' && certificate?.names.includes(proxyHost) ? 'door-off' : 'aws-other-certificate';
}

/** The alert is Pinhole's: it comes before any certificate, and says no more than that. What it answers to a CONNECT for the same name says why. */
function judgeUnknownName({ address, door }: Sight, isProxy: boolean, all: readonly Sight[]): CauseId {
  if (isProxy) return 'door-off';
  if (door !== 'sni') return 'name-removed';
  const answers = all.filter(({ check, skipped, ...other }) => check === 'answer' && other.address === address && skipped === undefined);
  if (answers.some(({ trouble }) => trouble === null)) return 'door-off';
  const reasons = answers.map(({ trouble }) => causeOfReason(trouble?.code ?? '', all));
  return reasons.find((cause) => cause !== null) ?? 'not-listed';
}
