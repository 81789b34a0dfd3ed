// Where k6 is: a v2 from PATH, else one that Go builds from the module pinned in go.mod, once, and keeps outside the tree.

import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Holds go.mod. */
const MODULE = import.meta.dirname;
const PACKAGE = 'go.k6.io/k6/v2';
/** What k6's own go.mod asks for. */
const GO_WANTED = [1, 25] as const;
/** Where Go's installer puts it; many shells do not look there. */
const GO_PLACES = ['/usr/local/go/bin', '/usr/lib/go/bin'];
const ASK_MS = 20_000;
const LAST_LINES = 15;

export interface K6Wanted {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line at a time, for people: that a build runs, and that it still does. */
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Of a build that runs. */
  readonly progressEveryMs?: number;
  /** Folders where Go may be besides those of PATH. */
  readonly goPlaces?: readonly string[];
}

export interface K6 {
  readonly path: string;
  /** `v2.2.0`. */
  readonly version: string;
  /** `go1.26.8`, where it was built here. */
  readonly go: string | null;
}

/** Rejects with words that say how to get one, or what Go had to say. */
export async function findK6(wanted: K6Wanted): Promise<K6> {
  const seen: string[] = [];
  for (const path of placesOf('k6', foldersOf(wanted.env))) {
    const version = await k6Version(path);
    if (version?.startsWith('v2.')) return { path, version, go: null };
    seen.push(`${path} ${version === null ? 'does not say its version' : `is ${version}, and v2 is needed`}`);
  }
  const pinned = pinnedVersion();
  for (const path of placesOf('go', [...foldersOf(wanted.env), ...(wanted.goPlaces ?? GO_PLACES)])) {
    const go = await goVersion(path);
    if (go !== null && isEnough(go)) return { path: await builtByGo({ go: path, goVersion: go, pinned }, wanted), version: pinned, go };
    seen.push(`${path} ${go === null ? 'does not say its version' : `is ${go}, and ${GO_WANTED.join('.')} is needed`}`);
  }
  throw new Error(
    [
      `no k6 v2 at hand, and no Go ${GO_WANTED.join('.')} to build it with`,
      ...seen.map((words) => `  ${words}`),
      `Install k6 ${pinned} (https://grafana.com/docs/k6/latest/set-up/install-k6/) so that it is on the PATH, or Go (https://go.dev/dl/).`,
    ].join('\n'),
  );
}

/** Of go.mod, which `go build` obeys. */
export function pinnedVersion(): string {
  const match = /^\s*(?:require )?go\.k6\.io\/k6\/v2 (v[0-9.]+)/m.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'));
  if (match?.[1] === undefined) throw new Error(`${MODULE}/go.mod does not pin ${PACKAGE}`);
  return match[1];
}

function foldersOf(env: K6Wanted['env']): string[] {
  return (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

function placesOf(program: string, folders: readonly string[]): string[] {
  return [...new Set(folders)].map((folder) => join(folder, program)).filter((path) => existsSync(path));
}

async function k6Version(path: string): Promise<string | null> {
  return /^k6\S* (v[0-9]+\.\S+)/m.exec(await ask(path, 'version'))?.[1] ?? null;
}

async function goVersion(path: string): Promise<string | null> {
  return /^go version (go[0-9]+\.\S+)/m.exec(await ask(path, 'version'))?.[1] ?? null;
}

function isEnough(go: string): boolean {
  const [major = 0, minor = 0] = go
    .slice('go'.length)
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return major > GO_WANTED[0] || (major === GO_WANTED[0] && minor >= GO_WANTED[1]);
}

async function ask(path: string, word: string): Promise<string> {
  return run(path, [word], { timeout: ASK_MS, cwd: MODULE }).then(
    ({ stdout }) => stdout,
    () => '',
  );
}

interface Build {
  readonly go: string;
  readonly goVersion: string;
  readonly pinned: string;
}

/** Built beside its place and moved there whole: two that build at once both end with a good one, and one that was cut off leaves none. */
async function builtByGo(build: Build, wanted: K6Wanted): Promise<string> {
  const folder = cacheFolder(wanted.env);
  const path = join(folder, `k6-${build.pinned}-${build.goVersion}`);
  if (existsSync(path)) return path;
  makeFolder(folder);
  const fresh = `${path}.${randomUUID()}`;
  try {
    await compile(build, fresh, wanted);
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
  wanted.progress(`k6 ${build.pinned} is built: ${path}`);
  return path;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new Error(
      `no k6 v2 on the PATH, and nowhere to keep one that is built: ${(error as Error).message}. Set XDG_CACHE_HOME to a folder that you may write to, or put k6 on the PATH`,
      { cause: error },
    );
  }
}

/** XDG Base Directory Specification: an empty value counts as none. */
function cacheFolder(env: K6Wanted['env']): string {
  const base = env['XDG_CACHE_HOME'] || (env['HOME'] ? join(env['HOME'], '.cache') : '');
  if (base === '') throw new Error('nowhere to keep k6: neither XDG_CACHE_HOME nor HOME is set');
  return join(base, 'pinhole');
}

async function compile({ go, goVersion, pinned }: Build, output: string, wanted: K6Wanted): Promise<void> {
  const began = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - began) / 1_000)} s`;
  wanted.progress(`building k6 ${pinned} with ${goVersion} (once; two to five minutes, and the network the first time) ...`);
  const ticker = setInterval(() => wanted.progress(`  still building k6, ${seconds()}`), wanted.progressEveryMs ?? 10_000);
  try {
    await runGo(go, ['build', '-trimpath', '-o', output, PACKAGE], wanted);
  } finally {
    clearInterval(ticker);
  }
}

/** Without C, so that what is built runs on any machine of the kind; a Go that fetches another Go would not be the one that the cache names. */
async function runGo(go: string, args: readonly string[], { env, signal }: K6Wanted): Promise<void> {
  const child = spawn(go, args, {
    cwd: MODULE,
    env: { ...env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: [env['GOFLAGS'], '-mod=readonly'].filter(Boolean).join(' ') },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let said = '';
  const keep = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-20_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const how = await new Promise<string | null>((done) => {
    child.on('error', (error) => done(error.name === 'AbortError' ? 'was stopped' : error.message));
    child.on('close', (code, signal) => done(code === 0 ? null : `ended with ${signal ?? code}`));
  });
  if (how === null) return;
  const lines = said.trim().split('\n').slice(-LAST_LINES).join('\n  ');
  throw new Error(`k6 could not be built: ${go} ${args.join(' ')} in ${MODULE} ${how}\n  ${lines}`);
}
