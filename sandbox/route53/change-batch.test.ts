import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError } from './api/api-error.ts';
import { type Action, applyBatch, type Change } from './change-batch.ts';
import type { RecordSet } from './record-set.ts';

const ZONE = 'example.com.';
const NAME = 'proxy.example.com.';

const simple = (value: string, more: Partial<RecordSet> = {}): RecordSet => ({ name: NAME, type: 'A', ttl: 60, values: [value], ...more });
const weighted = (id: string, weight: number, more: Partial<RecordSet> = {}): RecordSet =>
  simple('192.0.2.1', { setIdentifier: id, weight, ...more });
const multivalue = (id: string): RecordSet => simple('192.0.2.1', { setIdentifier: id, isMultivalue: true });
const soa: RecordSet = { name: ZONE, type: 'SOA', ttl: 900, values: ['a b 1 2 3 4 5'] };

function apply(records: readonly RecordSet[], ...changes: readonly (readonly [Action, RecordSet])[]): RecordSet[] {
  const list = changes.map(([action, record]): Change => ({ action, record }));
  return applyBatch({ zone: ZONE, records, hasHealthCheck: (id) => id === 'known' }, list);
}

test('a batch is applied in its order', () => {
  const after = apply([simple('192.0.2.1')], ['DELETE', simple('192.0.2.1')], ['CREATE', weighted('a', 1)], ['UPSERT', weighted('b', 2)]);
  assert.deepEqual(after, [weighted('a', 1), weighted('b', 2)]);
});

test('an UPSERT replaces the whole record', () => {
  const after = apply([weighted('a', 1, { healthCheckId: 'known' })], ['UPSERT', weighted('a', 5)]);
  assert.deepEqual(after, [weighted('a', 5)]);
});

test('a weighted group has one TTL: the last one that is given', () => {
  const after = apply([weighted('a', 1), weighted('b', 1)], ['UPSERT', weighted('b', 1, { ttl: 30 })]);
  assert.deepEqual(
    after.map(({ ttl }) => ttl),
    [30, 30],
  );
});

const many = Array.from({ length: 100 }, (_, index) => weighted(`s${index}`, 1));

describe('what is refused', () => {
  for (const [name, records, changes, code, says] of [
    [
      'CREATE of what is there',
      [weighted('a', 1)],
      [['CREATE', weighted('a', 1)]],
      'InvalidChangeBatch',
      /^\[Tried to create resource record set \[name='proxy\.example\.com\.', type='A', set identifier='a'\] but it already exists\]$/,
    ],
    ['DELETE of what is not there', [], [['DELETE', simple('192.0.2.1')]], 'InvalidChangeBatch', /Tried to delete .* but it was not found/],
    [
      'DELETE with another value',
      [simple('192.0.2.1')],
      [['DELETE', simple('192.0.2.2')]],
      'InvalidChangeBatch',
      /the values provided do not match the current values/,
    ],
    ['DELETE with another weight', [weighted('a', 1)], [['DELETE', weighted('a', 2)]], 'InvalidChangeBatch', /do not match/],
    ['DELETE of the SOA', [soa], [['DELETE', soa]], 'InvalidChangeBatch', /must contain at least one SOA/],
    [
      'a name of another zone',
      [],
      [['CREATE', simple('192.0.2.1', { name: 'example.org.' })]],
      'InvalidChangeBatch',
      /not permitted in zone example\.com\./,
    ],
    [
      'a name that only ends like the zone',
      [],
      [['CREATE', simple('192.0.2.1', { name: 'xexample.com.' })]],
      'InvalidChangeBatch',
      /not permitted in zone/,
    ],
    ['no IPv4 address', [], [['UPSERT', simple('192.0.2.256')]], 'InvalidChangeBatch', /ARRDATAIllegalIPv4Address.*'192\.0\.2\.256'/],
    ['a TXT without quotation marks', [], [['UPSERT', simple('x', { type: 'TXT' })]], 'InvalidChangeBatch', /enclosed in quotation marks/],
    [
      'the same value twice',
      [],
      [['UPSERT', simple('x', { values: ['192.0.2.1', '192.0.2.1'] })]],
      'InvalidChangeBatch',
      /Duplicate Resource Record/,
    ],
    [
      'the same record twice',
      [],
      [
        ['CREATE', simple('192.0.2.1')],
        ['UPSERT', simple('192.0.2.2')],
      ],
      'InvalidChangeBatch',
      /invalid set of changes/,
    ],
    [
      'a weighted record beside a simple one',
      [simple('192.0.2.9')],
      [['UPSERT', weighted('a', 1)]],
      'InvalidChangeBatch',
      /because a simple rrset exists/,
    ],
    [
      'a simple record beside a weighted one',
      [weighted('a', 1)],
      [['UPSERT', simple('192.0.2.9')]],
      'InvalidChangeBatch',
      /because a weighted rrset exists/,
    ],
    [
      'multivalue beside weighted',
      [weighted('a', 1)],
      [['UPSERT', multivalue('b')]],
      'InvalidChangeBatch',
      /because a weighted rrset exists/,
    ],
    [
      'a CNAME beside another record',
      [simple('192.0.2.1')],
      [['UPSERT', simple('x.example.com', { type: 'CNAME' })]],
      'InvalidChangeBatch',
      /RRSet of type CNAME/,
    ],
    [
      'another record beside a CNAME',
      [simple('x.example.com', { type: 'CNAME' })],
      [['UPSERT', simple('192.0.2.1')]],
      'InvalidChangeBatch',
      /conflicting RRSet of type CNAME/,
    ],
    ['the 101st of a group', many, [['UPSERT', weighted('one more', 1)]], 'InvalidChangeBatch', /at most 100/],
    [
      'more than 1,000 records, an UPSERT counted twice',
      [],
      Array.from({ length: 501 }, (_, index) => ['UPSERT', simple('192.0.2.1', { name: `n${index}.example.com.` })]),
      'InvalidChangeBatch',
      /Number of records limit/,
    ],
    [
      'more than 32,000 characters',
      [],
      [['UPSERT', simple(`"${'x'.repeat(16_000)}"`, { type: 'TXT' })]],
      'InvalidChangeBatch',
      /Number of characters limit/,
    ],
    [
      'a health check that is not there',
      [],
      [['UPSERT', weighted('a', 1, { healthCheckId: 'unknown' })]],
      'NoSuchHealthCheck',
      /unknown does not exist/,
    ],
    ['an empty batch', [], [], 'InvalidInput', /at least one change/],
  ] as readonly (readonly [string, readonly RecordSet[], readonly (readonly [Action, RecordSet])[], string, RegExp])[]) {
    test(name, () => {
      assert.throws(
        () => apply(records, ...changes),
        (error) => error instanceof ApiError && error.code === code && says.test(error.message),
      );
    });
  }
});

test('every problem of a batch is said, and nothing of it is done', () => {
  const records = [weighted('a', 1)];
  assert.throws(
    () => apply(records, ['UPSERT', weighted('b', 1)], ['CREATE', weighted('a', 1)], ['DELETE', weighted('c', 1)]),
    (error) => error instanceof ApiError && /already exists, Tried to delete/.test(error.message),
  );
  assert.deepEqual(records, [weighted('a', 1)]);
});
