// The admin address. Reads on loopback need no token; off loopback every request does. Whoever asks must know that this is the admin
// address: a page in a browser that was made to resolve a name of its own to 127.0.0.1 says that name in Host.

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Settings } from '../core/settings.ts';
import type { Answer, Handler, Question } from './bounded-server.ts';
import { json, NOT_FOUND } from './bounded-server.ts';

export interface AdminDeps {
  readonly admin: Settings['admin'];
  status(): Promise<object | null>;
}

/** For the address of the settings. */
export function createAdminHandler(deps: AdminDeps): Handler {
  const read = createAdminReads(deps);
  return async (question) => {
    if (!isOwnHost(question.host, [deps.admin.host, ...deps.admin.names]))
      return json(403, { error: 'this Host is not the admin address' });
    if (!isLoopback(deps.admin.host) && !bearsToken(question, deps.admin.token)) return json(401, { error: 'a bearer token is needed' });
    return read(question);
  };
}

/** For the Unix socket, whose file mode says who may ask. */
export function createAdminReads({ status }: Pick<AdminDeps, 'status'>): Handler {
  return async ({ path }: Question): Promise<Answer> => {
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
