// The scripts in the shells themselves: what is offered behind a half-typed line.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { MACHINE } from '../config/test-support.ts';
import { systemClock } from '../core/clock.ts';
import type { TunnelRow } from '../core/ports.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import { COMMANDS } from './commands/all-commands.ts';
import { renderBash } from './commands/render-bash.ts';
import { renderZsh } from './commands/render-zsh.ts';
import { runCompletion } from './completion.ts';

const folder = mkdtempSync(join(tmpdir(), 'completion-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'files'));
for (const name of ['two words.yaml', 'new.yaml', 'other.txt']) writeFileSync(join(folder, 'files', name), '');
// Stands for a node that is asked.
const program = join(folder, 'pinhole');
writeFileSync(program, '#!/bin/sh\n[ "$1 $2" = "completion tenants" ] && printf "acme\\nglobex\\n"\nexit 0\n');
chmodSync(program, 0o755);
writeFileSync(join(folder, 'completion.bash'), renderBash(COMMANDS));
writeFileSync(join(folder, '_pinhole'), renderZsh(COMMANDS));

/** Some of what has to be offered, and what must not be. */
const CASES = [
  ['re', ['rehearse', 'reload'], ['status']],
  ['reload --d', ['--dry-run'], ['--from']],
  ['explain --door ', ['connect', 'connect-tls', 'sni', 'gateway'], ['--door']],
  ['close --tenant ', ['acme', 'globex'], ['--json']],
  ['close --tenant a', ['acme'], ['globex']],
  ['loadtest ho', ['hold', 'hold-25k'], ['storm']],
  ['gameday n', ['node-killed', 'node-hangs'], ['all']],
  ['check -c n', ['new.yaml'], ['other.txt']],
  ['rehearse -c new.yaml oth', ['other.txt'], ['new.yaml']],
] as const;

describe('bash', () => {
  for (const [line, offered, not] of CASES) {
    test(`pinhole ${line}`, () => {
      const words = [program, ...line.split(' ')];
      const script = `source "${folder}/completion.bash"; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _pinhole; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: join(folder, 'files'), encoding: 'utf8' });
      assert.equal(stderr, '');
      const found = stdout.split('\n');
      for (const word of offered) assert.ok(found.includes(word), `${word} in ${stdout}`);
      for (const word of not) assert.ok(!found.includes(word), `${word} not in ${stdout}`);
    });
  }

  test('a name with a space is one', () => {
    const script = `source "${folder}/completion.bash"; COMP_WORDS=(pinhole check -c two); COMP_CWORD=3; _pinhole; echo "\${#COMPREPLY[@]} \${COMPREPLY[0]}"`;
    assert.equal(spawnSync('bash', ['-c', script], { cwd: join(folder, 'files'), encoding: 'utf8' }).stdout, '1 two words.yaml\n');
  });
});

describe('zsh', () => {
  const hasZsh = spawnSync('zsh', ['--version']).status === 0;

  test('takes the script', (t) => {
    if (!hasZsh) return t.skip('zsh is not installed: apt-get install zsh');
    const { status, stderr } = spawnSync('zsh', ['-n', join(folder, '_pinhole')], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });

  // Each takes a shell of its own in a terminal of its own, which lists what it offers when Tab is pressed.
  for (const [line, word] of [
    ['explain --door conn', 'connect-tls'],
    ['close --tenant g', 'globex'],
    ['rehearse -c ne', 'new.yaml'],
    ['top --in', '--interval'],
  ] as const) {
    test(`pinhole ${line}`, (t) => {
      if (!hasZsh) return t.skip('zsh is not installed: apt-get install zsh');
      const script = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1= PROMPT_EOL_MARK=; cd '${join(folder, 'files')}'; path=('${folder}' \\$path); autoload -Uz compinit; compinit -u -D; source '${folder}/_pinhole'; print -r -- REA''DY"
zpty -r -m z out '*READY*'
zpty -n -w z $'pinhole ${line}\\t\\t'
out=
integer tries=0
while (( tries++ < 100 )) && [[ $out != *${word}* ]]; do sleep 0.05; zpty -r -t z part && out+=$part; done
print -r -- "$out"
zpty -d z`;
      const { stdout } = spawnSync('zsh', ['-f', '-c', script], { encoding: 'utf8', timeout: 20_000 });
      assert.ok(stdout.includes(word), `${word} in ${JSON.stringify(stdout)}`);
    });
  }
});

describe('what only a node knows', () => {
  async function ask(args: readonly string[], runtime: string): Promise<{ code: number; out: string; err: string }> {
    const said = { out: '', err: '' };
    const code = await runCompletion(args, {
      stdout: (text) => (said.out += text),
      stderr: (text) => (said.err += text),
      env: { RUNTIME_DIRECTORY: runtime },
      readFile: (path) => assert.fail(path),
      machine: { ...MACHINE, uid: 4_294_967 },
      clock: systemClock,
    });
    return { code, ...said };
  }

  test('tunnels of every carrier, a line each; nothing where no node is', async (t) => {
    const world = await fakeSupervision(t);
    const [first, second] = [await world.carrier(0), await world.carrier(1)];
    first.rows = [{ id: 'B' } as TunnelRow];
    second.rows = [{ id: 'A' } as TunnelRow];
    assert.deepEqual(await ask(['tunnels'], world.runtime), { code: 0, out: 'A\nB\n', err: '' });
    assert.deepEqual(await ask(['tenants'], world.runtime), { code: 0, out: '', err: '' });
    assert.deepEqual(await ask(['tunnels'], '/nonexistent'), { code: 0, out: '', err: '' });
  });

  test('another shell is 64', async () => assert.equal((await ask(['fish'], '/nonexistent')).code, 64));
});
