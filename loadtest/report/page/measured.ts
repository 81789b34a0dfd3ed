// What was measured, in tables: rates, latencies, failures, and what the probe saw.

import { grouped } from '../figure.ts';
import type { Percentiles } from '../percentiles.ts';
import type { Summary } from '../summary.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

export function latencies({ percentiles }: Summary): Markup {
  if (percentiles.length === 0) return html`<p class="missing">Nothing was measured: no open succeeded and no message was answered.</p>`;
  const rows = percentiles.map((row) => [row.of, row.phase === 'all' ? 'whole run' : row.phase, ...cellsOf(row)]);
  return html`${table(['of', 'phase', ...PERCENTILES], rows)}
    <p class="soft">Milliseconds, right within 3 %. An open and a message count from the moment for which they were planned.</p>`;
}

export function rates({ rates: rows }: Summary): Markup {
  if (rows.length === 0) return html`<p class="missing">No ramp and no step was run to its end.</p>`;
  const cells = rows.map(({ phase, askedPerSecond, achievedPerSecond, isBeyondKnee }) => [
    `${phase}${isBeyondKnee ? ' (meant to be beyond the knee)' : ''}`,
    `${grouped(askedPerSecond)}/s`,
    `${grouped(achievedPerSecond)}/s`,
    askedPerSecond > 0 ? `${((achievedPerSecond / askedPerSecond) * 100).toFixed(1)} %` : '–',
  ]);
  return table(['phase', '#asked for', '#achieved', '#share'], cells);
}

export function failures({ failures: reasons, drops, totals }: Summary): Markup {
  const rows = [
    ...reasons.map(({ name, count }) => ['open failed', name, grouped(count)]),
    ...(totals.stuck > 0 ? [['open neither came nor failed', '–', grouped(totals.stuck)]] : []),
    ...drops.map(({ name, count }) => ['session dropped, close code', name, grouped(count)]),
  ];
  return rows.length === 0 ? html`<p class="missing">Nothing failed.</p>` : table(['what', 'reason', '#count'], rows);
}

export function probe({ probe: seen }: Summary): Markup {
  if (seen === null) {
    return html`<p class="missing">
      The probe did not run, so there is nothing on TLS to the proxy, on refusals in full, or on what the proxy adds.
    </p>`;
  }
  const trips = [
    ['through the proxy', 'message', ...cellsOf(seen.through)],
    ['past the proxy', 'message', ...cellsOf(seen.past)],
  ];
  const { missing } = seen;
  const without = `${grouped(missing.through)} messages through the proxy and ${grouped(missing.past)} past it`;
  const stages = seen.stages.map((row) => [row.door, row.stage, ...cellsOf(row)]);
  const refusals = seen.refusals.map(({ status, reason, count, retryAfterSeconds: after }) => [
    String(status),
    reason,
    grouped(count),
    after === null ? 'none' : `${grouped(after.count)} of them: ${after.least} to ${after.most} s`,
  ]);
  return html`<p>A Node program beside k6, with a few sessions of its own, for what k6 cannot show.</p>
    ${table(['way or door', 'what', ...PERCENTILES], [...trips, ...stages])}
    <p class="soft">
      Milliseconds. The same message went over tunnels and past the proxy at the same moments, and counts from its moment; ${without} are
      not in it: they had no answer within ${missing.afterMs / 1_000} s, or no session. Stages of an open follow each other.
    </p>
    <h3>Refusals in full</h3>
    ${refusals.length === 0 ? html`<p class="missing">The probe was refused nothing.</p>` : table(['#status', 'reason', '#count', 'Retry-After'], refusals)}`;
}

const PERCENTILES = ['#count', '#p50', '#p90', '#p95', '#p99', '#p99.9', '#max'] as const;

function cellsOf({ count, p50, p90, p95, p99, p999, max }: Percentiles): readonly string[] {
  return [grouped(count), ...[p50, p90, p95, p99, p999, max].map((us) => (us === null ? '–' : inMs(us)))];
}

function inMs(us: number): string {
  const ms = us / 1_000;
  return ms >= 100 ? grouped(ms) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}
