// The log through real pipes and files, in processes of its own: what matters is what a reader sees, and that a reader cannot hold a
// writer up.

import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../core/clock.ts';
import { LOG_LINE_BYTES_MAX } from '../core/limits.ts';
import { until } from '../test/support/fake-serve.ts';
import { createLog } from './log.ts';

const WRITER = fileURLToPath(new URL('../test/support/log-writer.ts', import.meta.url));

interface Seen {
  readonly tookMs: number;
  readonly turns: number;
  readonly dropped: number;
}

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pinhole-log-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A named pipe: what a shell puts between two programs. Node's own `stdio: 'pipe'` would be a socket. */
function pipe(context: TestContext): { readonly path: string; readonly writeFd: number; read(): Promise<string>; reader(): Socket } {
  const path = join(folder(context), 'pipe');
  execFileSync('mkfifo', [path]);
  // The reading end first: the other one does not open without it. Ours of the writing end goes when reading begins, so that the end is seen.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  let isOpen = true;
  const letGo = (): void => {
    if (isOpen) closeSync(writeFd);
    isOpen = false;
  };
  context.after(letGo);
  const reader = (): Socket => {
    letGo();
    return new Socket({ fd: readFd, readable: true, writable: false });
  };
  const read = async (): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of reader()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  };
  return { path, writeFd, read, reader };
}

function startWriter(context: TestContext, stdout: number, words: readonly (string | number)[]): ChildProcess {
  const child = spawn(process.execPath, [WRITER, ...words.map(String)], { stdio: ['ignore', stdout, 'inherit', 'ipc'] });
  context.after(() => child.kill('SIGKILL'));
  return child;
}

