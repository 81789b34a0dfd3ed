// The two paths that every door answers in clear and over TLS, whatever Host they come with: a Route 53 check asks by address.

import type { RequestHead } from './request-head.ts';

export function healthPath(head: RequestHead): 'live' | 'ready' | null {
  if (head.method !== 'GET' && head.method !== 'HEAD') return null;
  if (isPath(head.target, '/live')) return 'live';
  return isPath(head.target, '/ready') ? 'ready' : null;
}

/** A query is let in and ignored: some checkers add one. */
export function isPath(target: string, path: string): boolean {
  return target === path || (target.startsWith(path) && target[path.length] === '?');
}
