import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REFUSAL_LINES_PER_MINUTE } from '../core/limits.ts';
import { CLOSE_FIELDS, RECORD_FIELDS, type SessionEnd, type SessionRecord, SUMMARY_FIELDS } from '../core/record.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { DATA_HOST } from '../test/support/settings.ts';
import type { CarrierMetrics } from './carrier-metrics.ts';
import type { Log } from './log.ts';
import { RecentDecisions } from './recent-decisions.ts';
import { createRecorder } from './recorder.ts';

type Line = Readonly<Record<string, unknown>>;

function harness() {
  const clock = new FakeClock();
  const lines: Line[] = [];
  const counted: string[] = [];
  const keep = (fields: object): void => void lines.push({ ...fields });
  const never = (): never => assert.fail('not asked for');
  const record = (fields: string): void => keep(JSON.parse(`{${fields}}`) as object);
  const log: Log = {
    record,
    info: keep,
    warn: never,
    error: never,
    debug: never,
    dropped: () => 0,
    prepare: never,
    reopen: never,
    close: never,
  };
  const count = (...words: readonly unknown[]): void => void counted.push(words.join(' '));
  const metrics: CarrierMetrics = {
    decision: (...words) => count('decision', ...words),
    close: (...words) => count('close', ...words),
    stage: (...words) => count('stage', ...words),
    bytes: (...words) => count('bytes', ...words),
    tunnelOpened: (...words) => count('opened', ...words),
    tunnelClosed: (...words) => count('closed', ...words),
    gauges: never,
    upstreams: never,
    snapshot: never,
    persist: never,
  };
  const recent = new RecentDecisions(clock);
  return {
    clock,
    recent,
    lines,
    counted,
    recorder: createRecorder({
      log,
      metrics,
      clock,
      recent,
      policyVersion: '0123456789ab',
      sourceKey: (address) => address.split(':').slice(0, 4).join(':'),
    }),
  };
}

function refusal(overrides: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: 'AAAAAAAAAAAAAAAAAAAA',
    listener: '0.0.0.0:443',
    door: 'connect',
    client_ip: '198.51.100.7',
    client_port: 50_000,
    tenant: null,
    target_host: 'other.example.com',
    target_port: 443,
    endpoint: null,
    kind: null,
    sni: null,
    alpn: null,
    tls_version: null,
    would_deny: [],
    reason: 'TARGET_NOT_ALLOWED',
    status: 403,
    resolve_ms: null,
    dial_ms: null,
    upstream_ip: null,
    upstream_port: null,
    local_ip: null,
    local_port: null,
    ...overrides,
  };
}

const ALLOWED = refusal({
  reason: 'OK',
  status: 200,
  target_host: DATA_HOST,
  endpoint: 'production',
  kind: 'data',
  upstream_ip: '192.0.2.9',
  upstream_port: 443,
  local_ip: '10.0.0.5',
  local_port: 40_000,
});

const END: SessionEnd = {
  bytesUp: 100,
  bytesDown: 200,
  durationMs: 3_000,
  idleMs: 10,
  endedBy: 'client',
  phaseAtEnd: 'relaying',
  upstreamStatus: null,
  policyVersion: null,
};

/** Fields that the log adds to every line. */
const FROM_LOG = ['time', 'node', 'version', 'generation', 'carrier'];
const PER_MINUTE = REFUSAL_LINES_PER_MINUTE;

function repeat(times: number, run: (index: number) => void): void {
  for (let index = 0; index < times; index += 1) run(index);
}

