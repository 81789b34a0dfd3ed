// A secret of the file: written in it, or `file:PATH`.

import type { Files } from './files.ts';
import type { ConfigPath, Report } from './problem.ts';

/** Null where there is none, or where its file has none: that is a problem then. */
export function readSecret(secret: string | undefined, at: ConfigPath, files: Files, report: Report): string | null {
  if (secret === undefined) return null;
  if (!secret.startsWith('file:')) return secret;
  const text = files.read(secret.slice('file:'.length), at);
  if (text === null) return null;
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  report.problem(at, 'the file holds no token: expected visible ASCII without spaces');
  return null;
}

/** `USER:TOKEN`, for Basic. */
export function readLogin(secret: string | undefined, files: Files, report: Report): string | null {
  const at = ['probe', 'login'];
  const login = readSecret(secret, at, files, report);
  if (login === null || /^[^:]+:.+$/.test(login)) return login;
  report.problem(at, 'expected USER:TOKEN, or file:PATH of a file with it');
  return null;
}
