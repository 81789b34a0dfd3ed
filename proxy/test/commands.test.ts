// docs/commands.md is held equal, both ways, to what the commands themselves say. Starts each of them, as somebody at a terminal would.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { codesIn, rowsWith } from './support/markdown.ts';
import { assertSame, assertWords, name, SOURCES } from './support/pages.ts';
import { readText, ROOT } from './support/tree.ts';

describe('docs/commands.md', () => {
  const page = readText('docs/commands.md');
  const help = new Map<string, string>();
  /** Those whose flags are on this page; the agent has one of its own. */
  const commands = rowsWith(page, 'command', 'what it does')
    .map(name)
    .filter((command) => command !== 'help' && command !== 'agent');

  before(async () => {
    const run = promisify(execFile);
    const texts = ['help', ...commands].map(async (command) => {
      const args = command === 'help' ? ['help'] : [command, '--help'];
      help.set(command, (await run(join(ROOT, 'pinhole'), args, { timeout: 60_000 })).stdout);
    });
    await Promise.all(texts);
  });

  test('has every command that `pinhole help` has, and no other', () => {
    const listed = [...(help.get('help') ?? '').matchAll(/^ {2}([a-z]+)(?=[ ,])/gm)].map((match) => match[1] ?? '');
    assertSame(rowsWith(page, 'command', 'what it does').map(name), listed, 'docs/commands.md');
    assertWords(rowsWith(page, 'command', 'what it does'));
  });

  test('has every flag that a command’s --help has, with its argument, and no other', () => {
    const rows = rowsWith(page, 'command', 'flag', 'what it does');
    assertWords(rows);
    const documented = rows.map((row) => `${name(row)} ${codesIn(row[1] ?? '').join(', ')}`);
    const shown = commands.flatMap((command) =>
      [...(help.get(command) ?? '').matchAll(/^ {2,}(?:(-\w), )?(--[a-z-]+(?: [A-Z]+)?)(?= {2}|$)/gm)].map(
        ([, short, long = '']) => `${command} ${short === undefined ? '' : `${short}, `}${long}`,
      ),
    );
    assertSame(documented, shown, 'docs/commands.md, "Flags",');
  });

  test('has every exit code that a command’s --help has, and no other', () => {
    const rows = rowsWith(page, 'command', 'code', 'when');
    assertWords(rows);
    const shown = commands.flatMap((command) => {
      const line = /Exit codes: (.*)/.exec(help.get(command) ?? '')?.[1] ?? '';
      return [...line.matchAll(/(?:^|, )(\d+)\b/g)].map((match) => `${command} ${match[1]}`);
    });
    assertSame(
      rows.map((row) => `${name(row)} ${row[1]}`),
      shown,
      'docs/commands.md, "Exit codes",',
    );
  });

  test('has every signal that serve hears, and no other', () => {
    const heard = [...(SOURCES.get('proxy/cli/serve.ts') ?? '').matchAll(/'(SIG[A-Z0-9]+)'/g)].map((match) => match[1] ?? '');
    assertSame(rowsWith(page, 'signal', 'what happens').map(name), [...new Set(heard)], 'docs/commands.md, "Signals",');
    assertWords(rowsWith(page, 'signal', 'what happens'));
  });

  test('a flag that does not exist is 64, as the page says of a wrong command line', async () => {
    const run = promisify(execFile);
    for (const command of [
      'serve',
      'check',
      'explain',
      'status',
      'tunnels',
      'drain',
      'undrain',
      'addresses',
      'fleet',
      'sandbox',
      'doctor',
      'gameday',
      'loadtest',
    ])
      await assert.rejects(run(join(ROOT, 'pinhole'), [command, '--no-such-flag'], { timeout: 60_000 }), { code: 64 }, command);
    await assert.rejects(run(join(ROOT, 'pinhole'), ['no-such-command'], { timeout: 60_000 }), { code: 64 });
  });
});

describe('an answer that is longer than a pipe', () => {
  // More endpoints than `check` can name in the 64 KiB that the kernel holds for a reader.
  const names = 3_000;
  let folder = '';
  let file = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'pinhole-'));
    file = join(folder, 'pinhole.yaml');
    const endpoints = Array.from(
      { length: names },
      (_, index) => `  - { name: e${index}, data: a1b2c3d4e5${index}-ats.iot.eu-west-1.amazonaws.com }`,
    );
    writeFileSync(file, `runtime: ${folder}/run\nlisten: [{ address: "127.0.0.1:8443" }]\nendpoints:\n${endpoints.join('\n')}\n`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('comes whole to a reader that takes its time', async () => {
    const child = spawn(join(ROOT, 'pinhole'), ['check', '-c', file], { stdio: ['ignore', 'pipe', 'ignore'] });
    const closed = once(child, 'close') as Promise<[number]>;
    child.stdout.pause();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.stdout.resume();
    const [code] = await closed;
    assert.equal(code, 0);
    assert.ok(text.length > 128 * 1_024 && text.endsWith('\n'), `${text.length} characters`);
    assert.match(text, new RegExp(`a1b2c3d4e5${names - 1}-ats`));
  });

  test('is no fault where its reader has gone', async () => {
    const child = spawn('sh', ['-c', `"${join(ROOT, 'pinhole')}" check -c "${file}" | head -1`], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    child.stdout.resume();
    await once(child, 'close');
    assert.doesNotMatch(said, /EPIPE|at /);
  });
});
