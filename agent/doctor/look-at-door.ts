// One door at one address, as an agent walks it: TLS with the proxy, CONNECT, TLS with AWS IoT, an answer. No identity is needed for it: AWS's
// refusal of an unsigned request proves the whole way.

import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ProxyAddress } from '../addresses.ts';
import { type Clock, withinDeadline } from '../clock.ts';
import type { ConnectAnswer } from '../connect-answer.ts';
import { type Door, type EndpointRequest, openEndpoint, openGateway, openRaw, proxyPeer, type Watch } from '../doors.ts';
import { AgentFailure, codeOf, type Leg } from '../failure.ts';
import { get } from '../http-json.ts';
import { openTcp } from '../tcp.ts';
import { openTls, type ShownCertificate } from '../tls.ts';
import { openWebSocket } from '../websocket.ts';
import type { CheckId } from './checks.ts';
import { isSignedByAmazon, isWorthRetrying } from './judge-handshake.ts';
import { LARGE_HELLO_BYTES, renderLargeHello } from './large-hello.ts';
import { clean, cleanCertificate, showAddress, showCertificate, troubleOf, wordsOf } from './look.ts';
import { ENDPOINT_PORT, type Plan, SMALL_GROUPS } from './plan.ts';
import type { Retries, SeenAnswer, Sight, Trouble } from './sight.ts';

/** The checks of each door, in the order of its way, with the leg on which each fails. */
const STAGES: Readonly<Record<Door, readonly (readonly [CheckId, Leg])[]>> = {
  connect: [
    ['answer', 'proxy-answer'],
    ['aws-tls', 'endpoint-tls'],
  ],
  'connect-tls': [
    ['proxy-tls', 'proxy-tls'],
    ['answer', 'proxy-answer'],
    ['aws-tls', 'endpoint-tls'],
  ],
  sni: [['aws-tls', 'endpoint-tls']],
  gateway: [['proxy-tls', 'proxy-tls']],
};

interface Shown {
  proxy?: ShownCertificate;
  endpoint?: ShownCertificate;
  answer?: SeenAnswer;
}

interface Visit {
  readonly proxy: ProxyAddress;
  readonly door: Door;
  readonly plan: Plan;
  readonly clock: Clock;
}

export async function lookAtDoor(visit: Visit): Promise<Sight[]> {
  const shown: Shown = {};
  const watch: Watch = {
    proxyCertificate: (certificate) => (shown.proxy = cleanCertificate(certificate)),
    endpointCertificate: (certificate) => (shown.endpoint = cleanCertificate(certificate)),
    answer: (answer) => (shown.answer = readTunnelAnswer(answer)),
  };
  let socket: TLSSocket | null = null;
  let trouble: Trouble | null = null;
  try {
    socket = await open(visit, watch);
    trouble = notByAmazon(visit, shown);
  } catch (error) {
    trouble = troubleOf(error, 'proxy-answer');
  }
  const retries = trouble !== null && isWorthRetrying(trouble) ? await retry(visit, trouble.leg) : undefined;
  const sights = stages(visit, shown, trouble, retries);
  if (socket === null || trouble !== null) {
    socket?.destroy();
    return [...sights, ...skip(visit, ['large-hello', 'aws-answer'])];
  }
  const answered = await lookAtAnswer(visit, socket);
  return [...sights, await lookAtLargeHello(visit), answered];
}

function open({ proxy, door, plan, clock }: Visit, watch?: Watch, hello: Partial<EndpointRequest> = {}): Promise<TLSSocket> {
  if (door === 'gateway') return openGateway(proxy, plan.gateway ?? proxy.host, plan.proxyTls, clock, watch);
  const target = { host: plan.endpoint, port: ENDPOINT_PORT };
  const request = { door, target, ca: plan.ca, alpn: ['http/1.1'], groups: SMALL_GROUPS, ...hello };
  return openEndpoint(proxy, request, plan.proxyTls, clock, watch);
}

