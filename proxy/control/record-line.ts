// A record to the fields of its line, in the order of core/record.ts. Written out by hand: two of these are made for every tunnel, and a
// general serializer costs as much as all the judging before it. Time, node, version, generation and carrier come from the log.

import { REASONS } from '../core/fault.ts';
import type { SessionEnd, SessionRecord } from '../core/record.ts';

/** `"event":"decision",...` without braces. */
export function renderDecision(record: SessionRecord, policyVersion: string): string {
  return `"event":"decision",${fields(record, policyVersion)}`;
}

/** `"event":"close",...` without braces. */
export function renderClose(record: SessionRecord, policyVersion: string, end: SessionEnd): string {
  return (
    `"event":"close",${fields(record, policyVersion)},"bytes_up":${end.bytesUp},"bytes_down":${end.bytesDown}` +
    `,"duration_ms":${end.durationMs},"idle_ms":${end.idleMs},"ended_by":"${end.endedBy}","phase_at_end":"${end.phaseAtEnd}"` +
    `,"upstream_status":${end.upstreamStatus}`
  );
}

function fields(record: SessionRecord, policyVersion: string): string {
  return (
    `"id":"${record.id}","listener":${text(record.listener)},"door":${text(record.door)}` +
    `,"client_ip":${text(record.client_ip)},"client_port":${record.client_port},"tenant":${text(record.tenant)}` +
    `,"target_host":${text(record.target_host)},"target_port":${record.target_port},"endpoint":${text(record.endpoint)}` +
    `,"kind":${text(record.kind)},"sni":${text(record.sni)},"alpn":${text(record.alpn)},"tls_version":${text(record.tls_version)}` +
    `,"allow":${REASONS[record.reason].blame === 'none'},"would_deny":${record.would_deny.length === 0 ? '[]' : JSON.stringify(record.would_deny)}` +
    `,"reason":"${record.reason}","status":${record.status},"policy_version":"${policyVersion}"` +
    `,"resolve_ms":${record.resolve_ms},"dial_ms":${record.dial_ms},"upstream_ip":${text(record.upstream_ip)}` +
    `,"upstream_port":${record.upstream_port},"local_ip":${text(record.local_ip)},"local_port":${record.local_port}`
  );
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function text(value: string | null): string {
  if (value === null) return 'null';
  return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
}
