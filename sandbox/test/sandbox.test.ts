// The sandbox as a user starts it: whole processes, a real proxy, and the lines it tells people to type.

import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PINHOLE = join(ROOT, 'pinhole');
const run = promisify(execFile);

/** A path with a space, as people have them; the tests' own variable would make the children a part of this run. */
function place(t: TestContext): { dir: string; env: NodeJS.ProcessEnv } {
  const dir = mkdtempSync(join(tmpdir(), 'pinhole sandbox '));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return { dir, env: { ...process.env, NODE_TEST_CONTEXT: undefined } };
}

/** Command lines of this machine that have to do with this folder. */
function processesOf(dir: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return pids.map(commandLine).filter((line) => line.includes(dir));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

test('--once: every door works, everything else is refused, and nothing stays behind', { timeout: 120_000 }, async (t) => {
  const { dir, env } = place(t);
  const { stdout } = await run(PINHOLE, ['sandbox', '--once', '--json', '--dir', dir], { cwd: ROOT, env });
  const { ok, cases } = JSON.parse(stdout) as { ok: boolean; cases: { door: string; what: string; ok: boolean; seen: string }[] };
  assert.deepEqual(
    cases.filter((row) => !row.ok),
    [],
  );
  assert.equal(ok, true);
  assert.ok(cases.length > 30);
  assert.deepEqual(new Set(cases.map((row) => row.door)), new Set(['connect', 'connect-tls', 'sni', 'gateway']));
  assert.deepEqual(processesOf(dir), []);
});

/** Waits for a line, and gives back everything so far. */
async function waitFor(lines: AsyncIterator<string>, seen: string[], pattern: RegExp): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) assert.fail(`it ended before ${pattern}:\n${seen.join('\n')}`);
    seen.push(value);
    if (pattern.test(value)) return seen.join('\n');
  }
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

/** The device subscribes to the topic, so it hears what others publish; a moment later than they do. */
async function untilLogged(file: string, words: string): Promise<void> {
  for (let tries = 0; !readFileSync(file, 'utf8').includes(words); tries += 1) {
    if (tries === 100) assert.fail(`${words} never came to the device`);
    await delay(100);
  }
}

/** What this machine lacks for a line, or null. */
async function missingFor(command: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const missing = ['curl', 'openssl', 'mosquitto_pub', 'unshare'].find((name) => command.includes(`${name} `) && !hasProgram(name));
  if (missing) return `${missing} is not on this machine`;
  if (!command.startsWith('unshare ')) return null;
  return run('unshare', ['-rm', 'true'], { env }).then(
    () => null,
    () => 'this machine gives its users no namespaces',
  );
}

/** The README's program for the AWS SDK, with this sandbox's port and folder. */
function sdkLines(summary: string, dir: string): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const program =
    /^node --input-type=module <<'EOF_SDK'\n.*?^EOF_SDK$/ms.exec(readme)?.[0] ?? assert.fail('the README has no program for the SDK');
  const port = /proxy +127\.0\.0\.1:([0-9]+)/.exec(summary)?.[1] ?? assert.fail('the summary names no port');
  return program.replaceAll("'127.0.0.1', 8443", `'127.0.0.1', ${port}`).replaceAll('.sandbox/', `${dir}/`);
}

