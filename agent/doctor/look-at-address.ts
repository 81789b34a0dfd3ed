// One address of the proxy: is there TCP, and is it Pinhole that answers?

import type { IncomingHttpHeaders } from 'node:http';
import type { ProxyAddress } from '../addresses.ts';
import { type Clock, withinDeadline } from '../clock.ts';
import { openTunnel } from '../connect.ts';
import { AgentFailure } from '../failure.ts';
import { get, type HttpAnswer } from '../http-json.ts';
import { openTcp } from '../tcp.ts';
import { clean, showAddress, troubleOf, wordsOf } from './look.ts';
import type { Plan } from './plan.ts';
import type { SeenAnswer, Sight, Trouble } from './sight.ts';

export async function lookAtTcp(proxy: ProxyAddress, { siteProxy }: Plan, clock: Clock): Promise<Sight> {
  const common = { check: 'tcp', address: showAddress(proxy), door: null } as const;
  const startedMs = clock.nowMs();
  try {
    const socket = await openTcp({ host: proxy.address, port: proxy.port }, clock);
    socket.destroy();
    const ms = clock.nowMs() - startedMs;
    return { ...common, trouble: null, seen: `connected in ${ms} ms`, ms };
  } catch (error) {
    const direct = troubleOf(error, 'proxy-tcp');
    const trouble = siteProxy !== null && (await leads(siteProxy, proxy, clock)) ? byProxy(direct, siteProxy) : direct;
    return { ...common, trouble, seen: wordsOf(trouble) };
  }
}

function byProxy({ code }: Trouble, { host, port }: { readonly host: string; readonly port: number }): Trouble {
  return { leg: 'proxy-tcp', code: 'ONLY_BY_PROXY', detail: `directly ${code}, by ${host}:${port} it is reached` };
}

/** Whether the site’s own proxy opens a tunnel there. */
async function leads(site: { readonly host: string; readonly port: number }, proxy: ProxyAddress, clock: Clock): Promise<boolean> {
  try {
    const socket = await openTcp(site, clock);
    const target = { host: proxy.address, port: proxy.port };
    (await openTunnel(socket, { target, authorization: null }, clock)).destroy();
    return true;
  } catch {
    return false;
  }
}

const READY_TIMEOUT_MS = 10_000;

/** `/ready` in clear: Pinhole answers it on every listener, and whoever stands in its place answers something else. */
export async function lookAtReady(proxy: ProxyAddress, clock: Clock): Promise<Sight> {
  const common = { check: 'ready', address: showAddress(proxy), door: null } as const;
  try {
    const socket = await openTcp({ host: proxy.address, port: proxy.port }, clock);
    const late = (): Error =>
      new AgentFailure({ leg: 'proxy-answer', code: 'TIMEOUT', fixer: 'operator', detail: `no answer within ${READY_TIMEOUT_MS} ms` });
    const asked = (): Promise<HttpAnswer> => get(socket, { host: showAddress(proxy), path: '/ready', headers: {} });
    const answered = await withinDeadline(clock, READY_TIMEOUT_MS, late, asked).finally(() => socket.destroy());
    const answer = readReady(answered);
    const trouble = troubleIn(answered, answer);
    return { ...common, answer, trouble, seen: trouble ? wordsOf(trouble) : [clean(answered.body.trim()), ...answer.marks].join('; ') };
  } catch (error) {
    const trouble = troubleOf(error, 'proxy-answer');
    return { ...common, trouble, seen: wordsOf(trouble) };
  }
}

/** Fields that Pinhole never sends with `/ready`, and that tell who did. */
const FOREIGN_FIELDS = ['via', 'server', 'proxy-agent', 'x-cache', 'x-squid-error'] as const;

export function readReady({ status, headers, body }: HttpAnswer): SeenAnswer {
  const isPinhole = (status === 200 && body.trim() === 'ready') || (status === 503 && body.trim() === 'closed');
  return { status, isPinhole, isPage: isPage(headers, body), marks: marksIn(headers) };
}

export function marksIn(headers: IncomingHttpHeaders): string[] {
  return FOREIGN_FIELDS.flatMap((name) => (headers[name] === undefined ? [] : [clean([name, headers[name]].flat().join(': '))]));
}

function isPage(headers: IncomingHttpHeaders, body: string): boolean {
  return /text\/html/i.test(headers['content-type'] ?? '') || /<html/i.test(body);
}

function troubleIn({ status, headers }: HttpAnswer, { isPinhole, isPage: hasPage, marks }: SeenAnswer): Trouble | null {
  if (isPinhole) return status === 200 ? null : { leg: 'proxy-answer', code: 'NOT_READY', detail: 'it says `closed`' };
  const to = typeof headers.location === 'string' && URL.canParse(headers.location) ? `, to ${new URL(headers.location).host}` : '';
  const scheme = /^[A-Za-z]+/.exec(headers['proxy-authenticate'] ?? headers['www-authenticate'] ?? '')?.[0];
  const shown = [`${status}${to}`, hasPage ? 'a page' : '', scheme ? `asks for ${scheme}` : '', ...marks].filter((part) => part !== '');
  return { leg: 'proxy-answer', code: `HTTP_${status}`, detail: clean(`in place of Pinhole’s \`ready\` came ${shown.join(', ')}`) };
}
