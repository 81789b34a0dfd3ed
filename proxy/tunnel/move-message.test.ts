import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MOVE_IDENTITY_BYTES_MAX } from '../core/limits.ts';
import { STAY_REASONS } from '../core/move.ts';
import { movedSession } from '../test/support/moved-session.ts';
import { readAnswer, readIdentity, writeAnswer, writeIdentity } from './move-message.ts';

/** What is written, changed on its way. */
function changed(change: (said: Record<string, unknown>, record: Record<string, unknown>) => void): Buffer {
  const said = JSON.parse(String(writeIdentity(movedSession()))) as Record<string, unknown>;
  change(said, said['record'] as Record<string, unknown>);
  return Buffer.from(JSON.stringify(said));
}

describe('the identity of a moved tunnel', () => {
  test('is read as it was written', () => {
    const moved = movedSession();
    assert.deepEqual(readIdentity(writeIdentity(moved) as Buffer), moved);
    const ageless = movedSession({ maxAgeMs: Infinity });
    assert.deepEqual(readIdentity(writeIdentity(ageless) as Buffer), ageless);
  });

  for (const proof of [
    { by: 'token', hash: 'a'.repeat(64) },
    { by: 'source' },
    { by: 'certificate', certificate: { commonName: 'acme', names: ['acme.example'], fingerprint: 'b'.repeat(64) } },
    { by: 'certificate', certificate: { commonName: null, names: [], fingerprint: 'b'.repeat(64) } },
  ] as const) {
    test(`says how its client was known: ${proof.by}`, () => {
      const moved = movedSession({ proof });
      assert.deepEqual(readIdentity(writeIdentity(moved) as Buffer), moved);
    });
  }

  for (const proof of [
    undefined,
    null,
    'token',
    { by: 'oath' },
    { by: 'token' },
    { by: 'certificate' },
    { by: 'certificate', certificate: 7 },
  ]) {
    test(`goes on where that cannot be read: ${JSON.stringify(proof)}`, () => {
      assert.equal(readIdentity(changed((said) => (said['proof'] = proof)))?.proof, null);
    });
  }

  test('of a later version is read without what is new, and of an earlier one with null for what is missing', () => {
    const later = changed((said, record) => ((said['colour'] = 'blue'), (record['colour'] = { deep: [1] })));
    assert.deepEqual(readIdentity(later), movedSession());
    const earlier = changed((said, record) => (delete said['max_age_ms'], delete record['alpn'], delete record['dial_ms']));
    const { record, maxAgeMs } = readIdentity(earlier) ?? movedSession();
    assert.deepEqual([maxAgeMs, record.alpn, record.dial_ms], [Infinity, null, null]);
  });

  for (const [what, bytes] of [
    ['another form', changed((said) => (said['version'] = 2))],
    ['a door that is not known', changed((_, record) => (record['door'] = 'trapdoor'))],
    ['a kind that is not known', changed((_, record) => (record['kind'] = 'fleet'))],
    ['no id', changed((_, record) => delete record['id'])],
    ['an id that is none', changed((_, record) => (record['id'] = '"},{"'))],
    ['no start', changed((said) => (said['start_ms'] = 'yesterday'))],
    ['no record', changed((said) => (said['record'] = 7))],
    ['null', Buffer.from('null')],
    ['bytes that are no JSON', Buffer.from([0xff, 0x00, 0x7b])],
  ] as const) {
    test(`with ${what} is not taken`, () => assert.equal(readIdentity(bytes), null));
  }

  test('brings no reason into the record that is not in the table, and no text without a bound', () => {
    const { record } = readIdentity(changed((_, said) => (said['would_deny'] = ['SNI_MISSING', 'constructor', 7]))) ?? movedSession();
    assert.deepEqual(record.would_deny, ['SNI_MISSING']);
    const long = readIdentity(changed((_, said) => (said['endpoint'] = 'x'.repeat(1_025))));
    assert.equal(long?.record.endpoint, null);
  });

  test('that is longer than it may be is not written', () => {
    const { record } = movedSession();
    assert.equal(writeIdentity(movedSession({ record: { ...record, alpn: 'x'.repeat(MOVE_IDENTITY_BYTES_MAX) } })), null);
  });
});

describe('an answer', () => {
  for (const reason of [null, ...STAY_REASONS]) {
    test(`${reason ?? 'taken'} is read as it was written`, () => assert.equal(readAnswer(writeAnswer(reason)), reason));
  }

  test('with a reason that is not known is a no; what is no answer at all counts as taken, since two must never read one tunnel', () => {
    assert.equal(readAnswer(Buffer.from('-tired')), 'version');
    assert.equal(readAnswer(Buffer.from('?')), null);
    assert.equal(readAnswer(Buffer.from('+and more of a later version')), null);
  });
});
