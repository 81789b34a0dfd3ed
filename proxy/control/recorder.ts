// Facts about sessions become lines and counters here. A flood of refusals becomes a few lines and a count; an allow is never left out.

import type { Clock } from '../core/clock.ts';
import { REFUSAL_LINES_PER_MINUTE } from '../core/limits.ts';
import type { Recorder, SourceKey } from '../core/ports.ts';
import type { SessionRecord } from '../core/record.ts';
import type { CarrierMetrics } from './carrier-metrics.ts';
import type { Log } from './log.ts';
import { renderClose, renderDecision } from './record-line.ts';
import type { RecentDecisions } from './recent-decisions.ts';

const WINDOW_MS = 60_000;
/** Sources and reasons counted at once. Beyond that the oldest is summed up early, so a flood of addresses cannot grow this. */
const WINDOWS_MAX = 10_000;

interface Window {
  readonly record: SessionRecord;
  readonly policyVersion: string;
  readonly untilMs: number;
  lines: number;
  suppressed: number;
}

export interface SessionRecorder extends Recorder {
  /** The same recorder, for sessions that are judged by this configuration. */
  under(policyVersion: string): SessionRecorder;
  /** Writes the summary lines that are due, or all of them at the end. */
  summarize(all: boolean): void;
}

export function createRecorder(deps: {
  log: Log;
  metrics: CarrierMetrics;
  clock: Clock;
  policyVersion: string;
  recent: Pick<RecentDecisions, 'add'>;
  /** What counts as one source: the whole IPv4 address, an IPv6 /64. */
  sourceKey: (address: string) => SourceKey;
}): SessionRecorder {
  const { log, metrics, clock, recent } = deps;
  const windows = new Map<string, Window>();

  const writeSummary = (key: string, window: Window): void => {
    windows.delete(key);
    if (window.suppressed === 0) return;
    const { client_ip, listener, door, reason, tenant } = window.record;
    const { policyVersion: policy_version, suppressed: count } = window;
    log.info({ event: 'decision', listener, door, client_ip, tenant, allow: false, reason, policy_version, count });
  };

  /** True where this refusal is one too many to have a line of its own. */
  const isSuppressed = (record: SessionRecord, policyVersion: string): boolean => {
    const key = `${deps.sourceKey(record.client_ip)} ${record.reason} ${policyVersion}`;
    let window = windows.get(key);
    if (window && clock.nowMs() >= window.untilMs) {
      writeSummary(key, window);
      window = undefined;
    }
    if (!window) {
      const oldest = windows.size >= WINDOWS_MAX ? windows.entries().next().value : undefined;
      if (oldest) writeSummary(oldest[0], oldest[1]);
      window = { record, policyVersion, untilMs: clock.nowMs() + WINDOW_MS, lines: 0, suppressed: 0 };
      windows.set(key, window);
    }
    if (window.lines < REFUSAL_LINES_PER_MINUTE) {
      window.lines += 1;
      return false;
    }
    window.suppressed += 1;
    return true;
  };

  const under = (policyVersion: string): SessionRecorder => ({
    under,
    decision(record) {
      const allow = record.reason === 'OK';
      metrics.decision(record.door ?? 'none', record.tenant ?? '', record.reason);
      recent.add(record, policyVersion);
      if (allow) metrics.tunnelOpened(record.door ?? 'none', record.tenant ?? '', record.kind ?? 'none', upstreamOf(record));
      else if (isSuppressed(record, policyVersion)) return;
      log.record(renderDecision(record, policyVersion));
    },
    close(record, end) {
      metrics.close(record.door ?? 'none', end.endedBy);
      metrics.tunnelClosed(record.door ?? 'none', record.tenant ?? '', record.kind ?? 'none', upstreamOf(record));
      log.record(renderClose(record, end.policyVersion ?? policyVersion, end));
    },
    movedAway: (record) => metrics.tunnelClosed(record.door ?? 'none', record.tenant ?? '', record.kind ?? 'none', upstreamOf(record)),
    movedHere: (record) => metrics.tunnelOpened(record.door ?? 'none', record.tenant ?? '', record.kind ?? 'none', upstreamOf(record)),
    stage: (stage, seconds) => metrics.stage(stage, seconds),
    bytes: (up, down) => metrics.bytes(up, down),
    summarize(all) {
      const now = clock.nowMs();
      // Insertion order is the order in which windows end.
      for (const [key, window] of windows) {
        if (!all && now < window.untilMs) break;
        writeSummary(key, window);
      }
    },
  });
  return under(deps.policyVersion);
}

/** Local ports are used up per upstream address. */
function upstreamOf(record: SessionRecord): string {
  return `${record.upstream_ip}:${record.upstream_port}`;
}
