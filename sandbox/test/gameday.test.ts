// `./pinhole gameday` as a process: its exit codes, and that nothing of it stays behind. What the days find is in .ci/run.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PINHOLE = join(ROOT, 'pinhole');
const run = promisify(execFile);

function processesIn(dir: string): string[] {
  const lines = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
  return lines.filter((line) => line.includes(dir));
}

test('a name that does not exist is 64, and says which do', async () => {
  await assert.rejects(run(PINHOLE, ['gameday', 'node-kiled']), (error: { code: number; stderr: string }) => {
    assert.equal(error.code, 64);
    assert.match(error.stderr, /no game day is called node-kiled; there are node-killed, .*, all\n$/);
    return true;
  });
});

test('--list names them, for people and for programs', async () => {
  const { stdout } = await run(PINHOLE, ['gameday', '--list']);
  const json = JSON.parse((await run(PINHOLE, ['gameday', '--list', '--json'])).stdout) as { name: string; does: string }[];
  assert.deepEqual(
    stdout.trimEnd().split('\n'),
    json.map(({ name, does }) => `${name.padEnd(24)}  ${does}`),
  );
});

test('Ctrl-C in the middle of a day ends everything, and is no verdict that held', { timeout: 120_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-gameday-test-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, TMPDIR: dir };
  const day = spawn(PINHOLE, ['gameday', 'aws-down'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => day.kill('SIGKILL'));
  let said = '';
  for await (const line of createInterface({ input: day.stdout })) {
    said += `${line}\n`;
    if (!line.includes('did') || !line.includes('AWS IoT is down')) continue;
    assert.ok(processesIn(dir).length > 6, 'a fleet is up');
    day.kill('SIGINT');
  }
  const code = day.exitCode ?? ((await once(day, 'exit')) as [number])[0];
  assert.equal(code, 1);
  assert.match(said, /aws-down: MISSED: it was ended before its time/);
  assert.deepEqual(processesIn(dir), []);
});
