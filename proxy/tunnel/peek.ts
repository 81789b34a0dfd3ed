// The inner ClientHello: judged before a byte of it leaves, and judged again where the upstream asks for a second one. A tunnel goes
// to the relay only after the upstream's first record, since until then a second hello may follow (RFC 8446 section 4.1.4).

import { ProxyError, type FaultCode } from '../core/fault.ts';
import { EARLY_DATA_BYTES_MAX, HELLO_BYTES_MAX } from '../core/limits.ts';
import type { EndedBy } from '../core/record.ts';
import { wireText } from '../core/wire-text.ts';
import { judgeHello } from '../policy/judge-hello.ts';
import { readClientHello, readSecondHello, type ClientHello, type HelloStep } from '../wire/client-hello.ts';
import { readServerFirst } from '../wire/server-first.ts';
import { Inbox } from './inbox.ts';
import type { Leg } from './leg.ts';
import type { DataPlane } from './plane.ts';
import type { RelayJob } from './relay.ts';
import type { Session } from './session.ts';

const EMPTY = Buffer.alloc(0);
/** Before a second hello an upstream has a HelloRetryRequest to say, and nothing else. */
const ANSWERS_BYTES_MAX = HELLO_BYTES_MAX;

type Judged =
  | { readonly kind: 'hello'; readonly hello: ClientHello; readonly length: number }
  | { readonly kind: 'fault'; readonly code: FaultCode };

/**
 * Waits for the first hello and judges it. Throws the refusal; on return the bytes are still in the inbox. Gives the hello's length, 0 for
 * what is no hello and flows on all the same, in report mode.
 */
export async function judgeFirstHello(plane: DataPlane, session: Session, inbox: Inbox, host: string, deadlineMs: number): Promise<number> {
  const startMs = plane.clock.nowMs();
  const hello = await awaitHello(inbox, readClientHello, deadlineMs);
  judge(plane, session, hello, host);
  plane.recorder.stage('hello', (plane.clock.nowMs() - startMs) / 1_000);
  return hello.kind === 'hello' ? hello.length : 0;
}

/** What a relay has to know of the bytes before it. */
export type HandOver = Pick<RelayJob, 'toUpstream' | 'toClient' | 'sentUp' | 'sentDown' | 'farewell'>;

export type Forwarded =
  | { readonly kind: 'relay'; readonly handOver: HandOver }
  | { readonly kind: 'ended'; readonly by: EndedBy; readonly sentUp: number; readonly sentDown: number };

/**
 * Sends the judged hello, waits for the upstream's first record and, where that asks for another hello, judges it too. `ended` where
 * one side left or the upstream stayed silent for `timeoutMs`. Throws the refusal of a second hello.
 */
export async function forwardHello(
  plane: DataPlane,
  session: Session,
  sides: { readonly client: Leg; readonly inbox: Inbox; readonly upstream: Leg },
  hello: { readonly host: string; readonly length: number },
  timeoutMs: number,
): Promise<Forwarded> {
  const { client, inbox, upstream } = sides;
  // Where the first was none, no second one is to be expected.
  if (hello.length === 0) return { kind: 'relay', handOver: nothingSent(inbox) };

  // Only the hello goes now: what stands behind it may be early data, which a second hello follows.
  inbox.setCap(EARLY_DATA_BYTES_MAX + HELLO_BYTES_MAX);
  upstream.write(inbox.take(hello.length));
  const answers = new Inbox(upstream, plane.clock, HELLO_BYTES_MAX);
  // A client that is gone has no use for the answer.
  const dropUpstream = (): void => void (inbox.isGone && upstream.destroy());
  inbox.onLeft = dropUpstream;
  dropUpstream();
  try {
    const answer = await awaitServerFirst(answers, plane.clock.nowMs() + timeoutMs);
    const sentUp = hello.length;
    if (answer === 'gone') return { kind: 'ended', by: client.destroyed ? 'client' : 'upstream', sentUp, sentDown: 0 };
    let sentDown = 0;
    if (answer === 'hello-retry') {
      // What is left of it, and what comes behind it, goes on as it comes: a segment may end in the middle.
      const passOn = (): void => {
        if (sentDown + answers.bytes.length > ANSWERS_BYTES_MAX) return;
        sentDown += answers.bytes.length;
        if (answers.bytes.length > 0) client.write(answers.take(answers.bytes.length));
      };
      passOn();
      answers.onBytes = passOn;
      const second = await awaitSecondHello(client, inbox, answers, plane.clock.nowMs() + timeoutMs);
      if (second === null) return { kind: 'ended', by: 'upstream', sentUp, sentDown };
      judge(plane, session, second, hello.host);
    }
    return { kind: 'relay', handOver: { toUpstream: inbox.release(), toClient: answers.release(), sentUp, sentDown } };
  } finally {
    inbox.onLeft = null;
    answers.onLeft = null;
    answers.onBytes = null;
  }
}

/** For a relay that begins right behind the answer. */
export function nothingSent(inbox: Inbox): HandOver {
  return { toUpstream: inbox.release(), toClient: EMPTY, sentUp: 0, sentDown: 0 };
}

async function awaitHello(inbox: Inbox, read: (bytes: Buffer) => HelloStep, deadlineMs: number): Promise<Judged> {
  for (;;) {
    const step = read(inbox.bytes);
    if (step.kind !== 'more') return step;
    const event = await inbox.more(deadlineMs);
    if (event === 'deadline') return { kind: 'fault', code: 'HELLO_TIMEOUT' };
    if (event === 'end' && inbox.bytes.length > 0) return { kind: 'fault', code: 'HELLO_MALFORMED' };
    if (event !== 'bytes') throw new ProxyError('CLIENT_GONE', 'the client left before its ClientHello was whole');
  }
}

/** Null where the upstream is gone: it has no use for a second hello, nor the client for waiting. */
async function awaitSecondHello(client: Leg, inbox: Inbox, answers: Inbox, deadlineMs: number): Promise<Judged | null> {
  const dropClient = (): void => void (answers.isGone && client.destroy());
  answers.onLeft = dropClient;
  dropClient();
  try {
    return await awaitHello(inbox, readSecondHello, deadlineMs);
  } catch (error) {
    if (answers.isGone) return null;
    throw error;
  }
}

async function awaitServerFirst(answers: Inbox, deadlineMs: number): Promise<'hello-retry' | 'other' | 'gone'> {
  for (;;) {
    const kind = answers.bytes.length === 0 ? 'more' : readServerFirst(answers.bytes);
    if (kind !== 'more') return kind;
    const event = await answers.more(deadlineMs);
    if (event === 'bytes') continue;
    // A side that finished after a few bytes is still passed on: the relay carries them and the FIN.
    return event === 'end' && answers.bytes.length > 0 ? 'other' : 'gone';
  }
}

/** Records what the hello said and what was thought of it; throws where it is refused. */
export function judge(plane: DataPlane, session: Session, judged: Judged, host: string): void {
  if (judged.kind === 'hello') noteHello(session, judged.hello, host);
  const verdict = judgeHello(judged.kind === 'hello' ? judged.hello : { code: judged.code }, host, plane.settings.policy);
  session.wouldDeny(verdict.wouldDeny);
  if (verdict.deny) throw new ProxyError(verdict.deny, 'the ClientHello was refused');
}

function noteHello(session: Session, hello: ClientHello, host: string): void {
  // The shared string, where it is the same: tens of thousands of tunnels keep their record.
  session.record.sni = hello.sni === host ? host : hello.sni === null ? null : wireText(hello.sni);
  session.record.alpn = hello.alpn.length === 0 ? null : wireText(hello.alpn.join(','), 100);
}