/** Each check of the door up to the one that failed. */
function stages(visit: Visit, shown: Shown, trouble: Trouble | null, retries: Retries | undefined): Sight[] {
  const common = { address: showAddress(visit.proxy), door: visit.door } as const;
  const order = STAGES[visit.door];
  // A connection that did not come about again is the first check's.
  const failedAt =
    trouble === null
      ? order.length
      : Math.max(
          0,
          order.findIndex(([, leg]) => leg === trouble.leg),
        );
  return order.map(([check], index): Sight => {
    if (index > failedAt) return { ...common, check, trouble: null, seen: '', skipped: 'not reached' };
    const certificate = check === 'proxy-tls' ? shown.proxy : check === 'aws-tls' ? shown.endpoint : undefined;
    const facts = {
      ...common,
      check,
      ...(certificate && { certificate }),
      ...(check === 'answer' && shown.answer && { answer: shown.answer }),
    };
    if (index === failedAt && trouble !== null) return { ...facts, trouble, seen: wordsOf(trouble), ...(retries && { retries }) };
    if (certificate) return { ...facts, trouble: null, seen: showCertificate(certificate) };
    return { ...facts, trouble: null, seen: ['a tunnel', ...(shown.answer?.marks ?? [])].join('; ') };
  });
}

function skip({ proxy, door }: Visit, checks: readonly CheckId[]): Sight[] {
  return checks.map((check) => ({ check, address: showAddress(proxy), door, trouble: null, seen: '', skipped: 'not reached' }));
}

/** Pinhole's 200 is exactly one line (docs/clients): any field with it is somebody else's. */
export function readTunnelAnswer({ status, phrase, fields }: ConnectAnswer): SeenAnswer {
  const isPinhole = status === 200 ? phrase === 'Connection established' && fields.size === 0 : fields.has('pinhole-reason');
  const foreign = [...fields.keys()].map((name) => clean(TELLING.has(name) ? `${name}: ${fields.get(name)}` : name));
  const isPage = /text\/html/i.test(fields.get('content-type') ?? '');
  return { status, isPinhole, isPage, marks: status === 200 ? foreign.slice(0, MARKS_MAX) : [] };
}

/** Fields whose value says who answered. */
const TELLING: ReadonlySet<string> = new Set(['via', 'server', 'proxy-agent']);
const MARKS_MAX = 4;

/** Roots that were installed on this machine for inspection make a stranger's certificate a good one. */
function notByAmazon({ plan, door }: Visit, { endpoint }: Shown): Trouble | null {
  const isAws = /\.(amazonaws\.(com|com\.cn|eu)|api\.aws)$/.test(plan.endpoint);
  if (door === 'gateway' || !isAws || plan.question.hasOwnRoots || !endpoint || isSignedByAmazon(endpoint.issuers)) return null;
  return { leg: 'endpoint-tls', code: 'NOT_AMAZON', detail: clean(`accepted here, and signed by ${endpoint.issuers[0] ?? 'nobody'}`) };
}

/** What differs in a hello from the usual one. */
interface Hello {
  readonly alpn?: undefined;
  readonly isNamed?: false;
}

/** What a failed handshake is when less is in the hello. */
async function retry(visit: Visit, leg: Leg): Promise<Retries> {
  const outcome = async (hello: Hello): Promise<string> => {
    try {
      const socket = leg === 'proxy-tls' ? await openOuter(visit, hello) : await open(visit, undefined, hello);
      socket.destroy();
      return 'ok';
    } catch (error) {
      return error instanceof AgentFailure ? error.facts.code : codeOf(error);
    }
  };
  return { same: await outcome({}), withoutAlpn: await outcome({ alpn: undefined }), withoutName: await outcome({ isNamed: false }) };
}

async function openOuter({ proxy, door, plan, clock }: Visit, hello: Hello): Promise<TLSSocket> {
  const stream: Duplex = await openTcp({ host: proxy.address, port: proxy.port }, clock);
  const name = door === 'gateway' ? (plan.gateway ?? proxy.host) : proxy.host;
  return await openTls(stream, { ...proxyPeer(name, plan.proxyTls), ...hello }, clock);
}

