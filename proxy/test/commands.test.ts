// The table of commands is held equal, both ways, to what the commands themselves say, and docs/cli.md to the table. Starts each of them, as
// somebody at a terminal would.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { COMMANDS } from '../cli/commands/all-commands.ts';
import { renderHelp, renderOption, renderOverview } from '../cli/commands/render-help.ts';
import { COMMANDS_BEGIN, COMMANDS_END, renderCommands } from '../cli/commands/render-page.ts';
import { rowsWith } from './support/markdown.ts';
import { assertSame, assertWords, name, SOURCES } from './support/pages.ts';
import { readText, ROOT } from './support/tree.ts';

const run = promisify(execFile);
const pinhole = async (...args: readonly string[]): Promise<string> =>
  (await run(join(ROOT, 'pinhole'), [...args], { timeout: 60_000 })).stdout;

/** Programs that start at the same time. */
const AT_ONCE = 4;

describe('the table of commands', () => {
  const help = new Map<string, string>();
  before(async () => {
    const left = COMMANDS.values();
    const askOn = async (): Promise<void> => {
      for (const { name } of left) help.set(name, await pinhole(...(name === 'help' ? ['help'] : [name, '--help'])));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askOn));
  });

  test('docs/cli.md is made of it', () => {
    const page = readText('docs/cli.md');
    const shown = page.slice(page.indexOf(COMMANDS_BEGIN) + COMMANDS_BEGIN.length, page.indexOf(COMMANDS_END)).trim();
    assert.equal(shown, renderCommands(COMMANDS), 'run: ./node_modules/.bin/node scripts/schema.ts');
  });

  test('has every word that main.ts and the wrapper know, and no other', () => {
    const table = /const COMMANDS[^{]*\{(.*?)\n\};/s.exec(readText('proxy/main.ts'))?.[1] ?? '';
    const own = [...table.matchAll(/^ {2}([a-z]+): /gm)].map((match) => match[1] ?? '');
    const roles = ['prepare', 'carrier', 'control'];
    const beside = [...readText('pinhole').matchAll(/^ {2}([a-z |]+)\)$/gm)].flatMap((match) => (match[1] ?? '').split(' | '));
    assertSame(
      COMMANDS.map(({ name }) => name),
      [...own.filter((word) => !roles.includes(word)), ...beside],
      'the table of commands',
    );
  });

  for (const command of COMMANDS.filter(({ isElsewhere }) => isElsewhere === undefined)) {
    test(`pinhole ${command.name} --help is its entry`, () =>
      assert.equal(help.get(command.name), command.name === 'help' ? renderOverview(COMMANDS) : renderHelp(command)));
  }

  for (const { name, options, exits } of COMMANDS.filter((command) => command.isElsewhere && command.options.length > 0)) {
    test(`pinhole ${name}, a program of its own, has the options and exit codes of its entry`, () => {
      const text = help.get(name) ?? '';
      const shown = [...text.matchAll(/^ {2,}(?:(-\w), )?(--[a-z-]+(?: [A-Z]+)?)(?= {2}|$)/gm)].map(
        ([, short, long = '']) => `${short === undefined ? '' : `${short}, `}${long}`,
      );
      assertSame(
        options.map((option) => renderOption(option).trim()),
        shown,
        `the entry of ${name}`,
      );
      const line = /Exit codes: (.*)/.exec(text)?.[1];
      const codes = [...(line ?? '').matchAll(/(?:^|, )(\d+)\b/g)].map((match) => match[1] ?? '');
      if (line !== undefined)
        assertSame(
          exits.map(({ code }) => String(code)),
          codes,
          `the entry of ${name}`,
        );
    });
  }

  test('every command has all its texts', () => {
    for (const { name, calls, does, about, options, exits } of COMMANDS) {
      for (const text of [...calls, does, ...about, ...options.map(({ words }) => words), ...exits.map(({ when }) => when)])
        assert.notEqual(text, '', name);
      assert.ok(calls.every((call) => call.startsWith(name)) && about.length > 0 && exits.length > 1, name);
    }
  });

  test('offers the scenarios and game days that there are', async () => {
    const [scenarios, days] = await Promise.all([pinhole('loadtest', 'list', '--json'), pinhole('gameday', '--list', '--json')]);
    const names = (text: string): string[] => (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
    const offered = (name: string): readonly string[] => COMMANDS.find((command) => command.name === name)?.words?.completes as string[];
    assertSame(offered('loadtest'), ['list', 'compare', 'card', ...names(scenarios)], 'the entry of loadtest');
    assertSame(offered('gameday'), ['all', ...names(days)], 'the entry of gameday');
  });

  test('docs/cli.md has every signal that serve hears, and no other', () => {
    const rows = rowsWith(readText('docs/cli.md'), 'signal', 'what happens');
    const heard = [...(SOURCES.get('proxy/cli/serve.ts') ?? '').matchAll(/'(SIG[A-Z0-9]+)'/g)].map((match) => match[1] ?? '');
    assertSame(rows.map(name), [...new Set(heard)], 'docs/cli.md, "Signals",');
    assertWords(rows);
  });

  test('an option that there is none of is 64, and so is such a command', async () => {
    const wrong = COMMANDS.filter(({ name }) => name !== 'help').map(({ name }) => [name, '--no-such-flag']);
    for (const args of [...wrong, ['no-such-command'], ['help', 'no-such-command']])
      await assert.rejects(pinhole(...args), { code: 64 }, args.join(' '));
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
