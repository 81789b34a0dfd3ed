import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { Answer } from './door-client.ts';
import { judgeAnswer, judgeRefusal } from './judge-answer.ts';
import type { Expected } from './rows.ts';

function answer(parts: Partial<Answer>): Answer {
  return { kind: 'silence', status: null, bytes: Buffer.alloc(0), end: 'finished', milliseconds: 1, socket: new Socket(), ...parts };
}

const refused = (status: number): Answer => answer({ kind: 'refused', status, bytes: Buffer.from(`HTTP/1.1 ${status} X\r\n\r\n`) });
const open = answer({ kind: 'open', status: 200, end: null });
const alert = answer({ kind: 'alert' });
const silence = answer({});
const leftOpen = answer({ end: null });
const garbage = answer({ kind: 'garbage' });

for (const [expected, fine, wrong] of [
  ['deny-400', [refused(400), refused(431), refused(505)], [refused(403), refused(502), open, silence, alert, leftOpen]],
  ['deny-403', [refused(403), refused(404), refused(405)], [refused(400), refused(407), open, silence, leftOpen]],
  ['deny-407', [], [refused(407), refused(403), open]],
  ['close', [silence, alert, refused(400), refused(408)], [open, leftOpen, garbage]],
  ['allow', [open], [silence, refused(403), refused(502), leftOpen]],
  ['bounded', [open, silence, refused(431), garbage], [leftOpen]],
  ['survive', [silence, alert, refused(502), refused(504)], [open, leftOpen, garbage]],
] as const satisfies readonly (readonly [Expected, readonly Answer[], readonly Answer[]])[]) {
  test(`${expected} takes what it stands for and nothing else`, () => {
    for (const seen of fine) assert.equal(judgeAnswer(expected, seen), null);
    for (const seen of wrong) assert.notEqual(judgeAnswer(expected, seen), null);
  });
}

test('deny-407 wants a challenge', () => {
  const challenged = answer({ ...refused(407), bytes: Buffer.from('HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm="pinhole"\r\n\r\n') });
  assert.equal(judgeAnswer('deny-407', challenged), null);
});

const BODY = '{"code":"TARGET_NOT_ALLOWED","message":"m","request":"ID"}\n';
const HEAD = `HTTP/1.1 403 TARGET_NOT_ALLOWED\r\nPinhole-Reason: TARGET_NOT_ALLOWED\r\nPinhole-Request: ID\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n`;
const RECORD = { reason: 'TARGET_NOT_ALLOWED', id: 'ID', status: 403 };
const said = (text: string): Answer => answer({ kind: 'refused', status: 403, bytes: Buffer.from(text) });

test('a refusal that agrees with its record is fine', () => {
  assert.equal(judgeRefusal(said(HEAD + BODY), RECORD), null);
});

for (const [what, text, record] of [
  ['another recorded status', HEAD + BODY, { ...RECORD, status: 400 }],
  ['another recorded reason', HEAD + BODY, { ...RECORD, reason: 'PORT_NOT_ALLOWED' }],
  ['another request', HEAD + BODY, { ...RECORD, id: 'OTHER' }],
  ['no Connection: close', HEAD.replace('Connection: close', 'X: y') + BODY, RECORD],
  ['a wrong length', `${HEAD}${BODY} `, RECORD],
  [
    'more in its body than it should say',
    HEAD.replace(String(BODY.length), String(BODY.length + 8)) + BODY.replace('}', ',"v":"1"}'),
    RECORD,
  ],
] as const) {
  test(`a refusal with ${what} is not`, () => {
    assert.notEqual(judgeRefusal(said(text), record), null);
  });
}
