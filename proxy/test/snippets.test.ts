// What our pages tell people to type works as it stands. Every snippet says whether it is run (support/snippets.ts); those that are run here
// share one sandbox, in a network of its own, so that ports and folders are the ones that the pages name.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cannotRun, type Need, whatIsMissing } from './clients/needs.ts';
import { inNetworkOf, inNewNetwork } from './clients/own-network.ts';
import { eventually } from './hostile/bounded.ts';
import { ENGINES } from './support/relay.ts';
import { linesNotPrinted, markMistake, readSnippets, type Snippet } from './support/snippets.ts';
import { listFiles, readText, ROOT } from './support/tree.ts';

const START_MS = 120_000;
const SNIPPET_MS = 120_000;
const STOP_MS = 15_000;

const PAGES = listFiles().filter((path) => path === 'README.md' || /^docs\/.*\.md$/.test(path));
const SNIPPETS = PAGES.flatMap((path) => readSnippets(path, readText(path)));
const of = (kind: Snippet['mark']['kind']): Snippet[] => SNIPPETS.filter(({ mark }) => mark.kind === kind);

/** Programs that snippets use, besides those that a shell has. */
const PROGRAMS: readonly Need[] = ['curl', 'openssl', 'mosquitto_pub', 'socat'];

test('every snippet says whether it is run', () => {
  process.stdout.write(
    `snippets: ${of('run').length} run, ${of('file').length} equal to a file that is run, ${of('norun').length} not run\n`,
  );
  const mistakes = SNIPPETS.flatMap((snippet) => markMistake(snippet) ?? []);
  for (const [index, { page, line, mark }] of SNIPPETS.entries()) {
    const before = SNIPPETS[index - 1];
    if (mark.kind === 'prints' && (before?.page !== page || before.mark.kind !== 'run'))
      mistakes.push(`${page}:${line}: says what is printed, and nothing before it is run`);
  }
  assert.equal(mistakes.length, 0, `\n${mistakes.join('\n')}`);
});

describe('a snippet that is a file is that file', () => {
  const script = readText('docs/clients/check.sh');
  for (const { page, line, text, mark } of of('file')) {
    if (mark.kind !== 'file') continue;
    test(`${page}:${line} ${mark.path}`, () => {
      assert.equal(text, readText(mark.path), `copy ${mark.path} between the fences of ${page}:${line}`);
    });
  }

  test('and every program of the guides is on a page, and run by docs/clients/check.sh', () => {
    const programs = listFiles('docs/clients').filter((path) => /\.(?:mjs|py|java|sh)$/.test(path) && !path.endsWith('check.sh'));
    const shown = of('file').map(({ mark }) => (mark.kind === 'file' ? mark.path : ''));
    assert.deepEqual(programs.toSorted(), [...new Set(shown)].toSorted());
    const sources = programs.map(readText).join('\n');
    for (const path of programs) {
      const name = basename(path).replace(/\.java$/, '');
      assert.ok(script.includes(name) || sources.includes(`./${name}'`), `docs/clients/check.sh does not run ${path}`);
    }
  });
});

describe('a snippet that is run works', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-snippets-'));
  let sandbox: ChildProcess | null = null;
  let said = '';
  const missing = whatIsMissing(['own network']);

  before(
    async () => {
      if (missing !== null) return;
      // As in the project's folder, without leaving anything there.
      for (const name of readdirSync(ROOT)) if (name !== '.sandbox') symlinkSync(join(ROOT, name), join(folder, name));
      const [command, args] = inNewNetwork('./pinhole', ['sandbox', '--dir', '.sandbox']);
      sandbox = spawn(command, args, { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [sandbox.stdout, sandbox.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
      await eventually(START_MS, 'the sandbox is up', () => {
        assert.equal(sandbox?.exitCode, null, said);
        return said.includes('Ctrl-C ends everything') ? true : null;
      });
    },
    { timeout: START_MS + 5_000 },
  );

  after(
    async () => {
      const gone = new Promise((resolve) => sandbox?.once('exit', resolve));
      sandbox?.kill('SIGTERM');
      if (sandbox?.exitCode === null) await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
      sandbox?.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
    { timeout: STOP_MS + 5_000 },
  );

  for (const snippet of of('run')) {
    const { page, line, language, text } = snippet;
    test(`${page}:${line}`, { timeout: SNIPPET_MS }, (context) => {
      const needs = PROGRAMS.filter((program) => new RegExp(`\\b${program}\\b`).test(text));
      if (cannotRun(context, ['own network', ...needs])) return;
      const script = language === 'yaml' ? checkScript(folder, text) : text;
      const [command, args] = inNetworkOf(sandbox?.pid ?? 0, 'sh', ['-eu', '-c', script]);
      const ended = spawnSync(command, args, { cwd: folder, env: environment(), encoding: 'utf8', timeout: SNIPPET_MS - 5_000, input: '' });
      assert.equal(ended.status, 0, `\n${text}\n--- ended with ${ended.status ?? ended.signal} and said:\n${ended.stdout}${ended.stderr}`);
      const next = SNIPPETS[SNIPPETS.indexOf(snippet) + 1];
      if (next?.mark.kind !== 'prints' || next.page !== page) return;
      // Where there is no C compiler.
      const shown = ENGINES.includes('native') ? next.text : next.text.replaceAll(/\bnative\b/g, 'node');
      const missing = linesNotPrinted(shown, ended.stdout + ended.stderr);
      assert.deepEqual(missing, [], `${page}:${next.line} shows what was not printed:\n${ended.stdout}${ended.stderr}`);
    });
  }
});

/** A configuration works where `check` takes it. */
function checkScript(folder: string, text: string): string {
  writeFileSync(join(folder, 'snippet.yaml'), text);
  return './pinhole check -c snippet.yaml';
}

/** A proxy of this machine's own would lead clients elsewhere; and no snippet is a part of this test run. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name) && name !== 'NODE_TEST_CONTEXT');
  return Object.fromEntries(entries);
}
