import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Drawing, type Terminal } from './terminal.ts';

function fake() {
  const did: string[] = [];
  let restore = (): void => {};
  const terminal: Terminal = {
    size: () => ({ columns: 80, rows: 24 }),
    write: (text) => did.push(text),
    raw: () => (did.push('raw'), () => void did.push('cooked')),
    resized() {},
    atEnd: (done) => (restore = done),
  };
  return { did, terminal, end: () => restore() };
}

test('the screen, the cursor and the keys are given back once, whatever ends it', () => {
  for (const ways of [['own'], ['process'], ['own', 'process'], ['process', 'own']]) {
    const { did, terminal, end } = fake();
    const drawing = new Drawing(terminal, () => {});
    for (const way of ways) {
      if (way === 'own') drawing.end();
      else end();
    }
    assert.deepEqual(did, ['raw', '\u001B[?1049h\u001B[?25l\u001B[?7l', '\u001B[?7h\u001B[?25h\u001B[?1049l', 'cooked'], ways.join());
  }
});

test('nothing is drawn on a screen that is given back', () => {
  const { did, terminal } = fake();
  const drawing = new Drawing(terminal, () => {});
  drawing.show(['one', 'two']);
  assert.equal(did.at(-1), '\u001B[Hone\u001B[K\r\ntwo\u001B[K\u001B[J');
  drawing.end();
  const count = did.length;
  drawing.show(['three']);
  assert.equal(did.length, count);
});
