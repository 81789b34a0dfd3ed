// The kinds of value that keys of the file take. Each reads the file's text into what Settings hold, and says what it expected.
// `title` is the kind's name: in the schema, in docs/configuration.md and in messages.

import cron from 'node-cron';
import * as z from 'zod';
import { canonicalAddress } from '../policy/canonical-address.ts';
import { hostNameMistake, isAwsName, parseEndpointName } from '../policy/endpoint-name.ts';
import { parseRange } from '../policy/ranges.ts';
import { parseIpPort } from './ip-port.ts';
import { DURATION, DURATION_MAX_MS, parseDuration, parseSize, renderDuration, SIZE } from './units.ts';

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A text that `read` turns into a value, or into the sentence that says what is wrong with it. */
function textOf<T>(title: string, read: (text: string) => { value: T } | { why: string }, pattern?: RegExp) {
  const base = pattern === undefined ? z.string() : z.string().regex(pattern, { abort: true });
  return base
    .transform((text, context): T => {
      const result = read(text);
      if ('value' in result) return result.value;
      context.issues.push({ code: 'custom', message: result.why, input: text });
      return z.NEVER;
    })
    .meta({ title });
}

/** A text that is taken as it is where nothing is wrong with it. */
export function checkedText(title: string, mistake: (text: string) => string | null) {
  return textOf<string>(title, (text) => {
    const why = mistake(text);
    return why === null ? { value: text } : { why };
  });
}

export function duration(bounds: Bounds = { min: 1, max: DURATION_MAX_MS }) {
  const read = (text: string): { value: number } | { why: string } => {
    const ms = parseDuration(text) ?? Number.NaN;
    if (ms >= bounds.min && ms <= bounds.max) return { value: ms };
    return { why: `expected a duration from ${renderDuration(bounds.min)} to ${renderDuration(bounds.max)}` };
  };
  return textOf('duration', read, DURATION);
}

export function size(bounds: Bounds) {
  const read = (text: string): { value: number } | { why: string } => {
    const bytes = parseSize(text) ?? Number.NaN;
    if (bytes >= bounds.min && bytes <= bounds.max) return { value: bytes };
    return { why: `expected a size from ${bounds.min / 1_024}KiB to ${bounds.max / 1_024}KiB` };
  };
  return textOf('size', read, SIZE);
}

export function wholeNumber(min: number, max: number) {
  return z.int().min(min).max(max);
}

/** An address to listen on; port 0 takes a free one. */
export function listenAddress() {
  return textOf('IP:PORT', (text) => {
    const parsed = parseIpPort(text);
    if (parsed === null) return { why: 'expected an IP address and a port, such as 0.0.0.0:443 or "[::]:443"' };
    return { value: { text, host: parsed.address, port: parsed.port } };
  });
}

/** An address to connect to. */
export function socketAddress() {
  return textOf('IP:PORT', (text) => {
    const value = parseIpPort(text);
    if (value === null || value.port === 0) return { why: 'expected an IP address and a port, such as 127.0.0.1:18443 or "[::1]:18443"' };
    return { value };
  });
}

/** A DNS server; the port is 53 where none is given. */
export function serverAddress() {
  return textOf('IP or IP:PORT', (text) => {
    const withPort = parseIpPort(text);
    const isGood = canonicalAddress(text) !== null || (withPort !== null && withPort.port !== 0);
    return isGood ? { value: text } : { why: 'expected the IP address of a DNS server, with or without a port' };
  });
}

/** Where agents reach another node; the port is 443 where none is given. */
export function peerAddress() {
  return textOf('IP or IP:PORT', (text) => {
    const alone = canonicalAddress(text);
    const value = alone === null ? parseIpPort(text) : { address: alone, port: 443 };
    if (value === null || value.port === 0) return { why: 'expected the IP address of another node, with or without a port' };
    return { value };
  });
}

/** What the scheduler itself takes: five fields, or six with seconds first. */
export function schedule() {
  return checkedText('cron schedule', (text) =>
    cron.validate(text) ? null : 'expected five fields of a cron schedule, or six with seconds first, such as */15 * * * * *',
  );
}