describe('lines', () => {
  test('a decision has every field of a record, and no other', () => {
    const { lines, recorder } = harness();
    recorder.decision(refusal());
    assert.deepEqual(new Set([...FROM_LOG, ...Object.keys(lines[0] ?? {})]), new Set(RECORD_FIELDS));
    assert.equal(lines[0]?.['event'], 'decision');
    assert.equal(lines[0]?.['allow'], false);
    assert.equal(lines[0]?.['policy_version'], '0123456789ab');
  });

  test('a session has the version of the configuration it was judged by, to its end', () => {
    const { lines, recorder } = harness();
    const next = recorder.under('ba9876543210');
    recorder.decision(ALLOWED);
    next.decision(ALLOWED);
    recorder.close(ALLOWED, END);
    assert.deepEqual(
      lines.map((line) => line['policy_version']),
      ['0123456789ab', 'ba9876543210', '0123456789ab'],
    );
  });

  test('a close has the same, and what is known only then', () => {
    const { lines, recorder } = harness();
    recorder.close(ALLOWED, END);
    const line = lines[0] ?? {};
    assert.deepEqual(new Set([...FROM_LOG, ...Object.keys(line)]), new Set([...RECORD_FIELDS, ...CLOSE_FIELDS]));
    assert.deepEqual(
      [line['event'], line['allow'], line['bytes_up'], line['bytes_down'], line['duration_ms'], line['idle_ms'], line['ended_by']],
      ['close', true, 100, 200, 3_000, 10, 'client'],
    );
  });

  test('a close of a tunnel that another carrier allowed says under which policy that was', () => {
    const { lines, recorder } = harness();
    recorder.close(ALLOWED, { ...END, policyVersion: 'fedcba987654' });
    assert.equal(lines[0]?.['policy_version'], 'fedcba987654');
  });

  test('a tunnel that is moved writes no line, and is counted as open where it is', () => {
    const { lines, counted, recorder } = harness();
    recorder.movedHere(ALLOWED);
    recorder.movedAway(ALLOWED);
    const of = `${ALLOWED.door} ${ALLOWED.tenant ?? ''} data 192.0.2.9:443`;
    assert.deepEqual([lines, counted], [[], [`opened ${of}`, `closed ${of}`]]);
  });

  test('a summary has fields of a record, and the count', () => {
    const { lines, recorder } = harness();
    repeat(PER_MINUTE + 3, () => recorder.decision(refusal()));
    recorder.summarize(true);
    const line = lines.at(-1) ?? {};
    const fields = Object.keys(line);
    for (const field of fields) assert.ok(([...RECORD_FIELDS, ...SUMMARY_FIELDS] as string[]).includes(field), field);
    assert.deepEqual(
      [line['event'], line['allow'], line['client_ip'], line['reason'], line['count']],
      ['decision', false, '198.51.100.7', 'TARGET_NOT_ALLOWED', 3],
    );
  });
});

describe('a flood of refusals', () => {
  test('is twenty lines a minute per source and reason, and one summary when the minute is over', () => {
    const { clock, lines, recorder } = harness();
    repeat(1_000, () => recorder.decision(refusal()));
    assert.equal(lines.length, PER_MINUTE);
    clock.advance(59_999);
    recorder.summarize(false);
    assert.equal(lines.length, PER_MINUTE, 'the minute is not over');
    clock.advance(1);
    recorder.summarize(false);
    assert.deepEqual(
      lines.slice(PER_MINUTE).map((line) => line['count']),
      [1_000 - PER_MINUTE],
    );
    recorder.summarize(false);
    recorder.summarize(true);
    assert.equal(lines.length, PER_MINUTE + 1, 'the summary is written once');
  });

  test('that goes on begins a new minute, with lines of its own', () => {
    const { clock, lines, recorder } = harness();
    repeat(PER_MINUTE + 5, () => recorder.decision(refusal()));
    clock.advance(60_000);
    // No summary was asked for in between: the next refusal finds the old minute over.
    recorder.decision(refusal({ id: 'BBBBBBBBBBBBBBBBBBBB' }));
    assert.deepEqual(
      lines.slice(PER_MINUTE).map((line) => line['count'] ?? line['id']),
      [5, 'BBBBBBBBBBBBBBBBBBBB'],
    );
  });

  test('that stays under the limit leaves no summary', () => {
    const { clock, lines, recorder } = harness();
    repeat(PER_MINUTE, () => recorder.decision(refusal()));
    clock.advance(60_000);
    recorder.summarize(false);
    assert.equal(lines.length, PER_MINUTE);
  });

  for (const [what, other] of [
    ['source', { client_ip: '198.51.100.8' }],
    ['reason', { reason: 'PORT_NOT_ALLOWED' }],
  ] as const) {
    test(`of one ${what} does not silence another`, () => {
      const { lines, recorder } = harness();
      repeat(PER_MINUTE * 2, () => recorder.decision(refusal()));
      repeat(PER_MINUTE, () => recorder.decision(refusal(other)));
      assert.equal(lines.length, PER_MINUTE * 2);
    });
  }

  test('is counted in the metrics to the last one', () => {
    const { counted, recorder } = harness();
    repeat(1_000, () => recorder.decision(refusal()));
    assert.equal(counted.filter((line) => line === 'decision connect  TARGET_NOT_ALLOWED').length, 1_000);
  });

  test('never silences an allow or its end', () => {
    const { lines, recorder } = harness();
    repeat(PER_MINUTE * 2, () => recorder.decision(refusal()));
    repeat(1_000, () => recorder.decision(ALLOWED));
    repeat(1_000, () => recorder.close(ALLOWED, END));
    assert.equal(lines.length, PER_MINUTE + 2_000);
  });

  test('of ever new sources keeps a bounded number of windows: the oldest is summed up early', () => {
    const { lines, recorder } = harness();
    repeat(PER_MINUTE + 7, () => recorder.decision(refusal({ client_ip: 'first' })));
    // 10,000 windows are kept; the first goes with the 10,000th other.
    repeat(9_999, (index) => recorder.decision(refusal({ client_ip: `source ${index}` })));
    assert.equal(
      lines.some((line) => 'count' in line),
      false,
    );
    recorder.decision(refusal({ client_ip: 'one more' }));
    assert.deepEqual(
      lines.filter((line) => 'count' in line).map((line) => [line['client_ip'], line['count']]),
      [['first', 7]],
    );
  });

  test('is summed up under the configuration that refused', () => {
    const { lines, recorder } = harness();
    const next = recorder.under('ba9876543210');
    repeat(PER_MINUTE + 3, () => recorder.decision(refusal()));
    repeat(PER_MINUTE + 4, () => next.decision(refusal()));
    recorder.summarize(true);
    assert.deepEqual(
      lines.filter((line) => 'count' in line).map((line) => [line['policy_version'], line['count']]),
      [
        ['0123456789ab', 3],
        ['ba9876543210', 4],
      ],
    );
  });

  test('is summed up at the end, whatever minute it is', () => {
    const { lines, recorder } = harness();
    repeat(PER_MINUTE + 1, () => recorder.decision(refusal()));
    repeat(PER_MINUTE + 2, () => recorder.decision(refusal({ client_ip: '198.51.100.8' })));
    recorder.summarize(true);
    assert.deepEqual(
      lines.filter((line) => 'count' in line).map((line) => line['count']),
      [1, 2],
    );
  });
});

