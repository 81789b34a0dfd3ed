// Every row that the parsers can decide, decided by the parsers alone: whole, octet by octet and in small pieces. What stands between
// them here (a list of three endpoints) is the least that lets a row come out as it should.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultCode, REASONS } from '../../core/fault.ts';
import { readClientHello } from '../../wire/client-hello.ts';
import { checkConnect } from '../../wire/connect-request.ts';
import { readProxyHeader } from '../../wire/proxy-protocol.ts';
import { type RequestHead, RequestHeadReader } from '../../wire/request-head.ts';
import { sniff } from '../../wire/sniff.ts';
import { checkUpgrade } from '../../wire/upgrade.ts';
import { type Expected, type HostileRow, readRows } from './rows.ts';

const DATA = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const LISTED = new Set([`${DATA}:443`, `${DATA}:8883`, 'c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com:443']);
const OURS = new Set(['proxy.test', 'gw.proxy.test', '127.0.0.1']);
const GATEWAY = { name: 'gw.proxy.test', targetHost: DATA, origins: ['https://app.example.test'] };

/** `more` is a client that is waited for until its deadline. */
type Verdict = number | 'allow' | 'close' | 'more';
type Stage = (bytes: Buffer) => Verdict;

const DENIED: Partial<Record<Expected, readonly number[]>> = {
  'deny-400': [400, 414, 417, 426, 431, 501, 505],
  'deny-403': [403, 404, 405, 421],
};

function passes(row: HostileRow, verdict: Verdict): boolean {
  if (row.expected === 'bounded') return true;
  if (row.expected === 'allow') return verdict === 'allow';
  if (row.expected === 'close') return verdict === 'close' || (typeof verdict === 'number' && verdict >= 400);
  // Credentials are asked for behind the form and before the list, so the form has to be in order.
  if (row.expected === 'deny-407') return verdict === 'allow' || verdict === 403;
  return typeof verdict === 'number' && (DENIED[row.expected]?.includes(verdict) ?? false);
}

function statusOf(code: FaultCode, status?: number): Verdict {
  const answer = status ?? REASONS[code].answer;
  return typeof answer === 'number' ? answer : 'close';
}

function firstBytes(): Stage {
  const head = headStage(judgeConnect);
  return (bytes) => {
    const kind = sniff(bytes);
    if (kind === 'http') return head(bytes);
    if (kind === 'tls') return readClientHello(bytes).kind === 'more' ? 'more' : 'close';
    return kind === 'more' ? 'more' : 'close';
  };
}

function headStage(judge: (head: RequestHead) => Verdict): Stage {
  const reader = new RequestHeadReader();
  return (bytes) => {
    const step = reader.read(bytes);
    if (step.kind === 'more') return 'more';
    return step.kind === 'fault' ? statusOf(step.code) : judge(step.head);
  };
}

function judgeConnect(head: RequestHead): Verdict {
  const checked = checkConnect(head, (host) => OURS.has(host));
  if (!checked.ok) return statusOf(checked.code);
  const { host, port } = checked.value.target;
  return LISTED.has(`${host}:${port}`) ? 'allow' : 403;
}

function judgeUpgrade(head: RequestHead): Verdict {
  const checked = checkUpgrade(head, GATEWAY);
  return checked.ok ? 'allow' : statusOf(checked.code, checked.status);
}

function newStage(row: HostileRow): Stage {
  return row.door === 'gw' ? headStage(judgeUpgrade) : firstBytes();
}

/** The first verdict when the bytes come in pieces of this size. */
function verdictInPieces(row: HostileRow, size: number): Verdict {
  const stage = newStage(row);
  for (let length = Math.min(size, row.bytes.length); ; length = Math.min(length + size, row.bytes.length)) {
    const verdict = stage(row.bytes.subarray(0, length));
    if (verdict !== 'more' || length === row.bytes.length) return verdict;
  }
}

for (const row of readRows()) {
  test(`${row.id}: ${row.expected}, ${row.why}`, () => {
    const verdict = newStage(row)(row.bytes);
    assert.ok(passes(row, verdict), `${verdict} for ${row.expected}`);
    for (const size of [1, 7, 1_460]) assert.equal(verdictInPieces(row, size), verdict, `another verdict in pieces of ${size}`);
  });
}

test('PROXY headers of the table are malformed for a listed peer too', () => {
  const malformed = Buffer.from('PROXY TCP4 999.1.1.1 x y z\r\n');
  assert.equal(readProxyHeader(malformed).kind, 'fault');
  const tooLong = readRows().find((row) => row.id === 'PR-006')?.bytes ?? Buffer.alloc(0);
  assert.equal(readProxyHeader(tooLong).kind, 'fault');
});