export function ipAddress() {
  return textOf('IP address', (text) => {
    const value = canonicalAddress(text);
    return value === null ? { why: 'expected an IP address' } : { value };
  });
}

/** As it stands in a Host header, without its port. */
export function hostOrAddress() {
  return textOf('host name or IP address', (text) => {
    const address = canonicalAddress(text);
    if (address !== null) return { value: address };
    const mistake = hostNameMistake(text);
    return mistake === null ? { value: text } : { why: mistake };
  });
}

export function range() {
  return checkedText('CIDR range', (text) => {
    if (parseRange(text) !== null) return null;
    return 'expected an address range such as 10.0.0.0/8, with no bits set beyond its length';
  });
}

export function hostName() {
  return checkedText('host name', hostNameMistake);
}

/** `*.` may stand for the first label. */
export function certificateName() {
  return checkedText('host name', (text) => hostNameMistake(text.startsWith('*.') ? text.slice(2) : text));
}

export function customDomain() {
  return checkedText('host name', (text) => {
    const mistake = hostNameMistake(text);
    if (mistake !== null) return mistake;
    return isAwsName(text) ? 'a name of AWS: it belongs under data, credentials or jobs' : null;
  });
}

export function endpointName(kind: 'data' | 'credentials' | 'jobs') {
  return checkedText(`AWS IoT ${kind} name`, (text) => {
    const parsed = parseEndpointName(text);
    if (!parsed.ok) return parsed.why;
    return parsed.value.kind === kind ? null : `the name of a ${parsed.value.kind} endpoint: it belongs under ${parsed.value.kind}`;
  });
}

/** An Origin as browsers send it (RFC 6454 section 6.2): compared exactly, so it has to be written exactly. */
export function origin() {
  return checkedText('origin', (text) => {
    if (URL.canParse(text) && new URL(text).origin === text) return null;
    return 'expected an origin such as https://app.example.com: scheme and host in lower case, the default port left out, no path';
  });
}

/** Of a node's admin address. */
export function adminUrl() {
  return checkedText('URL', (text) => {
    if (!URL.canParse(text)) return 'expected a URL such as http://10.0.1.10:9901';
    const { protocol, pathname, search, hash, username, password } = new URL(text);
    const isPlain = /^https?:$/.test(protocol) && pathname === '/' && `${search}${hash}${username}${password}` === '';
    return isPlain ? null : 'expected scheme, host and port alone, such as http://10.0.1.10:9901';
  });
}

export function label() {
  return checkedText('name', (text) =>
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) ? null : 'expected up to 63 letters, digits, dots, hyphens and underscores',
  );
}

export function path() {
  return checkedText('path', (text) => (text === '' || text.includes('\0') ? 'expected the path of a file' : null));
}

/** A token, or `file:PATH`. */
export function secret() {
  return checkedText('secret or file:PATH', (text) =>
    /^(?:file:.+|(?!file:)[\x21-\x7e]+)$/.test(text) ? null : 'expected visible ASCII without spaces, or file:PATH',
  );
}

/** `sha256:` and the digest. What is written instead may be the secret itself, and is not repeated (config/issues.ts). */
export function sha256() {
  return textOf<string>('sha256:HEX', (text) => {
    const digest = /^sha256:([0-9a-f]{64})$/.exec(text)?.[1];
    return digest === undefined ? { why: 'expected sha256: and 64 hexadecimal digits in lower case' } : { value: digest };
  });
}

/** What may stand in a certificate and is compared as it is. */
export function certificateText() {
  return checkedText('text of a certificate', (text) =>
    /^\P{Cc}{1,255}$/u.test(text) ? null : 'expected 1 to 255 characters, no control ones',
  );
}

/** The same item twice in a list is a mistake about one of them. */
export function distinct(items: readonly unknown[], context: z.core.ParsePayload<unknown>): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const key = JSON.stringify(item);
    if (seen.has(key)) context.issues.push({ code: 'custom', message: 'the same again', input: item, path: [index] });
    seen.add(key);
  }
}
