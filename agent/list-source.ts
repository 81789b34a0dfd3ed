// Where the address list comes from: a URL, asked with an ETag over the agent's own TCP and TLS, or a file that something else keeps up to date.
// A URL of the proxy's own name is dialled by the list itself once there is one: no DNS is needed to renew it.

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressBook, ProxyAddress } from './addresses.ts';
import { type Clock, withinDeadline } from './clock.ts';
import type { ProxyTls } from './doors.ts';
import { AgentFailure, codeOf, messageOf } from './failure.ts';
import { get, type HttpAnswer } from './http-json.ts';
import type { ListSource } from './list-keeper.ts';
import { parseUrl } from './proxy-url.ts';
import { openTcp } from './tcp.ts';
import { openTls } from './tls.ts';

export interface ListUrl {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
}

/** Null where the text is no http or https URL, or has a login or a fragment in it. */
export function parseListUrl(text: string): ListUrl | null {
  const url = parseUrl(text);
  if (!url || !/^https?:\/\//i.test(text) || url.username !== '' || url.hash !== '') return null;
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  return { isTls, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, path: `${url.pathname}${url.search}` };
}

/** As long as a node takes for a CONNECT at most, and more than any for this. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface UrlDeps {
  /** The addresses of the URL's host. */
  readonly book: AddressBook;
  readonly tls: ProxyTls;
  readonly clock: Clock;
}

export function urlSource(url: ListUrl, deps: UrlDeps): ListSource {
  const authority = `${url.host.includes(':') ? `[${url.host}]` : url.host}:${url.port}`;
  return {
    name: `${url.isTls ? 'https' : 'http'}://${authority}${withoutQuery(url.path)}`,
    fetch: (etag) =>
      deps.book.tryEach(async (address) => {
        const socket = await open(address, deps);
        try {
          return readAnswer(await ask(socket, { authority, path: url.path, etag }, deps.clock));
        } finally {
          socket.destroy();
        }
      }),
  };
}

/** A key or a signature may be in the query, and the name is for messages: two queries are two names, and neither can be read. */
function withoutQuery(text: string): string {
  const at = text.indexOf('?');
  return at < 0 ? text : `${text.slice(0, at)}?(${createHash('sha256').update(text).digest('hex').slice(0, 8)})`;
}

async function open(address: ProxyAddress, { tls, clock }: UrlDeps): Promise<Duplex> {
  const tcp = await openTcp({ host: address.address, port: address.port }, clock);
  return address.isTls ? await openTls(tcp, { leg: 'proxy-tls', host: address.host, ...tls, alpn: ['http/1.1'] }, clock) : tcp;
}

async function ask(socket: Duplex, request: { authority: string; path: string; etag: string | null }, clock: Clock): Promise<HttpAnswer> {
  const late = (): AgentFailure => failure('TIMEOUT', `no answer within ${ANSWER_TIMEOUT_MS} ms`);
  const headers: Record<string, string> = request.etag === null ? {} : { 'If-None-Match': request.etag };
  try {
    return await withinDeadline(clock, ANSWER_TIMEOUT_MS, late, () =>
      get(socket, { host: request.authority, path: request.path, headers: { Accept: 'application/json', ...headers } }),
    );
  } catch (error) {
    throw error instanceof AgentFailure ? error : failure(codeOf(error), messageOf(error), error);
  }
}

function readAnswer({ status, headers, body }: HttpAnswer): { text: string; etag: string | null } | null {
  if (status === 304) return null;
  if (status === 200) return { text: body, etag: etagOf(headers) };
  const reason = headers['pinhole-reason'];
  throw failure(`HTTP_${status}`, `it answered ${status}${typeof reason === 'string' ? ` ${reason}` : ''}`);
}

/** One that would not fit into a request is not kept. */
function etagOf({ etag }: IncomingMessage['headers']): string | null {
  return etag !== undefined && /^(W\/)?"[\x21\x23-\x7e]{1,200}"$/.test(etag) ? etag : null;
}

export function fileSource(path: string, readFile: (path: string) => string): ListSource {
  return {
    name: path,
    fetch: async () => {
      try {
        return { text: readFile(path), etag: null };
      } catch (error) {
        throw new AgentFailure({ leg: 'settings', code: codeOf(error), fixer: 'device', detail: messageOf(error) }, { cause: error });
      }
    },
  };
}

function failure(code: string, detail: string, cause?: unknown): AgentFailure {
  return new AgentFailure({ leg: 'proxy-answer', code, fixer: 'operator', detail }, { cause });
}
