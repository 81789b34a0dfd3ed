// What the child that reads a running node's file says, in a runtime folder of the test's.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { launchOf } from '../supervisor/spawn-role.ts';
import { MACHINE, makeCertificate, MINIMAL } from '../config/test-support.ts';
import { preparedSettingsFile, settingsFile } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import { VERSION } from '../core/version.ts';
import { markOf } from '../supervisor/file-mark.ts';
import type { ReloadPlan, ServePlan } from '../supervisor/plan.ts';
import { runPrepare, runPrepareReload } from './prepare.ts';

const INSTALLATION = { root: '/opt/pinhole', entry: '/opt/pinhole/proxy/main.ts' };

const PID = 4_711;

/** A node that was started by this file. */
function world(t: TestContext, text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'prepare-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const runtime = join(folder, 'run');
  const file = join(folder, 'p.yaml');
  const write = (next: string): void => writeFileSync(file, `${next}runtime: run\nrelay: node\n`);
  const io = (said: { stdout: string; stderr: string }) => ({
    stdout: (part: string) => void (said.stdout += part),
    stderr: (part: string) => void (said.stderr += part),
    env: {},
    readFile: (path: string) => readFileSync(path, 'utf8'),
    machine: { ...MACHINE, uid: process.getuid?.() ?? 0 },
  });
  write(text);
  const said = { stdout: '', stderr: '' };
  const code = runPrepare(file, INSTALLATION, io(said), PID);
  const start = { code, stderr: said.stderr, plan: code === 0 ? (JSON.parse(said.stdout) as ServePlan) : null };
  if (code === 0) {
    // As the supervisor leaves them: with the ports that were bound.
    const settings = JSON.parse(readFileSync(preparedSettingsFile(runtime, PID), 'utf8')) as Settings;
    const listeners = settings.listeners.map((listener) => ({ ...listener, port: 40_000 }));
    writeFileSync(settingsFile(runtime, 1), JSON.stringify({ ...settings, listeners }));
    rmSync(preparedSettingsFile(runtime, PID));
  }
  return {
    folder,
    runtime,
    file,
    write,
    start,
    reload(isUpgrade = false): ReloadPlan {
      const reloaded = { stdout: '', stderr: '' };
      assert.equal(runPrepareReload(file, { runtime, generation: 1, isUpgrade }, INSTALLATION, io(reloaded), PID), 0);
      assert.equal(reloaded.stderr, '');
      return JSON.parse(reloaded.stdout) as ReloadPlan;
    },
    prepared: () => JSON.parse(readFileSync(preparedSettingsFile(runtime, PID), 'utf8')) as Settings,
    left: () => readdirSync(runtime).filter((name) => name !== 'settings-1.json'),
  };
}

test('the start says which files it was read from, and by which marks', (t) => {
  const { start, file } = world(t, MINIMAL);
  assert.deepEqual(start.plan?.files, [{ path: file, mark: markOf(file) }]);
  assert.deepEqual([start.plan?.file, start.plan?.version], [file, VERSION]);
});

test('the same file again is unchanged, and nothing is left in the folder', (t) => {
  const { reload, left } = world(t, MINIMAL);
  assert.equal(reload().kind, 'unchanged');
  assert.deepEqual(left(), []);
});

test('another one is left beside the accepted one, with the ports of the start', (t) => {
  const { reload, write, prepared, start } = world(t, MINIMAL);
  write(`${MINIMAL}limits: { tunnels: 7 }\n`);
  const plan = reload();
  assert.ok(plan.kind === 'changed');
  assert.deepEqual([plan.changed, plan.plan.capacity.configured], [['limits'], 7]);
  assert.notEqual(plan.plan.policyVersion, start.plan?.policyVersion);
  assert.deepEqual([prepared().limits.tunnels, prepared().listeners[0]?.port], [7, 40_000]);
});

test('mistakes are lines with their place, and the files that could not be read are among those to be watched', (t) => {
  const { reload, write, file, folder } = world(t, MINIMAL);
  write(`${MINIMAL}tls: { certificate: cert.pem, key: key.pem }\nnonsense: 1\n`);
  const plan = reload();
  assert.ok(plan.kind === 'bad');
  assert.equal(plan.problems.length, 3);
  for (const problem of plan.problems) assert.match(problem, new RegExp(`^${file}:\\d+:\\d+: `));
  assert.deepEqual(
    plan.files.map(({ path, mark }) => [path, mark === 'ENOENT']),
    [
      [file, false],
      [join(folder, 'cert.pem'), true],
      [join(folder, 'key.pem'), true],
    ],
  );
});