async function message(child: ChildProcess): Promise<Seen> {
  const [seen] = (await once(child, 'message')) as [Seen];
  return seen;
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

function parseLines(text: string): Record<string, unknown>[] {
  assert.equal(text.at(-1), '\n');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('several processes on one pipe', () => {
  test('do not tear each other’s lines, of whatever length up to the limit', async (context) => {
    const shared = pipe(context);
    const writers = [
      { name: 'short', lines: 20_000, padding: 10 },
      { name: 'middle', lines: 5_000, padding: 900 },
      { name: 'long', lines: 2_000, padding: LOG_LINE_BYTES_MAX - 150 },
    ];
    const children = writers.map(({ name, lines, padding }) => startWriter(context, shared.writeFd, [name, lines, padding]));
    const text = shared.read();
    await Promise.all(
      children.map(async (child) => {
        await message(child);
        child.send('30000');
        assert.equal(await end(child), 0);
      }),
    );
    const lines = parseLines(await text);
    for (const { name, lines: count } of writers) {
      const own = lines.filter((line) => line['writer'] === name).map((line) => line['line']);
      assert.deepEqual(
        own,
        Array.from({ length: count }, (_, index) => index),
        `${name}: all of them, in order`,
      );
    }
  });

  test('a line that is too long loses the ends of its texts, and stays one line', async (context) => {
    const shared = pipe(context);
    const child = startWriter(context, shared.writeFd, ['huge', 3, 100_000]);
    const text = shared.read();
    await message(child);
    child.send('30000');
    await end(child);
    const whole = await text;
    for (const line of whole.split('\n')) assert.ok(line.length + 1 <= LOG_LINE_BYTES_MAX, `${line.length} bytes`);
    assert.deepEqual(
      parseLines(whole).map((line) => line['line']),
      [0, 1, 2],
    );
  });
});

describe('a reader that stalls', () => {
  test('holds up nobody; what does not fit is dropped and counted, and the rest arrives whole', async (context) => {
    const stalled = pipe(context);
    // 30 MB, of which 8 MiB may wait.
    const child = startWriter(context, stalled.writeFd, ['w', 30_000, 1_000]);
    const { tookMs, turns, dropped } = await message(child);
    assert.ok(tookMs < 20_000, `${tookMs} ms to write`);
    assert.ok(turns >= 5, `${turns} turns of the loop in a second`);
    assert.ok(dropped > 10_000, `${dropped} dropped`);

    const text = stalled.read();
    child.send('30000');
    assert.equal(await end(child), 0);
    const lines = parseLines(await text);
    assert.equal(lines.length + dropped, 30_000);
    assert.deepEqual(
      lines.map((line) => line['line']),
      Array.from({ length: lines.length }, (_, index) => index),
    );
  });

  test('does not hold up the end of the process', async (context) => {
    const stalled = pipe(context);
    const child = startWriter(context, stalled.writeFd, ['w', 3_000, 500]);
    await message(child);
    child.send('200');
    // Killed by the test's own clean-up otherwise, and the code is null.
    assert.equal(await end(child), 0);
  });
});

test('a reader that is gone ends nothing; every line after it counts as dropped', async (context) => {
  const broken = pipe(context);
  const child = startWriter(context, broken.writeFd, ['w', 1, 10]);
  const reader = broken.reader();
  await once(reader, 'data');
  reader.destroy();
  await once(reader, 'close');
  await message(child);
  let seen: Seen = { tookMs: 0, turns: 0, dropped: 0 };
  // The first lines find the pipe broken; from then on each is counted.
  for (let count = 0; count < 200 && seen.dropped < 3; count += 1) {
    child.send('more');
    seen = await message(child);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(seen.dropped >= 3, `${seen.dropped} dropped`);
  child.send('200');
  assert.equal(await end(child), 0);
});

describe('a file', () => {
  function open(context: TestContext, level = 'info') {
    const file = join(folder(context), 'pinhole.log');
    return { file, log: createLog({ level, file, stdout: 1, base: { node: 'eu-1a', carrier: 3 }, clock: systemClock }) };
  }

  test('has everything once the log is closed, also what one write did not take', async (context) => {
    const { file, log } = open(context);
    for (let line = 0; line < 100; line += 1) log.info({ line, text: 'x'.repeat(100) });
    await log.close(5_000);
    assert.equal(parseLines(readFileSync(file, 'utf8')).length, 100);
    assert.equal(log.dropped(), 0);
  });

  test('a line has its time, its level, what is in every line, and its own fields', async (context) => {
    const { file, log } = open(context);
    log.warn({ event: 'example' });
    await log.close(5_000);
    const [{ time, ...line } = {}] = parseLines(readFileSync(file, 'utf8'));
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(line, { level: 'warn', node: 'eu-1a', carrier: 3, event: 'example' });
  });

  test('levels below the one that is set are not written', async (context) => {
    const { file, log } = open(context, 'warn');
    log.debug({ event: 'debug' });
    log.info({ event: 'info' });
    log.warn({ event: 'warn' });
    log.error({ event: 'error' });
    await log.close(5_000);
    assert.deepEqual(
      parseLines(readFileSync(file, 'utf8')).map((line) => line['event']),
      ['warn', 'error'],
    );
  });

  test('that was moved away is left behind by reopen, and no line is lost', async (context) => {
    const { file, log } = open(context);
    for (let line = 0; line < 50; line += 1) log.info({ line });
    while (!existsSync(file) || statSync(file).size === 0) await new Promise((resolve) => setImmediate(resolve));
    renameSync(file, `${file}.1`);
    log.reopen();
    for (let line = 50; line < 100; line += 1) log.info({ line });
    await log.close(5_000);
    const lines = [`${file}.1`, file].flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      return text === '' ? [] : parseLines(text);
    });
    assert.deepEqual(
      lines.map((line) => line['line']),
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  test('that is another one from now on has the lines of now on, with the fields and the level of now on', async (context) => {
    const { file, log } = open(context);
    const other = `${file}.other`;
    for (let line = 0; line < 50; line += 1) log.info({ line });
    const prepared = await log.prepare({ level: 'error', file: other, base: { node: 'eu-1b', carrier: 3 } });
    log.info({ line: 50 });
    prepared.take();
    log.info({ line: 'not written' });
    log.record('"line":"not written either"');
    log.error({ line: 51 });
    await log.close(5_000);
    const linesOf = (path: string) => parseLines(readFileSync(path, 'utf8')).map(({ node, line }) => ({ node, line }));
    assert.deepEqual(
      linesOf(file),
      Array.from({ length: 51 }, (_, line) => ({ node: 'eu-1a', line })),
    );
    assert.deepEqual(linesOf(other), [{ node: 'eu-1b', line: 51 }]);
    assert.equal(log.dropped(), 0);
  });

  test('that cannot be opened changes nothing, and neither does one that is given up', async (context) => {
    const { file, log } = open(context);
    const noFolder = `${file}.taken`;
    writeFileSync(noFolder, '');
    await assert.rejects(log.prepare({ level: 'error', file: join(noFolder, 'below'), base: {} }), { code: 'ENOTDIR' });
    (await log.prepare({ level: 'error', file: `${file}.other`, base: {} })).drop();
    log.info({ line: 1 });
    await log.close(5_000);
    assert.equal(parseLines(readFileSync(file, 'utf8')).length, 1);
    assert.equal(readFileSync(`${file}.other`, 'utf8'), '');
  });

  test('and standard output take turns a hundred times, and no descriptor is left or lost', async (context) => {
    const file = join(folder(context), 'pinhole.log');
    const to = pipe(context);
    const taking = createLog({ level: 'info', file: null, stdout: openSync(to.path, constants.O_WRONLY), base: {}, clock: systemClock });
    context.after(() => taking.close(1_000));
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    for (let turn = 0; turn < 100; turn += 1) {
      taking.info({ turn });
      (await taking.prepare({ level: 'info', file: turn % 2 === 0 ? file : null, base: {} })).take();
    }
    await until(() => descriptors() <= before, 'the files to be closed');
    taking.info({ turn: 'last' });
    const read = to.reader();
    let text = '';
    read.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await until(() => text.includes('last'), 'the last line');
    read.destroy();
    const turns = (lines: string) => parseLines(lines).map(({ turn }) => turn);
    assert.deepEqual(turns(text), [...Array.from({ length: 50 }, (_, index) => index * 2), 'last']);
    // Each turn of the file is an output of its own, and more than one may write at a time.
    assert.deepEqual(
      turns(readFileSync(file, 'utf8')).toSorted((a, b) => Number(a) - Number(b)),
      Array.from({ length: 50 }, (_, index) => index * 2 + 1),
    );
    assert.equal(taking.dropped(), 0);
  });

  test('is written to while there are lines, and left alone while there are none', async (context) => {
    const { file, log } = open(context);
    log.info({ event: 'x' });
    await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '', 'the first line');
    // Longer than two of its looks at what waits, so that a write that was under way is over.
    await new Promise((resolve) => setTimeout(resolve, 300));
    let asked = 0;
    const hook = createHook({ init: (_id, type) => (asked += type === 'FSREQCALLBACK' ? 1 : 0) }).enable();
    await new Promise((resolve) => setTimeout(resolve, 500));
    hook.disable();
    assert.equal(asked, 0);
    log.info({ event: 'y' });
    await until(() => parseLines(readFileSync(file, 'utf8')).length === 2, 'the second line');
    await log.close(5_000);
  });

  test('after close a line is no error: it is dropped and counted', async (context) => {
    const { log } = open(context);
    await log.close(5_000);
    log.info({ event: 'late' });
    log.record('"event":"close"');
    log.reopen();
    assert.equal(log.dropped(), 2);
  });
});