const hasProgram = (name: string): boolean => (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

test('every line that the sandbox tells people to type works, and a signal ends everything', { timeout: 180_000 }, async (t) => {
  const { dir, env } = place(t);
  const sandbox = spawn(PINHOLE, ['sandbox', '--dir', dir], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => sandbox.kill('SIGKILL'));
  const lines = createInterface({ input: sandbox.stdout })[Symbol.asyncIterator]();
  const summary = await waitFor(lines, [], /got it back/);

  const commands = [...summary.matchAll(/^ {2}# .*\n {2}(.*)$/gm)]
    .map((match) => match[1] ?? '')
    .filter((command) => !command.includes('--once'));
  assert.ok(commands.length >= 7);
  const expected: readonly (readonly [RegExp, RegExp])[] = [
    [/^curl .*role-aliases/, /"sessionToken"/],
    [/^curl .*topics/, /"message":"OK"/],
    [/^curl .*example\.com/, /403 TARGET_NOT_ALLOWED/],
    [/^openssl/, /Verification: OK/],
    [/mosquitto_pub/, /^$/],
    [/pinhole agent/, /3 published, 3 received/],
    [/pinhole status/, /ready +yes/],
  ];
  for (const [which, answer] of expected) {
    const command = commands.find((line) => which.test(line)) ?? assert.fail(`no line is like ${which}`);
    const missing = await missingFor(command, env);
    if (missing) {
      t.diagnostic(`not tried: ${missing}`);
      continue;
    }
    const { stdout, stderr } = await run('sh', ['-c', command], { cwd: ROOT, env });
    assert.match(stdout + stderr, answer, command);
  }
  const sdk = await run('sh', ['-c', sdkLines(summary, dir)], { cwd: ROOT, env });
  assert.equal(sdk.stdout, 'published through the proxy\n');
  await untilLogged(join(dir, 'agent.log'), 'hello from the AWS SDK');

  sandbox.kill('SIGTERM');
  assert.equal(await exitOf(sandbox), 0);
  assert.deepEqual(processesOf(dir), []);
});

test('a proxy that dies ends the sandbox, which says so with its last lines', { timeout: 120_000 }, async (t) => {
  const { dir, env } = place(t);
  const sandbox = spawn(PINHOLE, ['sandbox', '--dir', dir], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => sandbox.kill('SIGKILL'));
  const lines = createInterface({ input: sandbox.stdout })[Symbol.asyncIterator]();
  await waitFor(lines, [], /got it back/);
  const { proxy } = JSON.parse(readFileSync(join(dir, 'world.json'), 'utf8')) as { proxy: number };
  const log = (): string => readFileSync(join(dir, 'pinhole.log'), 'utf8').trimEnd();
  const before = log();
  process.kill(proxy, 'SIGKILL');
  let words = '';
  for await (const chunk of sandbox.stderr) words += String(chunk);
  const [, told = ''] = /the proxy was ended by SIGKILL\. Its last lines:\n\n((?: {2}.*\n)+)/.exec(words) ?? assert.fail(words);
  const last = told.trimEnd().replaceAll(/^ {2}/gm, '');
  assert.match(last, /^\{"time".*"node":"sandbox"/m);
  // What it left behind may have said more since.
  const from = log().indexOf(last);
  assert.ok(from >= 0 && from + last.length >= before.length, `${words}\n${log()}`);
  assert.equal(await exitOf(sandbox), 1);
  assert.deepEqual(processesOf(dir), []);
});

test('a second sandbox in the same folder is told so', { timeout: 60_000 }, async (t) => {
  const { dir, env } = place(t);
  const sandbox = spawn(PINHOLE, ['sandbox', '--dir', dir], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => sandbox.kill('SIGKILL'));
  await waitFor(createInterface({ input: sandbox.stdout })[Symbol.asyncIterator](), [], /Ctrl-C ends/);
  await assert.rejects(run(PINHOLE, ['sandbox', '--dir', dir], { cwd: ROOT, env }), (error: { code: number; stderr: string }) => {
    assert.equal(error.code, 69);
    assert.match(error.stderr, new RegExp(`another sandbox \\(process ${sandbox.pid}\\)`));
    return true;
  });
  sandbox.kill('SIGINT');
  assert.equal(await exitOf(sandbox), 0);
});

interface FleetLine {
  readonly nodes: readonly { slot: string; state: string; inDns: boolean; pid: number }[];
  readonly agents: readonly { over: string | null }[];
}

/** A fleet of two, and the first line of its JSON from now on that is so. */
function startFleet(t: TestContext, ...more: readonly string[]) {
  const { dir, env } = place(t);
  const args = ['sandbox', '--fleet', '2', '--agents', '4', '--speed', '10', '--json', '--dir', dir, ...more];
  const sandbox = spawn(PINHOLE, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => sandbox.kill('SIGKILL'));
  const lines = createInterface({ input: sandbox.stdout })[Symbol.asyncIterator]();
  const untilLine = async (holds: (line: FleetLine) => boolean): Promise<FleetLine> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) assert.fail('it ended');
      const line = JSON.parse(value) as FleetLine;
      if (holds(line)) return line;
    }
  };
  return { dir, env, sandbox, untilLine };
}

const isUp = ({ nodes, agents }: FleetLine): boolean => nodes.every(({ inDns }) => inDns) && agents.every(({ over }) => over !== null);

test(
  '--fleet: a line of JSON a second, a node that is killed stays dead, and a signal ends everything',
  { timeout: 120_000 },
  async (t) => {
    const { dir, sandbox, untilLine } = startFleet(t);
    const [first, second] = (await untilLine(isUp)).nodes;
    assert.ok(first && second);
    process.kill(first.pid, 'SIGKILL');
    await untilLine(
      ({ nodes, agents }) =>
        nodes[0]?.state === 'dead' && !nodes[0].inDns && nodes[1]?.inDns === true && agents.every(({ over }) => over === second.slot),
    );
    sandbox.kill('SIGINT');
    assert.equal(await exitOf(sandbox), 0);
    assert.deepEqual(processesOf(dir), []);
  },
);

test(
  '--fleet --restart: a killed node is started again; what a killed sandbox leaves, the next one ends',
  { timeout: 120_000 },
  async (t) => {
    const { dir, env, sandbox, untilLine } = startFleet(t, '--restart');
    const [first] = (await untilLine(isUp)).nodes;
    assert.ok(first);
    process.kill(first.pid, 'SIGKILL');
    await untilLine(({ nodes }) => nodes[0]?.state === 'ready' && nodes[0].inDns && nodes[0].pid !== first.pid);
    sandbox.kill('SIGKILL');
    await exitOf(sandbox);
    assert.ok(processesOf(dir).length > 0);
    const { stdout } = await run(PINHOLE, ['sandbox', '--fleet', '2', '--agents', '2', '--once', '--json', '--dir', dir], {
      cwd: ROOT,
      env,
    });
    assert.equal((JSON.parse(stdout) as { ok: boolean }).ok, true, stdout);
    // Its `fleet run` ends by itself when it next has something to say, within half a minute.
    assert.deepEqual(
      processesOf(dir).filter((line) => !line.includes('fleet run') && !line.includes('healthcheck/main.ts')),
      [],
    );
  },
);
