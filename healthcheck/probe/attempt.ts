// One attempt through a node, step by step, as an agent would make it: nothing of the node's own code is used here. Every step is timed, and
// every certificate on the way is verified.

import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, getCACertificates, type TLSSocket } from 'node:tls';
import { type Clock, inTime } from '../clock.ts';
import { judgeRefusal, parseAnswer, refusalWords } from './answer.ts';
import type { Attempt, Outcome, OwnPlace, ProbeJob, Step } from './contract.ts';
import type { Path } from './paths.ts';
import { codeOf, StepFailure } from './step-failure.ts';
import { upgrade } from './upgrade.ts';

/** An answer of ours comes within 8 s, and an upgrade within 10; the rest is the round trip. */
export const TIMEOUTS_MS: Readonly<Record<Step, number>> = {
  reach: 3_000,
  'proxy-tls': 5_000,
  answer: 9_500,
  'endpoint-tls': 5_000,
  upgrade: 12_000,
};
const HEAD_BYTES_MAX = 16 * 1024;
/** haproxy.org, proxy-protocol.txt, section 2.1. */
const PROXY_HEADER = 'PROXY UNKNOWN\r\n';

export interface AttemptDeps {
  readonly clock: Clock;
  readonly tls: ProbeJob['tls'];
  readonly login: ProbeJob['login'];
}

export interface Attempted {
  readonly attempt: Attempt;
  /** Of the certificate that the node showed us; null where none was seen. */
  readonly certificateLeftMs: number | null;
}

/** Never rejects. */
export async function attempt(path: Path, place: OwnPlace, deps: AttemptDeps): Promise<Attempted> {
  const walk = new ProbeWalk(deps.clock);
  const { way, endpoint, host, port } = path;
  const about = { way, endpoint, host, port };
  try {
    await throughWay(path, place, deps, walk);
    return { attempt: { ...about, outcome: 'through', why: null, ms: walk.ms }, certificateLeftMs: walk.certificateLeftMs };
  } catch (error) {
    const outcome = error instanceof StepFailure ? error.outcome : 'ours';
    const why = `${way} to ${host}:${port}: ${walk.step}: ${(error as Error).message}`;
    return { attempt: { ...about, outcome, why, ms: walk.ms }, certificateLeftMs: walk.certificateLeftMs };
  } finally {
    walk.end();
  }
}

/** The steps as they are made: how long each took, and what has to be closed in the end. */
class ProbeWalk {
  readonly ms: Partial<Record<Step, number>> = {};
  step: Step = 'reach';
  certificateLeftMs: number | null = null;
  readonly #clock: Clock;
  #socket: Socket | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async take<T>(step: Step, ifLate: Outcome, work: () => Promise<T>): Promise<T> {
    this.step = step;
    const startMs = this.#clock.nowMs();
    const timeoutMs = TIMEOUTS_MS[step];
    try {
      return await inTime(this.#clock, timeoutMs, work(), () => new StepFailure(ifLate, `nothing within ${timeoutMs} ms`));
    } finally {
      this.ms[step] = Math.round((this.#clock.nowMs() - startMs) * 10) / 10;
    }
  }

  owns(socket: Socket): void {
    this.#socket = socket;
  }

  end(): void {
    this.#socket?.destroy();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }
}

async function throughWay(path: Path, place: OwnPlace, { tls, login }: AttemptDeps, walk: ProbeWalk): Promise<void> {
  const plain = await walk.take('reach', 'ours', () => reach(place, walk));
  if (path.way === 'connect') return insideTunnel(plain, path, login, walk);
  if (path.way === 'sni') return walk.take('endpoint-tls', 'upstream', () => endpointTls(plain, path));
  if (tls === null) throw new StepFailure('ours', 'this node has no certificate');
  const name = path.way === 'gateway' ? path.host : tls.name;
  const secure = await walk.take('proxy-tls', 'ours', () => proxyTls(plain, name, tls.certificates, walk));
  if (path.way === 'connect-tls') return insideTunnel(secure, path, login, walk);
  return walk.take('upgrade', 'upstream', () => upgrade(secure, path.host, credentialsOf(login)));
}

async function insideTunnel(stream: Duplex, path: Path, login: string | null, walk: ProbeWalk): Promise<void> {
  await walk.take('answer', 'ours', () => ask(stream, `${path.host}:${path.port}`, credentialsOf(login)));
  await walk.take('endpoint-tls', 'upstream', () => endpointTls(stream, path));
}

function reach({ address, port, wantsProxyHeader }: OwnPlace, walk: ProbeWalk): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address, port, noDelay: true });
    walk.owns(socket);
    // Whoever comes later hears of its end by `close`.
    socket.on('error', (error) => reject(new StepFailure('ours', codeOf(error))));
    socket.once('connect', () => {
      if (wantsProxyHeader) socket.write(PROXY_HEADER);
      resolve(socket);
    });
  });
}

