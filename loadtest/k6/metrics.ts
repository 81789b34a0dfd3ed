// What a plain `k6 run` shows at its end. k6's own ws_* metrics count failed dials too (facts of k6: ws_sessions, ws_connecting), so these
// are ours. A Trend keeps every sample for the summary: only some agents may add to it, or a run of hours would fill the memory.

import { Counter, Rate, Trend } from 'k6/metrics';
import type { Saw } from './seen.ts';

const METRICS = {
  opened: new Counter('tunnel_opened'),
  /** By `reason`. */
  failed: new Counter('tunnel_failed'),
  success: new Rate('tunnel_open_success'),
  /** By `how`. */
  dropped: new Counter('tunnel_dropped'),
  closed: new Counter('tunnel_closed'),
  sent: new Counter('message_sent'),
  back: new Counter('message_back'),
  unanswered: new Counter('message_unanswered'),
  /** From the intended start to the CONNACK, of the canaries. */
  openMs: new Trend('tunnel_open_ms', true),
  roundTripMs: new Trend('message_round_trip_ms', true),
};

export const THRESHOLDS: Record<string, string[]> = {
  tunnel_open_success: ['rate>0.999'],
  tunnel_dropped: ['count==0'],
};

const CANARIES = 200;

export function isCanary(number: number, all: number): boolean {
  return number % Math.ceil(all / CANARIES) === 0;
}

export function measure(saw: Saw, byCanary: boolean): void {
  switch (saw.saw) {
    case 'opened':
      METRICS.opened.add(1);
      METRICS.success.add(true);
      if (byCanary) METRICS.openMs.add(saw.openMs);
      return;
    case 'failed':
      METRICS.failed.add(1, { reason: saw.reason });
      METRICS.success.add(false);
      return;
    case 'dropped':
      METRICS.dropped.add(1, { how: saw.how });
      return;
    case 'back':
      METRICS.back.add(1);
      if (byCanary) METRICS.roundTripMs.add(saw.ms);
      return;
    case 'unanswered':
      METRICS.unanswered.add(saw.count);
      return;
    case 'closed':
    case 'sent':
      METRICS[saw.saw].add(1);
      return;
    case 'tried':
    case 'dialled':
  }
}
