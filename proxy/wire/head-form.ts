// What must hold of any head that may turn into a tunnel, CONNECT or upgrade: one Host, no body in any form, one set of
// credentials, and a Connection field that takes nothing away.

import { fault, type Parsed } from '../core/fault.ts';
import { HEAD_FIELDS_MAX } from '../core/limits.ts';
import type { RequestHead } from './request-head.ts';

/** Options that Connection may name though the head has the field: hop-by-hop ones, by RFC 9110 sections 7.6 and 10.1.4. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'http2-settings']);
/** As many as a head may have fields: nobody has more to name. */
const OPTIONS_MAX = HEAD_FIELDS_MAX;

/** The Host field's value; null where HTTP/1.0 left it out. */
export function checkHeadForm(head: RequestHead): Parsed<string | null> {
  let host: string | null = null;
  let hasLength = false;
  let hasCredentials = false;
  for (const [name, value] of head.fields) {
    switch (name) {
      case 'host':
        // RFC 9112 section 3.2: more than one Host is a 400, equal or not.
        if (host !== null) return malformed('two Host fields');
        host = value;
        break;
      case 'transfer-encoding':
        return malformed('a body (Transfer-Encoding)');
      case 'content-length':
        // A single plain 0 is harmless, and Java and WinHTTP send it. Any other spelling is where parsers begin to differ.
        if (hasLength || value !== '0') return malformed('a Content-Length other than a single 0');
        hasLength = true;
        break;
      case 'expect':
        // RFC 9110 section 10.1.1: never in a request without content.
        return malformed('an Expect field');
      case 'proxy-authorization':
        if (hasCredentials) return malformed('two Proxy-Authorization fields');
        hasCredentials = true;
        break;
      default:
    }
  }
  if (host === null && head.version === '1.1') return malformed('no Host field');
  return namesEndToEnd(head) ? malformed('Connection names fields that are not hop-by-hop') : { ok: true, value: host };
}

function malformed(why: string): Parsed<never> {
  return fault('HEAD_MALFORMED', why);
}

/** True where a Connection field holds the option; the option is given in lower case. */
export function hasConnectionOption(head: RequestHead, option: string): boolean {
  return connectionOptions(head).includes(option);
}

/**
 * A sender must not have end-to-end fields removed by naming them (RFC 9110 section 7.6.1). We never remove what a field names, but
 * whoever sends such a list hopes that somebody does: a field of this very head that is not hop-by-hop, Connection itself included.
 */
function namesEndToEnd(head: RequestHead): boolean {
  const options = connectionOptions(head);
  if (options.length > OPTIONS_MAX) return true;
  return options.some((option) => !HOP_BY_HOP.has(option) && head.fields.some(([name]) => name === option));
}

/** At most one more than may be named, so that a list of thousands costs no more than a short one. */
function connectionOptions(head: RequestHead): string[] {
  const options: string[] = [];
  for (const [name, value] of head.fields) {
    if (name !== 'connection') continue;
    for (let start = 0; start <= value.length && options.length <= OPTIONS_MAX;) {
      const comma = value.indexOf(',', start);
      const end = comma < 0 ? value.length : comma;
      const option = trimBlank(value, start, end);
      if (option !== '') options.push(option.toLowerCase());
      start = end + 1;
    }
  }
  return options;
}

// String.trim would take a no-break space (obs-text here) for white space; RFC 9110 section 5.6.3 knows space and HTAB only.
function trimBlank(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text[from])) from++;
  while (to > from && isBlank(text[to - 1])) to--;
  return text.slice(from, to);
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t';
}