test('so are the files that a good one names', (t) => {
  const { reload, write, folder } = world(t, MINIMAL);
  const pair = makeCertificate(['proxy.example.com']);
  writeFileSync(join(folder, 'cert.pem'), pair.certificate);
  writeFileSync(join(folder, 'key.pem'), pair.key);
  writeFileSync(join(folder, 'token'), 'secret');
  write(`${MINIMAL}tls: { certificate: cert.pem, key: key.pem }\nadmin: { token: "file:token" }\n`);
  const plan = reload();
  assert.deepEqual([plan.kind, plan.kind === 'changed' && plan.changed], ['changed', ['listen[].doors', 'tls', 'admin']]);
  assert.deepEqual(
    plan.files.map(({ path }) => path.slice(folder.length + 1)),
    ['p.yaml', 'cert.pem', 'key.pem', 'token'],
  );
});

test('a file that is gone is a problem of its first line', (t) => {
  const { reload, file } = world(t, MINIMAL);
  rmSync(file);
  const plan = reload();
  assert.ok(plan.kind === 'bad');
  assert.deepEqual(plan.problems, [`${file}:1:1: cannot read the file (ENOENT)`]);
  assert.deepEqual(plan.files, [{ path: file, mark: 'ENOENT' }]);
});

test('what only a start takes is said, and nothing is left in the folder', (t) => {
  const { reload, write, left } = world(t, MINIMAL);
  write(`${MINIMAL}carriers: 3\nlimits: { tunnels: 7 }\n`);
  const plan = reload();
  assert.ok(plan.kind === 'at-start');
  assert.deepEqual(plan.changes, [{ key: 'carriers', running: 'auto', wanted: '3' }]);
  assert.deepEqual(left(), []);
});

test('a list of mistakes without end is cut, and says so', (t) => {
  const { reload, write } = world(t, MINIMAL);
  write(MINIMAL + Array.from({ length: 1_000 }, (_, key) => `nonsense${key}: 1\n`).join(''));
  const plan = reload();
  assert.ok(plan.kind === 'bad');
  assert.equal(plan.problems.length, 101);
  assert.match(plan.problems[100] ?? '', /: and 900 more$/);
});

test('a folder in which nothing can be written fails with one line, at the start and later', (t) => {
  const { reload, write, runtime } = world(t, MINIMAL);
  write(`${MINIMAL}limits: { tunnels: 7 }\n`);
  // A name that is taken by a folder: as good as a full disk, also for root.
  mkdirSync(preparedSettingsFile(runtime, PID));
  const plan = reload();
  assert.ok(plan.kind === 'failed');
  assert.match(plan.why, new RegExp(`^cannot write the settings into ${runtime}: EISDIR`));

  const folder = mkdtempSync(join(tmpdir(), 'prepare-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'run', `settings.${PID}.json`), { recursive: true });
  writeFileSync(join(folder, 'p.yaml'), `${MINIMAL}runtime: run\nrelay: node\n`);
  let stderr = '';
  const io = {
    stdout: () => {},
    stderr: (part: string) => void (stderr += part),
    env: {},
    machine: { ...MACHINE, uid: process.getuid?.() ?? 0 },
  };
  const code = runPrepare(join(folder, 'p.yaml'), INSTALLATION, { ...io, readFile: (path) => readFileSync(path, 'utf8') }, PID);
  assert.equal(code, 69);
  assert.match(stderr, /^cannot write the settings into .*: EISDIR.*\n$/);
});

test('an accepted file that cannot be read is a failure, not a start from nothing', (t) => {
  const { reload, runtime, write } = world(t, MINIMAL);
  write(`${MINIMAL}limits: { tunnels: 7 }\n`);
  writeFileSync(settingsFile(runtime, 1), '{"half');
  const plan = reload();
  assert.ok(plan.kind === 'failed');
  assert.match(plan.why, /^cannot read the settings that the node runs by/);
  assert.equal(existsSync(preparedSettingsFile(runtime, PID)), false);
});

test('for an upgrade there are settings to start by, whether they are new or not', (t) => {
  const { reload, prepared, write } = world(t, MINIMAL);
  const same = reload(true);
  assert.ok(same.kind === 'changed');
  assert.deepEqual(
    [same.changed, same.launch, prepared().listeners[0]?.port],
    [[], launchOf(INSTALLATION.root, INSTALLATION.entry), 40_000],
  );
  write(`${MINIMAL}carriers: 3\n`);
  assert.equal(reload(true).kind, 'at-start');
});