describe('counters', () => {
  test('an allowed session opens a tunnel and closes the same one, towards the address it went to', () => {
    const { counted, recorder } = harness();
    recorder.decision(ALLOWED);
    recorder.close(ALLOWED, END);
    assert.deepEqual(counted, [
      'decision connect  OK',
      'opened connect  data 192.0.2.9:443',
      'close connect client',
      'closed connect  data 192.0.2.9:443',
    ]);
  });

  test('a refusal before a door is known has labels all the same', () => {
    const { counted, recorder } = harness();
    recorder.decision(refusal({ door: null, reason: 'PROTOCOL_UNKNOWN', status: null }));
    assert.deepEqual(counted, ['decision none  PROTOCOL_UNKNOWN']);
  });

  test('stages and bytes go straight to the metrics, without a line', () => {
    const { counted, lines, recorder } = harness();
    recorder.stage('dial', 0.25);
    recorder.bytes(3, 4);
    assert.deepEqual(counted, ['stage dial 0.25', 'bytes 3 4']);
    assert.equal(lines.length, 0);
  });
});

test('the last decisions have every one, also those that have no line of their own', () => {
  const { lines, recent, recorder } = harness();
  repeat(PER_MINUTE + 3, () => recorder.decision(refusal()));
  recorder.decision(ALLOWED);
  const { rows, missed } = recent.since(0);
  assert.deepEqual([rows.length, missed, lines.length], [PER_MINUTE + 4, 0, PER_MINUTE + 1]);
  assert.deepEqual(
    rows.slice(-2).map(({ allow, reason, policyVersion }) => [allow, reason, policyVersion]),
    [
      [false, 'TARGET_NOT_ALLOWED', '0123456789ab'],
      [true, 'OK', '0123456789ab'],
    ],
  );
});

test('an IPv6 site is one source: its addresses share the lines of a minute', () => {
  const { recorder, lines } = harness();
  for (let host = 0; host < 100; host += 1) recorder.decision(refusal({ client_ip: `2001:db8:0:7:0:0:0:${host.toString(16)}` }));
  assert.equal(lines.length, 20);
});
