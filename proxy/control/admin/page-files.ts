// The page's files, read once and held: its own from proxy/page, and three libraries from node_modules as they were published. Nothing is bundled
// and nothing comes from elsewhere, which the policy of every answer says to the browser too.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer } from '../bounded-server.ts';
import { json } from '../bounded-server.ts';

const FOLDER = fileURLToPath(new URL('../../page/', import.meta.url));
const INDEX = 'index.html';
/** Under these names the page asks for them. */
const LIBRARIES = {
  'preact.mjs': 'preact',
  'hooks.mjs': 'preact/hooks',
  'htm.mjs': 'htm',
  'uplot.mjs': 'uplot/dist/uPlot.esm.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
} as const;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export type PageFiles = (path: string) => Answer | null;

/** Null for a path that is not the page's. Where a file of it is missing, that is the answer, and the rest of the API goes on. */
export function loadPage(folder: string = FOLDER): PageFiles {
  let files: ReadonlyMap<string, Answer>;
  try {
    files = readAll(folder);
  } catch (error) {
    const why = `the page is not installed: ${(error as Error).message}`;
    return (path) => (isOfPage(path) ? json(503, { error: why }) : null);
  }
  return (path) => (isOfPage(path) ? (files.get(path) ?? null) : null);
}

function isOfPage(path: string): boolean {
  return path === '/' || path.startsWith('/page/');
}

function readAll(folder: string): Map<string, Answer> {
  const files = new Map<string, Answer>();
  const index = readFileSync(join(folder, INDEX), 'utf8');
  files.set('/', { ...fileAnswer(INDEX, index), headers: { 'Content-Security-Policy': policyFor(index) } });
  for (const name of readdirSync(folder)) {
    if (name !== INDEX && TYPES[extname(name)] !== undefined)
      files.set(`/page/${name}`, fileAnswer(name, readFileSync(join(folder, name), 'utf8')));
  }
  for (const [name, specifier] of Object.entries(LIBRARIES)) {
    files.set(`/page/lib/${name}`, fileAnswer(name, readFileSync(fileURLToPath(import.meta.resolve(specifier)), 'utf8')));
  }
  return files;
}

function fileAnswer(name: string, body: string): Answer {
  return { status: 200, body, type: TYPES[extname(name)] ?? 'application/octet-stream' };
}

/** The map of module names is the one script in the text of the page, and allowed by what it is (CSP 3, hash sources). */
export function policyFor(html: string): string {
  const scripts = [...html.matchAll(/<script type="importmap">([^]*?)<\/script>/g)].map(([, text = '']) => text);
  const hashes = scripts.map((text) => ` 'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return [
    "default-src 'none'",
    `script-src 'self'${hashes.join('')}`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
