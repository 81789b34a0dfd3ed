import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import { markNow, markOf } from './file-mark.ts';
import { FileWatch } from './file-watch.ts';

/** A watch over names whose marks the test sets. */
function harness(marks: Record<string, string>) {
  const clock = new FakeClock();
  const seen: string[] = [];
  const mark = (path: string): Promise<string> => Promise.resolve(marks[path] ?? 'ENOENT');
  const watch = new FileWatch({ clock, mark, changed: (paths) => void seen.push(paths.join(' ')) });
  watch.watch(Object.entries(marks).map(([path, now]) => ({ path, mark: now })));
  const pass = async (looks: number): Promise<void> => {
    for (let look = 0; look < looks; look += 1) {
      clock.advance(500);
      await watch.look();
    }
  };
  return { clock, watch, seen, pass, marks };
}

describe('when', () => {
  test('a change is told once, when two looks have seen the same', async () => {
    const { seen, pass, marks } = harness({ a: '1', b: '1' });
    await pass(3);
    marks['a'] = '2';
    await pass(1);
    assert.deepEqual(seen, [], 'it may be half written');
    await pass(5);
    assert.deepEqual(seen, ['a']);
  });

  test('by itself it looks each second, and again half a second behind the look that finds something', async () => {
    const { clock, watch, seen, marks } = harness({ a: '1' });
    watch.start();
    const passes = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await passes(1_000);
    marks['a'] = '2';
    await passes(999);
    await passes(1);
    await passes(499);
    assert.deepEqual(seen, []);
    await passes(1);
    assert.deepEqual(seen, ['a']);
    marks['a'] = '3';
    await passes(500);
    watch.stop();
    await passes(5_000);
    assert.deepEqual(seen, ['a'], 'nothing after it was stopped');
  });

  test('files that are written one after the other are one change', async () => {
    const { seen, pass, marks } = harness({ certificate: '1', key: '1' });
    marks['certificate'] = '2';
    await pass(1);
    marks['key'] = '2';
    await pass(3);
    assert.deepEqual(seen, ['certificate key']);
  });

  test('a file that is taken away and put back between two looks is left alone; one that stays away is a change', async () => {
    const { seen, pass, marks } = harness({ a: '1' });
    delete marks['a'];
    await pass(1);
    marks['a'] = '1';
    await pass(2);
    assert.deepEqual(seen, []);
    delete marks['a'];
    await pass(3);
    assert.deepEqual(seen, ['a']);
    marks['a'] = '3';
    await pass(3);
    assert.deepEqual(seen, ['a', 'a']);
  });

  test('a file that never rests is a change after five seconds', async () => {
    const { seen, pass, marks } = harness({ a: '0' });
    for (let write = 1; write <= 10; write += 1) {
      marks['a'] = String(write);
      await pass(1);
    }
    assert.deepEqual(seen, []);
    marks['a'] = 'again';
    await pass(1);
    assert.deepEqual(seen, ['a']);
  });

  test('what was told is not told again, also where nobody has read it since', async () => {
    const { seen, pass, marks } = harness({ a: '1' });
    marks['a'] = '2';
    await pass(20);
    assert.deepEqual(seen, ['a']);
  });

  test('what changed before it was read is not told: the marks of the reading count', async () => {
    const { watch, seen, pass, marks } = harness({ a: '1' });
    marks['a'] = '2';
    await pass(1);
    watch.watch([{ path: 'a', mark: '2' }]);
    await pass(5);
    assert.deepEqual(seen, []);
  });

  test('nothing is told while the files are being read; behind that what was not read is', async () => {
    const { watch, seen, pass, marks } = harness({ a: '1' });
    marks['a'] = '2';
    await pass(1);
    watch.hold();
    await pass(5);
    assert.deepEqual(seen, []);
    watch.goOn();
    await pass(1);
    assert.deepEqual(seen, [], 'two looks have to see the same');
    await pass(1);
    assert.deepEqual(seen, ['a']);
  });

  test('what changed behind the reading is told', async () => {
    const { watch, seen, pass, marks } = harness({ a: '1' });
    marks['a'] = '3';
    watch.watch([{ path: 'a', mark: '2' }]);
    await pass(2);
    assert.deepEqual(seen, ['a']);
  });

  test('a look that hangs is not joined by another, and counts for nothing once other files are watched', async () => {
    let asked = 0;
    let answer: (mark: string) => void = () => {};
    const mark = (): Promise<string> => ((asked += 1), new Promise((resolve) => (answer = resolve)));
    const watch = new FileWatch({ clock: new FakeClock(), mark, changed: () => assert.fail('told') });
    watch.watch([{ path: 'a', mark: '1' }]);
    const hanging = watch.look();
    await watch.look();
    assert.equal(asked, 1);
    watch.watch([{ path: 'a', mark: '2' }]);
    answer('3');
    await hanging;
  });
});

describe('what', () => {
  function folder(t: TestContext): string {
    const path = mkdtempSync(join(tmpdir(), 'watch-'));
    t.after(() => rmSync(path, { recursive: true }));
    return path;
  }

  for (const [what, change] of [
    ['written in place, to the same length and time', (file: string) => (writeFileSync(file, 'b'), utimesSync(file, 1, 1))],
    [
      'replaced by a rename',
      (file: string) => (writeFileSync(`${file}.new`, 'a'), utimesSync(`${file}.new`, 1, 1), renameSync(`${file}.new`, file)),
    ],
    ['taken away', (file: string) => unlinkSync(file)],
    ['a folder now', (file: string) => (unlinkSync(file), mkdirSync(file))],
  ] as const) {
    test(`a file that is ${what} has another mark`, async (t) => {
      const file = join(folder(t), 'a');
      writeFileSync(file, 'a');
      utimesSync(file, 1, 1);
      const before = markOf(file);
      assert.equal(await markNow(file), before);
      // Times of a file system may be as coarse as a tick of the kernel.
      await new Promise((resolve) => setTimeout(resolve, 20));
      change(file);
      assert.notEqual(markOf(file), before);
      assert.equal(await markNow(file), markOf(file));
    });
  }

  test('so has a link that leads elsewhere now, two links away (as in a Kubernetes volume)', (t) => {
    const at = folder(t);
    for (const version of ['1', '2']) {
      mkdirSync(join(at, version));
      writeFileSync(join(at, version, 'key'), 'same');
    }
    symlinkSync('1', join(at, 'data'));
    symlinkSync('data/key', join(at, 'key'));
    const before = markOf(join(at, 'key'));
    symlinkSync('2', join(at, 'data.new'));
    renameSync(join(at, 'data.new'), join(at, 'data'));
    assert.notEqual(markOf(join(at, 'key')), before);
  });
});
