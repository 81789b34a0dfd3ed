import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadPage, policyFor } from './page-files.ts';

const page = loadPage();

/** What the text of a file asks for, as a browser would. */
function askedFor(path: string, body: string): string[] {
  if (path === '/') return [...body.matchAll(/(?:href|src)="([^"]+)"|"(\/page\/lib\/[^"]+)"/g)].map(([, a, b]) => a ?? b ?? '');
  return [...body.matchAll(/from '(\.\/[^']+)'/g)].map(([, name = '']) => new URL(name, `http://x${path}`).pathname);
}

test('every file that the page asks for is served, with the type that browsers want, and none comes from elsewhere', () => {
  const seen = new Set<string>();
  const queue = ['/'];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const answer = page(path);
    assert.equal(answer?.status, 200, path);
    assert.match(answer?.type ?? '', /^(text\/(html|css|javascript); charset=utf-8|image\/svg\+xml)$/);
    if (!path.startsWith('/page/lib/')) queue.push(...askedFor(path, answer?.body ?? ''));
  }
  assert.ok(seen.size > 20, [...seen].join(' '));
});

test('the policy allows no script, style or connection from elsewhere, and no inline one but the map of modules', () => {
  const answer = page('/');
  const policy = answer?.headers?.['Content-Security-Policy'] ?? '';
  assert.match(
    policy,
    /^default-src 'none'; script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='; style-src 'self'; img-src 'self'; connect-src 'self'; /,
  );
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.notEqual(policyFor('<script type="importmap">{}</script>'), policy);
  assert.doesNotMatch(answer?.body ?? '', / style="| on\w+="/);
});

for (const path of ['/page/', '/page/tsconfig.json', '/page/format.test.ts', '/page/../control.ts', '/page/lib/', '/page/lib/react.mjs']) {
  test(`${path} is not served`, () => assert.equal(page(path), null));
}

test('a page that is not installed says so, and keeps to its own paths', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const missing = loadPage(folder);
  assert.equal(missing('/')?.status, 503);
  assert.match(missing('/')?.body ?? '', /the page is not installed/);
  assert.equal(missing('/status'), null);
});
