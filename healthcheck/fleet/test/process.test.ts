// `./pinhole fleet` as a process: credentials and endpoint from where AWS's SDKs look.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Route53, startRoute53 } from '../../../sandbox/route53/start.ts';
import { eventually, FLEET } from '../../testing/fleet-world.ts';

const PINHOLE = fileURLToPath(new URL('../../../pinhole', import.meta.url));

async function start(t: TestContext) {
  const aws = await startRoute53({
    log: () => {},
    zones: ['example.com'],
    propagationMs: 0,
    probe: () => Promise.resolve({ isGood: true, words: '' }),
  });
  const dir = mkdtempSync(join(tmpdir(), 'pinhole-fleet-'));
  t.after(async () => {
    rmSync(dir, { recursive: true });
    await aws.stop();
  });
  writeFileSync(join(dir, 'FLEET.yaml'), FLEET);
  return { aws, dir };
}

/** Nothing of this machine's own AWS set-up reaches the child. */
function run(dir: string, aws: Route53, words: readonly string[], env: Record<string, string>) {
  const child = spawn(PINHOLE, ['fleet', ...words], {
    cwd: dir,
    env: { PATH: '/usr/bin:/bin', HOME: dir, AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL_ROUTE_53: aws.url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (part) => (said.out += String(part)));
  child.stderr.on('data', (part) => (said.err += String(part)));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  return { child, said, ended };
}

test('credentials from the environment, from a profile, and none', async (t) => {
  const { aws, dir } = await start(t);
  const { accessKeyId, secretAccessKey } = aws.accessKey;
  const key = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const plan = ['plan', '-c', 'FLEET.yaml'];
  const good = await run(dir, aws, plan, key).ended;
  assert.deepEqual([good.code, good.err], [0, '']);
  assert.match(good.out, /\+ proxy\.example\.com pinhole-eu\/a/);

  writeFileSync(join(dir, 'credentials'), `[fleet]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`);
  const profile = { AWS_PROFILE: 'fleet', AWS_SHARED_CREDENTIALS_FILE: join(dir, 'credentials') };
  assert.equal((await run(dir, aws, plan, profile).ended).code, 0);

  const none = await run(dir, aws, plan, {}).ended;
  assert.equal(none.code, 1);
  assert.match(none.err, /^pinhole fleet: CREDENTIALS_MISSING: [^\n]+\n$/);
});

test('run makes the fleet, says so a line at a time, and ends with 0 on SIGTERM', async (t) => {
  const { aws, dir } = await start(t);
  const { accessKeyId, secretAccessKey } = aws.accessKey;
  const key = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const { child, said, ended } = run(dir, aws, ['run', '-c', 'FLEET.yaml', '--json'], key);
  await eventually(() => said.out.includes('"ran"'));
  assert.equal(aws.zones.all()[0]!.records.length, 9);
  child.kill('SIGTERM');
  const { code, out, err } = await ended;
  assert.deepEqual([code, err], [0, '']);
  const events = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);
  // The schedule may have had it run once more meanwhile.
  assert.deepEqual(
    events.filter((event) => event !== 'step').filter((event, index, all) => event !== all[index - 1]),
    ['started', 'plan', 'ran', 'stopped'],
  );
});

for (const [words, says] of [
  [[], /^Usage: pinhole fleet/],
  [['drop'], /^pinhole fleet: expected one of plan, apply, status, run, drain, undrain, got drop\n$/],
  [['plan'], /^pinhole fleet: -c FLEET\.yaml is missing\n$/],
  [['plan', '--nope'], /^pinhole fleet: Unknown option '--nope'\n$/],
] as const) {
  test(`words: fleet ${words.join(' ')}`, async (t) => {
    const { aws, dir } = await start(t);
    const { code, out, err } = await run(dir, aws, words, {}).ended;
    assert.equal(code, words.length === 0 ? 0 : 64);
    assert.match(words.length === 0 ? out : err, says);
  });
}
