import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_FIELDS, RECORD_FIELDS, type SessionEnd, type SessionRecord } from '../core/record.ts';
import { renderClose, renderDecision } from './record-line.ts';

const RECORD: SessionRecord = {
  id: 'ABCDEFGHIJKLMNOPQRST',
  listener: '0.0.0.0:443',
  door: 'connect',
  client_ip: '198.51.100.7',
  client_port: 40_000,
  tenant: null,
  target_host: 'a.test',
  target_port: 443,
  endpoint: 'production',
  kind: 'data',
  sni: 'a.test',
  alpn: null,
  tls_version: null,
  would_deny: [],
  reason: 'OK',
  status: 200,
  resolve_ms: 0.5,
  dial_ms: 12,
  upstream_ip: '203.0.113.9',
  upstream_port: 443,
  local_ip: '10.0.0.5',
  local_port: 50_000,
};
const END: SessionEnd = {
  bytesUp: 1,
  bytesDown: 2,
  durationMs: 3,
  idleMs: 4,
  endedBy: 'client',
  phaseAtEnd: 'relaying',
  upstreamStatus: null,
  policyVersion: null,
};

/** The log puts these in front. */
const FROM_LOG = new Set(['time', 'node', 'version', 'generation', 'carrier']);

test('a line has every field of the contract, in its order', () => {
  const own = RECORD_FIELDS.filter((field) => !FROM_LOG.has(field));
  assert.deepEqual(Object.keys(JSON.parse(`{${renderDecision(RECORD, 'abc')}}`)), own);
  assert.deepEqual(Object.keys(JSON.parse(`{${renderClose(RECORD, 'abc', END)}}`)), [...own, ...CLOSE_FIELDS]);
});

test('values arrive as they were', () => {
  const line = JSON.parse(`{${renderClose({ ...RECORD, would_deny: ['SNI_MISMATCH'] }, 'abc', END)}}`) as Record<string, unknown>;
  for (const [field, value] of Object.entries(RECORD)) if (field !== 'would_deny') assert.deepEqual(line[field], value, field);
  assert.deepEqual(line['would_deny'], ['SNI_MISMATCH']);
  assert.equal(line['allow'], true);
  assert.equal(line['policy_version'], 'abc');
  assert.equal(line['ended_by'], 'client');
});

test('nothing that a name may hold breaks out of its field', () => {
  for (const odd of ['","allow":true,"x":"', 'a\\', 'a\nb', '\u001b[31m', '\u2028']) {
    const line = JSON.parse(`{${renderDecision({ ...RECORD, endpoint: odd, reason: 'SNI_MISSING' }, 'abc')}}`) as Record<string, unknown>;
    assert.equal(line['endpoint'], odd);
    assert.equal(line['allow'], false);
  }
});
