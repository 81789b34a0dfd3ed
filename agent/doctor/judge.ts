// One sight to its cause. Pure: the other sights are looked at where one alone does not tell, such as one silent address of several.

import type { CauseId } from './causes.ts';
import { ANSWER_TOO_LONG } from '../http-json.ts';
import { judgeHandshake } from './judge-handshake.ts';
import { causeOfReason } from './reasons.ts';
import type { Question, SeenAnswer, Sight, Trouble } from './sight.ts';

/** Null: nothing to say. */
export function judge(sight: Sight, question: Question, all: readonly Sight[]): CauseId | null {
  const { trouble, answer } = sight;
  if (trouble === null) return answer && answer.marks.length > 0 ? 'proxy-between' : null;
  return judgeByCheck(sight, trouble, all) ?? judgeByLeg(sight, trouble, question, all);
}

/** Whoever asked for a door by name wants it; else one that is not there is no fault. */
export function isAbsentDoor(cause: CauseId | null, { door }: Sight, { wantedDoors }: Question): boolean {
  return cause === 'door-off' && door !== null && !wantedDoors.includes(door);
}

/** What only this check can find. */
function judgeByCheck({ check }: Sight, { code, leg }: Trouble, all: readonly Sight[]): CauseId | null {
  switch (check) {
    case 'list':
      if (code === 'FROM_THE_FUTURE') return 'clock-wrong';
      return /^(MALFORMED|UNKNOWN_KEY|WRONG_SIGNATURE|EMPTY|EXPIRED|OTHER_PROXY)$/.test(code) ? 'list-bad' : 'list-gone';
    case 'name':
      return code === 'ELSEWHERE' ? 'name-elsewhere' : 'name-unknown';
    case 'environment':
      return 'proxy-configured';
    case 'ready':
      return code === 'NOT_READY' ? 'node-closed' : null;
    case 'clock':
      return 'clock-wrong';
    case 'large-hello':
      // With a small hello the same way was open a moment before.
      return leg === 'endpoint-tls' || leg === 'proxy-tls' ? 'hello-too-large' : null;
    case 'idle':
      if (code === 'DISCONNECT_142') return 'client-id-taken';
      return code.startsWith('DISCONNECT_') ? 'session-refused' : 'idle-cut';
    case 'tcp':
      return judgeTcp(code, all);
    default:
      return null;
  }
}

function judgeByLeg(sight: Sight, trouble: Trouble, question: Question, all: readonly Sight[]): CauseId {
  if (trouble.code === 'TIMEOUT' && isTooLarge(sight, all)) return 'hello-too-large';
  switch (trouble.leg) {
    case 'settings':
      return 'request-wrong';
    case 'proxy-name':
      return 'name-unknown';
    case 'proxy-tcp':
      return judgeTcp(trouble.code, all);
    case 'proxy-tls':
    case 'endpoint-tls':
      return inPlaceOfTls(sight, trouble, all) ?? judgeHandshake(sight, trouble, question, all);
    case 'proxy-answer':
      return judgeAnswer(trouble, sight.answer, all);
    case 'credentials':
      return judgeCredentials(trouble);
    case 'upgrade':
    case 'mqtt':
      return judgeSession(trouble, all);
  }
}

/** A request with a certificate or a signature in it is as large as the hello that was lost. */
function isTooLarge({ address, check }: Sight, all: readonly Sight[]): boolean {
  if (check !== 'credentials' && check !== 'mqtt') return false;
  return all.some((other) => other.check === 'large-hello' && other.address === address && other.trouble?.code === 'TIMEOUT');
}

function judgeTcp(code: string, all: readonly Sight[]): CauseId {
  if (code === 'ONLY_BY_PROXY') return 'only-by-proxy';
  const doesAnyAnswer = all.some(({ check, trouble, skipped }) => check === 'tcp' && trouble === null && skipped === undefined);
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return doesAnyAnswer ? 'node-down' : 'port-refused';
  return doesAnyAnswer ? 'address-missing' : 'port-silent';
}

function judgeAnswer({ code }: Trouble, answer: SeenAnswer | undefined, all: readonly Sight[]): CauseId {
  const reason = causeOfReason(code, all);
  if (reason !== null) return reason;
  if (code === 'HTTP_407' || code === 'HTTP_401') return 'login-wanted';
  if (answer?.isPage || code.startsWith('HTTP_3')) return 'login-page';
  if (code.startsWith('HTTP_') || code === ANSWER_TOO_LONG) return 'foreign-answer';
  if (code === 'ANSWER_MALFORMED' || code.startsWith('HPE_')) return 'not-the-proxy';
  // TLS 1.3 tells of a refused client certificate only after the handshake.
  if (code.startsWith('ERR_SSL')) return /CERTIFICATE_REQUIRED/.test(code) ? 'login-missing' : 'login-wrong';
  return code === 'TIMEOUT' ? 'node-silent' : 'connection-cut';
}

const IN_PLACE: ReadonlySet<CauseId> = new Set<CauseId>(['login-wanted', 'login-page', 'foreign-answer', 'not-the-proxy']);

/** What answers HTTP in place of Pinhole cannot speak TLS: it closes, is silent, or talks HTTP. */
function inPlaceOfTls({ address }: Sight, { code }: Trouble, all: readonly Sight[]): CauseId | null {
  if (!/^(CLOSED|ECONNRESET|EPIPE|TIMEOUT)$|WRONG_VERSION|PACKET_LENGTH/.test(code)) return null;
  for (const other of all) {
    if (other.address !== address || other.trouble === null || (other.check !== 'ready' && other.check !== 'answer')) continue;
    const cause = judgeAnswer(other.trouble, other.answer, all);
    if (IN_PLACE.has(cause)) return cause;
  }
  return null;
}

function judgeCredentials({ code, detail }: Trouble): CauseId {
  if (/certificate is invalid/i.test(detail)) return 'certificate-inactive';
  if (/^HTTP_|^ANSWER_/.test(code)) return 'credentials-refused';
  // AWS ends the connection of a certificate that it does not know.
  return code === 'TIMEOUT' ? 'aws-away' : 'certificate-inactive';
}

function judgeSession({ code }: Trouble, all: readonly Sight[]): CauseId {
  if (code === 'DISCONNECT_142') return 'client-id-taken';
  if (/^HTTP_(403|426)$/.test(code) && all.some(({ check, trouble }) => check === 'clock' && trouble !== null)) return 'clock-wrong';
  const isInactive = all.some(
    ({ check, trouble }) =>
      check === 'credentials' && trouble?.leg === 'credentials' && judgeCredentials(trouble) === 'certificate-inactive',
  );
  return isInactive ? 'certificate-inactive' : 'session-refused';
}
