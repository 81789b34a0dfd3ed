import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findK6, pinnedVersion, type K6 } from './k6-binary.ts';

interface Place {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly lines: string[];
  program(name: string, script: string): void;
  find(): Promise<K6>;
  cached(): string[];
}

/** A PATH with nothing on it but what a test puts there, and what scripts need. */
function place(context: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'k6-binary-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const bin = join(folder, 'bin');
  const cache = join(folder, 'cache', 'pinhole');
  mkdirSync(bin);
  const env = { PATH: bin, XDG_CACHE_HOME: join(folder, 'cache') };
  const lines: string[] = [];
  return {
    folder,
    env,
    lines,
    program: (name, script) => writeFileSync(join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`, { mode: 0o755 }),
    find: () => findK6({ env, progress: (line) => lines.push(line), progressEveryMs: 20, goPlaces: [] }),
    cached: () => {
      try {
        return readdirSync(cache).sort();
      } catch {
        return [];
      }
    },
  };
}

/** Says a version, and for a build writes its output file after a moment, and notes that it was called. */
const goScript = (folder: string, version = 'go1.26.8', build = 'sleep 0.2; echo built > "$4"'): string =>
  `if [ "$1" = version ]; then echo "go version ${version} linux/amd64"; exit; fi\necho "$@" >> ${folder}/calls\n${build}`;

const PINNED = pinnedVersion();

test('go.mod pins k6', () => assert.match(PINNED, /^v2\.\d+\.\d+$/));

test('a k6 of version 2 on the PATH is taken as it is', async (context) => {
  const here = place(context);
  here.program('k6', 'echo "k6 v2.3.1 (go1.26.1, linux/amd64)"');
  here.program('go', goScript(here.folder));
  assert.deepEqual(await here.find(), { path: join(here.folder, 'bin', 'k6'), version: 'v2.3.1', go: null });
  assert.deepEqual(here.cached(), []);
});

test('without one, Go builds the pinned one, says that it does, and keeps it', async (context) => {
  const here = place(context);
  here.program('go', goScript(here.folder));
  const found = await here.find();
  const name = `k6-${PINNED}-go1.26.8`;
  assert.deepEqual(found, { path: join(here.folder, 'cache', 'pinhole', name), version: PINNED, go: 'go1.26.8' });
  assert.deepEqual(here.cached(), [name]);
  assert.match(here.lines[0] ?? '', /^building k6 v2/);
  assert.ok(here.lines.some((line) => line.includes('still building k6')));
  assert.match(readFileSync(join(here.folder, 'calls'), 'utf8'), /^build -trimpath -o \S+ go\.k6\.io\/k6\/v2\n$/);
});

test('the second time nothing is built', async (context) => {
  const here = place(context);
  here.program('go', goScript(here.folder));
  const first = await here.find();
  here.lines.length = 0;
  assert.deepEqual(await here.find(), first);
  assert.deepEqual(here.lines, []);
  assert.equal(readFileSync(join(here.folder, 'calls'), 'utf8').trim().split('\n').length, 1);
});

test('another Go builds another one', async (context) => {
  const here = place(context);
  here.program('go', goScript(here.folder));
  await here.find();
  here.program('go', goScript(here.folder, 'go1.27.0'));
  await here.find();
  assert.deepEqual(here.cached(), [`k6-${PINNED}-go1.26.8`, `k6-${PINNED}-go1.27.0`]);
});

test('two that build at once both end with a whole one, and leave nothing else', async (context) => {
  const here = place(context);
  here.program('go', goScript(here.folder));
  const [one, other] = await Promise.all([here.find(), here.find()]);
  assert.deepEqual(one, other);
  assert.equal(readFileSync(one.path, 'utf8'), 'built\n');
  assert.deepEqual(here.cached(), [`k6-${PINNED}-go1.26.8`]);
});

test('a k6 of version 1 is passed over, and Go is asked', async (context) => {
  const here = place(context);
  here.program('k6', 'echo "k6 v1.8.1 (go1.26.1, linux/amd64)"');
  here.program('go', goScript(here.folder));
  assert.equal((await here.find()).version, PINNED);
});

test('a build that fails says what Go said, and leaves nothing', async (context) => {
  const here = place(context);
  here.program(
    'go',
    goScript(here.folder, 'go1.26.8', 'echo half > "$4"; echo "dial tcp: lookup proxy.golang.org: no such host" >&2; exit 1'),
  );
  await assert.rejects(here.find(), /k6 could not be built: .* ended with 1\n {2}dial tcp: lookup proxy\.golang\.org: no such host/);
  assert.deepEqual(here.cached(), []);
});

test('a build that is stopped leaves nothing', async (context) => {
  const here = place(context);
  here.program('go', goScript(here.folder, 'go1.26.8', 'echo half > "$4"; exec sleep 20'));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  await assert.rejects(findK6({ env: here.env, progress: () => {}, signal: stop.signal, goPlaces: [] }), /was stopped/);
  assert.deepEqual(here.cached(), []);
});

for (const [what, programs, words] of [
  ['with neither', {}, /^no k6 v2 at hand, and no Go 1\.25/],
  ['with an old k6', { k6: 'echo "k6 v1.0.0 (go1.23)"' }, /k6 is v1\.0\.0, and v2 is needed/],
  ['with an old Go', { go: 'echo "go version go1.19.8 linux/amd64"' }, /go is go1\.19\.8, and 1\.25 is needed/],
  ['with a k6 that is something else', { k6: 'echo hello' }, /k6 does not say its version/],
] as const) {
  test(`${what} the error says how to get one`, async (context) => {
    const here = place(context);
    for (const [name, script] of Object.entries(programs)) here.program(name, script);
    await assert.rejects(here.find(), (error: Error) => {
      assert.match(error.message, words);
      assert.match(error.message, /Install k6 v2\.\d+\.\d+ \(https:\/\/grafana\.com.*, or Go \(https:\/\/go\.dev\/dl\/\)\./);
      return true;
    });
  });
}

test('with nowhere to keep it, nothing is built', async (context) => {
  const here = place(context);
  here.program('go', goScript(here.folder));
  await assert.rejects(findK6({ env: { PATH: here.env['PATH'] }, progress: () => {}, goPlaces: [] }), /neither XDG_CACHE_HOME nor HOME/);
});

test('where it may not be kept, nothing is built, and what to do is said', async (context) => {
  const here = place(context);
  here.program('go', goScript(here.folder));
  writeFileSync(join(here.folder, 'cache'), '');
  await assert.rejects(
    here.find(),
    /nowhere to keep one that is built: (?:ENOTDIR|EEXIST).*\. Set XDG_CACHE_HOME .* or put k6 on the PATH$/s,
  );
  assert.ok(!readdirSync(here.folder).includes('calls'));
});
