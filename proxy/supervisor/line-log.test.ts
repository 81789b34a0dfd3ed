import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import type { LineLog } from './line-log.ts';
import { openLineLog } from './line-log.ts';

function open(
  t: TestContext,
  level: 'info' | 'error' = 'info',
): { log: LineLog; file: string; lines(path?: string): Record<string, unknown>[] } {
  const folder = mkdtempSync(join(tmpdir(), 'line-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log');
  const log = openLineLog({ log: { level, file }, node: 'n', version: 'v', clock: systemClock });
  const lines = (path = file): Record<string, unknown>[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, file, lines };
}

test('every line has time, level, event, node and version', async (t) => {
  const { log, lines } = open(t);
  log.write('info', 'hello', { carrier: 3 });
  await log.flush(5_000);
  const [line] = lines();
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual({ ...line, time: '' }, { time: '', level: 'info', event: 'hello', node: 'n', version: 'v', carrier: 3 });
});

test('lines below the level are not written', async (t) => {
  const { log, lines } = open(t, 'error');
  log.write('warn', 'quiet');
  log.write('error', 'loud');
  await log.flush(5_000);
  assert.deepEqual(
    lines().map((line) => line['event']),
    ['loud'],
  );
});

test('a line fits one write to a pipe, whatever is in it', async (t) => {
  const { log, file, lines } = open(t);
  log.write('info', 'long', { message: '\u{1F600}"'.repeat(5_000), carrier: 1 });
  await log.flush(5_000);
  assert.ok(readFileSync(file).length <= 4_096);
  assert.equal(lines()[0]?.['carrier'], 1);
});

test('after a reopen, lines go to the new file, and none is lost', async (t) => {
  const { log, file, lines } = open(t);
  for (let line = 0; line < 10; line += 1) log.write('info', `before ${line}`);
  renameSync(file, `${file}.1`);
  log.reopen();
  for (let line = 0; line < 10; line += 1) log.write('info', `after ${line}`);
  await log.flush(5_000);
  assert.equal([...lines(`${file}.1`), ...lines()].length, 20);
  assert.equal(lines().at(-1)?.['event'], 'after 9');
});

test('another file, level and node hold from the next line on, and no descriptor is left', async (t) => {
  const { log, file, lines } = open(t);
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let turn = 0; turn < 20; turn += 1) {
    log.write('info', `turn ${turn}`);
    log.prepare({ level: 'info', file: turn % 2 === 0 ? `${file}.other` : file }, 'n').take();
    log.prepare({ level: 'error', file: `${file}.unused` }, 'n').drop();
  }
  await log.flush(5_000);
  assert.equal(descriptors(), before);
  assert.equal([...lines(), ...lines(`${file}.other`)].length, 20, 'a line goes where the log goes when it is written');

  log.prepare({ level: 'error', file: `${file}.other` }, 'm').take();
  log.write('info', 'quiet');
  log.write('error', 'loud');
  await log.flush(5_000);
  const last = lines(`${file}.other`).at(-1);
  assert.deepEqual([last?.['event'], last?.['node']], ['loud', 'm']);
});

test('a file that cannot be opened changes nothing', async (t) => {
  const { log, file, lines } = open(t);
  assert.throws(() => log.prepare({ level: 'error', file: join(file, 'below') }, 'm'), { code: 'ENOTDIR' });
  log.write('info', 'still there');
  await log.flush(5_000);
  assert.deepEqual([lines()[0]?.['event'], lines()[0]?.['node']], ['still there', 'n']);
});
