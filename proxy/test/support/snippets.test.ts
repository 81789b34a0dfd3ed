import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesNotPrinted, markMistake, readSnippets } from './snippets.ts';

const FENCE = '```';

for (const [info, mark] of [
  ['sh run', { kind: 'run' }],
  ['python file=docs/clients/python/a.py', { kind: 'file', path: 'docs/clients/python/a.py' }],
  ['text prints', { kind: 'prints' }],
  ['json norun="an example"', { kind: 'norun', reason: 'an example' }],
  ['norun="what it prints"', { kind: 'norun', reason: 'what it prints' }],
  ['', { kind: 'none', info: '' }],
  ['sh', { kind: 'none', info: '' }],
  ['sh norun', { kind: 'none', info: 'norun' }],
  ['sh norun=" "', { kind: 'none', info: 'norun=" "' }],
  ['sh norun="x" run', { kind: 'none', info: 'norun="x" run' }],
  ['sh runs', { kind: 'none', info: 'runs' }],
] as const) {
  test(`a fence that begins with "${info}" is ${mark.kind}`, () => {
    const [snippet] = readSnippets('a.md', `text\n${FENCE}${info}\none\n\ntwo\n${FENCE}\n`);
    assert.deepEqual(snippet?.mark, mark);
    assert.equal(snippet?.text, 'one\n\ntwo\n');
    assert.equal(snippet?.line, 2);
  });
}

test('a fence in a list or a quote is read without its indent', () => {
  const found = readSnippets('a.md', `- a\n\n  ${FENCE}sh run\n  one\n  ${FENCE}\n\n> ${FENCE}sh run\n> two\n> ${FENCE}\n`);
  assert.deepEqual(
    found.map(({ text }) => text),
    ['one\n', 'two\n'],
  );
});

test('code in a line of text is no fence', () => assert.deepEqual(readSnippets('a.md', `${FENCE}a${FENCE} b\n`), []));

test('a fence without an end is an error', () => {
  assert.throws(() => readSnippets('a.md', `${FENCE}sh run\none\n`), /a\.md:1: the fence is not closed/);
});

test('an unmarked snippet is told what to write, with its own language', () => {
  const [snippet] = readSnippets('docs/a.md', `${FENCE}yaml\na: 1\n${FENCE}\n`);
  assert.ok(snippet);
  const words = markMistake(snippet) ?? '';
  assert.match(words, /^docs\/a\.md:1: this snippet does not say whether it is run\. Write its first line as one of:\n/);
  assert.match(words, /```yaml norun="REASON"/);
});

test('what the test cannot run must not say that it is run', () => {
  const [snippet] = readSnippets('docs/a.md', `${FENCE}java run\nx\n${FENCE}\n`);
  assert.ok(snippet);
  assert.match(markMistake(snippet) ?? '', /docs\/a\.md:1: only sh and yaml can be `run`/);
});

const PRINTED = [
  'up 6m 38s, 3.4 MiB at 66 KiB/s, pid 27543, policy dc48d928f0da since 2026-11-29T19:12:06.785Z',
  'closed OUD5KB3PQ3HQYNES72VV',
  'file     /home/a/.sandbox/x.yaml',
  'refused  DIAL_FAILED 3',
  '0  1  2  ready',
].join('\n');

for (const [what, shown, missing] of [
  ['other numbers, times and sizes', 'up 2s, 0 B at 1.5 MiB/s, pid 9, policy 0123456789ab since 2027-01-02T03:04:05.006Z', []],
  ['another id', 'closed AAAAAAAAAAAAAAAAAAAA', []],
  ['another folder, and other padding', 'file /tmp/b/.sandbox/x.yaml', []],
  ['other refusals so far', 'refused  TARGET_NOT_ALLOWED 126, AUTH_REQUIRED 59', []],
  ['another word', 'opened AAAAAAAAAAAAAAAAAAAA', ['opened AAAAAAAAAAAAAAAAAAAA']],
  ['a state that is another one', '0  1  2  starting', ['0  1  2  starting']],
] as const) {
  test(`what a page shows is ${missing.length === 0 ? 'what was printed' : 'not what was printed'}: ${what}`, () =>
    assert.deepEqual(linesNotPrinted(shown, PRINTED), missing));
}