/** A small one was answered a moment before, well within this. */
const HELLO_TIMEOUT_MS = 5_000;

/** The hello that a firewall sees: on doors with TLS of their own the outer one. Any byte that comes back shows that it came through. */
async function lookAtLargeHello(visit: Visit): Promise<Sight> {
  const { proxy, door, plan, clock } = visit;
  const common = { check: 'large-hello', address: showAddress(proxy), door } as const;
  const isOuter = door === 'connect-tls' || door === 'gateway';
  const leg = isOuter ? 'proxy-tls' : 'endpoint-tls';
  const outerName = door === 'gateway' ? (plan.gateway ?? proxy.host) : proxy.host;
  const name = isOuter ? outerName : plan.endpoint;
  try {
    const target = { host: plan.endpoint, port: ENDPOINT_PORT };
    const stream = isOuter
      ? await openTcp({ host: proxy.address, port: proxy.port }, clock)
      : await openRaw(proxy, { door, target }, plan.proxyTls, clock);
    const late = (): Error => new AgentFailure({ leg, code: 'TIMEOUT', fixer: 'site', detail: `no answer within ${HELLO_TIMEOUT_MS} ms` });
    await withinDeadline(clock, HELLO_TIMEOUT_MS, late, () => answered(stream, renderLargeHello(isIP(name) === 0 ? name : null))).finally(
      () => stream.destroy(),
    );
    return { ...common, trouble: null, seen: `${LARGE_HELLO_BYTES} bytes were answered` };
  } catch (error) {
    const trouble = troubleOf(error, leg);
    return { ...common, trouble, seen: wordsOf(trouble) };
  }
}

function answered(stream: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('data', () => resolve());
    stream.once('error', reject);
    stream.once('close', () => reject(Object.assign(new Error('the connection was closed'), { code: 'CLOSED' })));
    stream.write(bytes);
  });
}

const ANSWER_TIMEOUT_MS = 10_000;

async function lookAtAnswer(visit: Visit, socket: TLSSocket): Promise<Sight> {
  const common = { check: 'aws-answer', address: showAddress(visit.proxy), door: visit.door } as const;
  try {
    const answered = visit.door === 'gateway' ? await upgradeUnsigned(visit, socket) : await ask(visit, socket);
    return { ...common, trouble: null, ...answered };
  } catch (error) {
    const trouble = troubleOf(error, 'proxy-answer');
    return { ...common, trouble, seen: wordsOf(trouble) };
  } finally {
    socket.destroy();
  }
}

/** Any answer will do, and its Date is AWS's clock. */
async function ask({ plan, clock }: Visit, socket: TLSSocket): Promise<Pick<Sight, 'seen' | 'aheadMs'>> {
  const late = (): Error =>
    new AgentFailure({ leg: 'proxy-answer', code: 'TIMEOUT', fixer: 'operator', detail: `no answer within ${ANSWER_TIMEOUT_MS} ms` });
  const { status, headers } = await withinDeadline(clock, ANSWER_TIMEOUT_MS, late, () =>
    get(socket, { host: plan.endpoint, path: '/', headers: {} }),
  );
  const dateMs = Date.parse(headers.date ?? '');
  return { seen: `AWS IoT answered ${status}`, ...(Number.isNaN(dateMs) ? {} : { aheadMs: dateMs - clock.nowMs() }) };
}

/** AWS IoT refuses it, and the gateway says that it was AWS who did. */
async function upgradeUnsigned({ plan, proxy, clock }: Visit, socket: TLSSocket): Promise<Pick<Sight, 'seen'>> {
  try {
    const host = plan.gateway ?? proxy.host;
    (await openWebSocket(socket, { host, path: '/mqtt', authorization: proxy.authorization }, clock)).destroy();
    return { seen: 'AWS IoT took an upgrade that nobody had signed' };
  } catch (error) {
    if (!(error instanceof AgentFailure) || error.facts.leg !== 'upgrade' || !error.facts.code.startsWith('HTTP_4')) throw error;
    return { seen: `AWS IoT answered ${error.facts.status}` };
  }
}