/** Our own certificate hangs on roots that the machine need not know: that of our file is trusted as it is, its name and its dates are not. */
async function proxyTls(socket: Socket, name: string, certificates: string, walk: ProbeWalk): Promise<TLSSocket> {
  try {
    const ca = [...getCACertificates('default'), certificates];
    const secure = await handshake(socket, { servername: name, ca, allowPartialTrustChain: true, ALPNProtocols: ['http/1.1'] });
    walk.certificateLeftMs = Date.parse(secure.getPeerCertificate().valid_to) - walk.wallMs();
    return secure;
  } catch (error) {
    if (codeOf(error) === 'CERT_HAS_EXPIRED') walk.certificateLeftMs = 0;
    throw new StepFailure('ours', codeOf(error));
  }
}

/** No ALPN: with one of MQTT's the endpoint would ask for a device's certificate. */
async function endpointTls(stream: Duplex, { host, ca }: Path): Promise<void> {
  try {
    const secure = await handshake(stream, { servername: host, ...(ca !== null && { ca }) });
    // Not cut off: the endpoint has still to read the end of the handshake, and would count a failed one.
    await new Promise<void>((resolve) => secure.end(resolve));
  } catch (error) {
    const code = codeOf(error);
    throw new StepFailure(asksForCertificate(code) ? 'unclear' : 'upstream', code);
  }
}

/** TLS 1.2 ends the handshake of who has no certificate to show, before what the endpoint showed could be judged (RFC 5246 section 7.2.2). */
function asksForCertificate(code: string): boolean {
  return /ALERT_(HANDSHAKE_FAILURE|BAD_CERTIFICATE|CERTIFICATE_REQUIRED)$/.test(code);
}

function handshake(socket: Duplex, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = connectTls({ socket, minVersion: 'TLSv1.2', ...options });
    secure.on('error', reject);
    secure.once('close', () => reject(new Error('closed during the handshake')));
    secure.once('secureConnect', () => resolve(secure));
  });
}

/** RFC 7617; as agents send it. */
function credentialsOf(login: string | null): Readonly<Record<string, string>> {
  return login === null ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(login, 'utf8').toString('base64')}` };
}

function ask(stream: Duplex, authority: string, credentials: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0 && text.length <= HEAD_BYTES_MAX) return;
      stream.off('data', onData);
      stream.pause();
      const answer = parseAnswer(text.slice(0, Math.max(0, end)));
      if (answer?.status === 200) return resolve();
      if (answer === null) return reject(new StepFailure('ours', 'the answer is not HTTP'));
      const reason = answer.fields.get('pinhole-reason') ?? '';
      reject(new StepFailure(judgeRefusal(answer.status, reason), refusalWords(answer.status, reason)));
    };
    stream.on('data', onData);
    stream.once('error', (error) => reject(new StepFailure('ours', codeOf(error))));
    stream.once('close', () => reject(new StepFailure('ours', 'closed without an answer')));
    // One write: some proxies read the head with a single read.
    const fields = Object.entries({ Host: authority, ...credentials }).map(([name, value]) => `${name}: ${value}\r\n`);
    stream.write(`CONNECT ${authority} HTTP/1.1\r\n${fields.join('')}\r\n`);
  });
}
