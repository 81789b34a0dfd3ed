// The commands as processes: exit codes and words, with no credentials and nothing of this machine's own AWS set-up.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stageFile, stageText } from './testing/synth.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'pinhole-deploy-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

function run(cwd: string, ...args: readonly string[]) {
  const env = { PATH: process.env['PATH'], HOME: cwd, AWS_EC2_METADATA_DISABLED: 'true' };
  return spawnSync(process.execPath, [MAIN, ...args], { cwd, env, encoding: 'utf8' });
}

test('synth writes the templates where it was told, and says what to type next', (t) => {
  const cwd = folder(t);
  const { status, stdout, stderr } = run(cwd, 'synth', '--stage', stageFile('example'), '--out', 'made');
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /^stage example: proxy\.example\.com, shape slots, eu-west-1, account 123456789012\n/);
  assert.match(stdout, /no finding; \d+ acknowledged/);
  assert.match(stdout, /npx cdk deploy --app \S*made --all --outputs-file outputs\.json\n$/);
  for (const stack of ['addresses', 'devices', 'fleet', 'watch'])
    assert.ok(existsSync(join(cwd, `made/pinhole-example-${stack}.template.json`)), stack);
});

test('a stage with mistakes is 64, with every one of them and nothing written', (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, 'stage.yaml'), stageText('example').replace('role: spare', 'role: active').replace('c7g.large', 'm4.large'));
  const { status, stderr } = run(cwd, 'synth', '--stage', 'stage.yaml');
  assert.equal(status, 64);
  assert.deepEqual(
    stderr
      .trim()
      .split('\n')
      .map((line) => /^stage\.yaml:\d+:\d+: ([\w.[\]]+): /.exec(line)?.[1]),
    ['addresses', 'instance.type', 'release.url'],
  );
  assert.ok(!existsSync(join(cwd, 'cdk.out')));
});

for (const [what, args, code, says] of [
  ['a file that is not there', ['synth', '--stage', 'none.yaml'], 64, /none\.yaml: cannot be read \(ENOENT\)/],
  ['no stage', ['synth'], 64, /--stage FILE is missing; see --help/],
  ['an option that is not known', ['fleet-file', '--what'], 64, /Unknown option '--what'/],
  ['no command', [], 64, /^Usage: /],
  [
    'outputs that are not there',
    ['fleet-file', '--stage', stageFile('example'), '--outputs', 'none.json'],
    1,
    /none\.json: cannot be read/,
  ],
  ['no credentials', ['provision', '--stage', stageFile('example'), '--thing', 'x'], 1, /no credentials for AWS were found/],
] as const) {
  test(`${what}: exit code ${code}, in words`, (t) => {
    const { status, stderr } = run(folder(t), ...args);
    assert.equal(status, code, stderr);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
  });
}

for (const command of ['synth', 'fleet-file', 'provision']) {
  test(`${command} --help says its exit codes`, (t) => {
    const { status, stdout } = run(folder(t), command, '--help');
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: npm run [^]*Exit codes: /);
  });
}

test('a FLEET.yaml that cannot be read is not written over', (t) => {
  const cwd = folder(t);
  writeFileSync(
    join(cwd, 'outputs.json'),
    JSON.stringify({ 'pinhole-example-addresses': { Addresses: 'eu-1a=203.0.113.1 eu-1b=203.0.113.2 eu-1s=203.0.113.3' } }),
  );
  writeFileSync(join(cwd, 'FLEET.yaml'), 'name: [');
  const { status, stderr } = run(cwd, 'fleet-file', '--stage', stageFile('example'), '--outputs', 'outputs.json');
  assert.equal(status, 1);
  assert.match(stderr, /fleet-file: FLEET\.yaml is not valid YAML/);
  assert.equal(readFileSync(join(cwd, 'FLEET.yaml'), 'utf8'), 'name: [');
});
