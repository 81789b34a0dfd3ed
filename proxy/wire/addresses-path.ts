// The published address list, asked for like health: in clear and over TLS, with any Host.

import { fieldValues, type RequestHead } from './request-head.ts';
import { isPath } from './health-path.ts';

const PATH = '/.well-known/pinhole/addresses.json';

export function asksForAddresses(head: RequestHead): boolean {
  return (head.method === 'GET' || head.method === 'HEAD') && isPath(head.target, PATH);
}

/** `If-None-Match` (RFC 9110 section 13.1.2), by weak comparison. `etag` is ours: quoted, and without a comma in it. */
export function hasEtag(head: RequestHead, etag: string): boolean {
  const tags = fieldValues(head, 'if-none-match').flatMap((value) => value.split(','));
  return tags.some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
}
