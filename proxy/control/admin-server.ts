// The admin address. Reads on loopback need no token; off loopback every request does, and so does every change anywhere. Whoever asks must
// know that this is the admin address: a page in a browser that was made to resolve a name of its own to 127.0.0.1 says that name in Host.

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Settings } from '../core/settings.ts';
import type { AdminApi } from './admin/api.ts';
import type { Answer, ChangeHandler, Handler, Question } from './bounded-server.ts';
import { json } from './bounded-server.ts';

/** As they are now. */
type AdminSettings = () => Settings['admin'];

/** A browser asks its user for the token then, and says it with everything that it asks for afterwards. */
const LOGIN = { 'WWW-Authenticate': 'Basic realm="pinhole admin", charset="UTF-8"' };

/** For the address of the settings. */
export function createAdminHandler(admin: AdminSettings, read: AdminApi['read']): Handler {
  return async (question) => refusalOfRead(question, admin()) ?? read(question);
}

/** For the address of the settings: no change without the token. */
export function createAdminChangeHandler(admin: AdminSettings, change: AdminApi['change']): ChangeHandler {
  return async (question) => refusalOfChange(question, admin()) ?? change(question);
}

function refusalOfRead(question: Question, { host, names, token }: Settings['admin']): Answer | null {
  if (!isOwnHost(question.host, [host, ...names])) return WRONG_HOST;
  if (isLoopback(host) || bearsToken(question, token)) return null;
  return { ...json(401, { error: 'a token is needed: as Bearer, or as the password of any user' }), headers: LOGIN };
}

/** Without the offer to log in: the page asks for the token itself, in words. */
function refusalOfChange(question: Question, { host, names, token }: Settings['admin']): Answer | null {
  if (!isOwnHost(question.host, [host, ...names])) return WRONG_HOST;
  // A browser that was logged in says the token for whatever page asks it to.
  if (question.origin !== '' && !isOriginOf(question.origin, question.host)) return json(403, { error: 'a page of another site asks' });
  if (bearsToken(question, token)) return null;
  const error = token === null ? 'there is no admin.token: changes are taken over the Unix socket only' : 'a bearer token is needed';
  return json(401, { error });
}

const WRONG_HOST: Answer = json(403, { error: 'this Host is not the admin address' });

function isOriginOf(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
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
  const given = tokenIn(authorization);
  if (given === null || token === null) return false;
  return timingSafeEqual(digest(given), digest(token));
}

/** `Bearer TOKEN`, or `Basic` with any user and the token as the password (RFC 7617). */
function tokenIn(authorization: string): string | null {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) ([\x21-\x7e]+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value === '' ? null : value;
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : text.slice(colon + 1);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
