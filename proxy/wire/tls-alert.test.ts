import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unrecognizedName } from './tls-alert.ts';

test('the alert is fatal unrecognized_name in one record', () => {
  assert.equal(unrecognizedName().toString('hex'), '15030300020270');
});
