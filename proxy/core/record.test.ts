import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_FIELDS, ENDINGS, PHASES, RECORD_FIELDS, type SessionRecord, SUMMARY_FIELDS } from './record.ts';

const ALL: readonly string[] = [...RECORD_FIELDS, ...CLOSE_FIELDS, ...SUMMARY_FIELDS];

/** Fails to compile where a record has a key that is no field. */
type Unlisted = Exclude<keyof SessionRecord, (typeof RECORD_FIELDS)[number]>;
const unlisted: [Unlisted] extends [never] ? true : false = true;

test('every key of a record is a field', () => assert.ok(unlisted));

test('every field has one name, and no two share it', () => {
  for (const field of ALL) assert.match(field, /^[a-z]+(_[a-z]+)*$/);
  assert.equal(new Set(ALL).size, ALL.length);
});

// Field values of a head, queries, tokens and bytes of a tunnel have no place to be written to.
for (const secret of [/authorization/, /cookie/, /token/, /query/, /^path$|_path$/, /body/, /header/, /password/, /key/, /payload|data/]) {
  test(`no field is for ${secret.source}`, () =>
    assert.deepEqual(
      ALL.filter((field) => secret.test(field)),
      [],
    ));
}

test('phases and endings are words of their own, each once', () => {
  for (const word of [...PHASES, ...ENDINGS]) assert.match(word, /^[a-z]+(-[a-z]+)?$/);
  assert.equal(new Set(PHASES).size, PHASES.length);
  assert.equal(new Set(ENDINGS).size, ENDINGS.length);
});
