// The kinds of value that only FLEET.yaml has. Each says what it expected; `title` is its name in the schema, the docs and messages.

import { isIPv4 } from 'node:net';
import { checkedText } from '../../proxy/config/fields.ts';
import { hostNameMistake } from '../../proxy/policy/endpoint-name.ts';
import * as z from 'zod';

/** Ids of hosted zones as the API gives them, without `/hostedzone/`. */
const ZONE_ID = /^Z[A-Z0-9]{1,31}$/;

export function isZoneId(text: string): boolean {
  return ZONE_ID.test(text);
}

export function zone() {
  return checkedText('zone name or id', (text) => (isZoneId(text) ? null : hostNameMistake(text)));
}

/** 24 characters leave room for the rest of a CallerReference, which has 64 (Route 53 API, CreateHealthCheck). */
export function owner() {
  return checkedText('owner', (text) =>
    /^[a-z0-9][a-z0-9-]{0,23}$/.test(text) ? null : 'expected up to 24 lower-case letters, digits and hyphens',
  );
}

/** Elastic IPs are IPv4, and the records are A records. */
export function ipv4Address() {
  return checkedText('IPv4 address', (text) => (isIPv4(text) ? null : 'expected an IPv4 address'));
}

export function share() {
  return z.number().min(0).max(1);
}

/** 255 characters are what Route 53 takes for a path and for a search string. */
export function urlPath() {
  return checkedText('URL path', (text) =>
    /^\/[\x21-\x7e]{0,254}$/.test(text) ? null : 'expected a path such as /ready: at most 255 visible ASCII characters',
  );
}

export function searchText() {
  return checkedText('text', (text) =>
    /^[\x20-\x7e]{1,255}$/.test(text) ? null : 'expected 1 to 255 ASCII characters, which the answer must hold',
  );
}
