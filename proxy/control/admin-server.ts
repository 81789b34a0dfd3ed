// The admin address. Reads on loopback need no token; off loopback every request does, and so does every change anywhere. Whoever asks must
// know that this is the admin address: a page in a browser that was made to resolve a name of its own to 127.0.0.1 says that name in Host.

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { DrainRequest } from '../core/drain.ts';
import type { Settings } from '../core/settings.ts';
import type { Told } from './ask.ts';
import type { Answer, Change, ChangeHandler, Handler, Question } from './bounded-server.ts';
import { json, NOT_FOUND } from './bounded-server.ts';
import { DRAIN_PATH } from './drain-orders.ts';

const UNDRAIN_PATH = '/undrain';

export interface AdminDeps {
  /** As they are now. */
  readonly admin: () => Settings['admin'];
  status(): Promise<object | null>;
  /** Null where the node does not drain. */
  drain(): Promise<object | null>;
  /** Null where no carrier answers. */
  order(request: Partial<DrainRequest>): Promise<Told | null>;
}

/** For the address of the settings. */
export function createAdminHandler(deps: AdminDeps): Handler {
  const read = createAdminReads(deps);
  return async (question) => refusalOf(question, deps.admin()) ?? read(question);
}

/** For the address of the settings: no change without the token. */
export function createAdminChangeHandler(deps: AdminDeps): ChangeHandler {
  const change = createAdminChanges(deps);
  return async (question) => refusalOf(question, deps.admin(), 'change') ?? change(question);
}

function refusalOf(question: Question, { host, names, token }: Settings['admin'], does: 'read' | 'change' = 'read'): Answer | null {
  if (!isOwnHost(question.host, [host, ...names])) return json(403, { error: 'this Host is not the admin address' });
  if ((does === 'read' && isLoopback(host)) || bearsToken(question, token)) return null;
  const error = token === null ? 'there is no admin.token: changes are taken over the Unix socket only' : 'a bearer token is needed';
  return json(401, { error });
}

/** For the Unix socket, whose file mode says who may ask. */
export function createAdminChanges({ order }: Pick<AdminDeps, 'order'>): ChangeHandler {
  return async (change): Promise<Answer> => {
    if (change.path !== DRAIN_PATH && change.path !== UNDRAIN_PATH) return NOT_FOUND;
    if (!change.body.ok) return change.body.answer;
    const asked = Object(change.body.value) as Partial<DrainRequest>;
    const told = await order({ ...asked, do: change.path === UNDRAIN_PATH ? 'end' : (asked.do ?? 'start'), by: actorOf(change) });
    return told ? json(told.status, told.value) : json(503, { error: 'no carrier answers' });
  };
}

/** For the log: what somebody says of themselves, and where they are, which they cannot choose. */
function actorOf({ actor, from }: Change): string {
  const who = actor === '' ? 'somebody' : actor;
  return from === null ? `${who} (Unix socket)` : `${who} (admin address, from ${from})`;
}

/** For the Unix socket. */
export function createAdminReads({ status, drain }: Pick<AdminDeps, 'status' | 'drain'>): Handler {
  return async ({ path }: Question): Promise<Answer> => {
    if (path === DRAIN_PATH) return json(200, { drain: await drain() });
    if (path !== '/' && path !== '/status') return NOT_FOUND;
    const found = await status();
    return found ? json(200, found) : json(503, { error: 'the supervisor does not answer' });
  };
}

/** Loopback by name or address, or one of `own`; any port, since a forwarded one is another. */
export function isOwnHost(header: string, own: readonly string[]): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(header);
  const host = match?.[1]?.toLowerCase().replace(/^\[|\]$/g, '');
  return host !== undefined && (host === 'localhost' || isLoopback(host) || own.includes(host));
}

export function isLoopback(host: string): boolean {
  return host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Compared by digest, in a time that says nothing about how much of it was right. */
function bearsToken({ authorization }: Question, token: string | null): boolean {
  const given = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  if (given === undefined || token === null) return false;
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
